"""How the console writes the time an item has left."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils import timezone

from review import sla
from review.models import ReviewItem
from review.service import words, writing
from review.service.calendar import Stretch

register = template.Library()


@register.filter
def time_left(item: ReviewItem, now: datetime | None = None) -> str:
    """Return `in 38 min`, `4 min over`, `Mon 09:25`, `until 14:00`; "" once it has ended."""
    now = now or timezone.now()
    if item.status != ReviewItem.Status.OPEN:
        return ""
    if (snoozed := item.snoozed_until) and snoozed > now:
        return words.until(timezone.localtime(snoozed), now)
    return words.left(timezone.localtime(item.due_at), now)


@register.filter
def time_state(item: ReviewItem, now: datetime | None = None) -> words.State:
    """Return `late`, `soon` or "", for an open item that is not snoozed. Reads item.queue."""
    now = now or timezone.now()
    is_snoozed = item.snoozed_until is not None and item.snoozed_until > now
    if item.status != ReviewItem.Status.OPEN or is_snoozed:
        return ""
    return words.state(item.due_at, now, sla.target(item.queue, item.priority))


@register.filter
def reply_due(item: ReviewItem, now: datetime | None = None) -> str:
    """Return it as a phrase: `reply due in 38 min`, `reply 4 min over`, `snoozed until 14:00`."""
    left = time_left(item, now)
    if left.startswith("until"):
        return f"snoozed {left}"
    return f"reply {left}" if left.endswith("over") or left == "due now" else f"reply due {left}"


@register.filter
def due_exactly(item: ReviewItem) -> str:
    """Return when the reply is due: `Due Monday 23 November 2026, 09:25 CET`."""
    due = timezone.localtime(item.due_at)
    return f"Due {due:%A} {due.day} {due:%B %Y, %H:%M %Z}"


@register.filter
def came_in(item: ReviewItem) -> str:
    """Return when the message to answer came: `Came in Mon 23 Nov, 09:25`."""
    started = timezone.localtime(item.clock_started_at)
    return f"Came in {started:%a} {started.day} {started:%b, %H:%M}"


@register.filter
def as_duration(minutes: int) -> str:
    """Return `45 min`, `8 h` or `1 h 30 min`."""
    return writing.duration(minutes)


@register.filter
def as_week(open_in: Sequence[Stretch]) -> str:
    """Return `Mon–Fri 08:00–20:00; Sat 10:00–16:00`, or `always`."""
    return writing.week(open_in)
