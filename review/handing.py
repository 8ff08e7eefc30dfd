"""Handing an item on without deciding it: to a queue, to a person, to a later time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from observability.rows import ask, columns, instances
from review import audit, sla
from review.errors import (
    AlreadyDecided,
    NowhereToEscalate,
    UnfitMoment,
    UnknownPerson,
    UnknownQueue,
)
from review.items import drop_claim, store_working_text
from review.models import Notification, Queue, ReviewItem
from review.notifications import name_of, notify
from review.seen import Seen, lock

LONGEST_SNOOZE = timedelta(days=90)
MORNING, AFTERNOON = time(9), time(14)
COLLEAGUES = f"""
WITH granted AS (
    SELECT user_id, permission_id FROM auth_user_user_permissions
    UNION ALL
    SELECT member.user_id, theirs.permission_id
    FROM auth_user_groups member JOIN auth_group_permissions theirs USING (group_id)
), able AS (
    SELECT user_id, bool_or(codename = 'decide') AS decides,
        bool_or(codename = 'view_every_queue') AS sees_all
    FROM granted JOIN auth_permission permission ON permission.id = permission_id
    JOIN django_content_type type ON type.id = permission.content_type_id
    WHERE type.app_label = 'review' AND codename IN ('decide', 'view_every_queue')
    GROUP BY user_id
)
SELECT {columns(User, "person")}, sees.queue, sees.above
FROM auth_user person LEFT JOIN able ON able.user_id = person.id
CROSS JOIN LATERAL (
    SELECT person.is_superuser OR able.sees_all OR coalesce(bool_or(queue_id = %(queue)s), false),
        person.is_superuser OR able.sees_all OR coalesce(bool_or(queue_id = %(above)s), false)
    FROM review_queue_members WHERE user_id = person.id
) sees (queue, above)
WHERE person.is_active AND person.id <> %(but)s AND (person.is_superuser OR able.decides)
    AND (sees.queue OR sees.above)
ORDER BY person.first_name, person.last_name, person.username
"""  # noqa: S608 - made of the model's own names


@dataclass(frozen=True, kw_only=True)
class Later:
    """A time that many items are put off to. code: what a page posts."""

    code: str
    label: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody who may be handed an item of a queue, or have it escalated to them."""

    user: User
    sees_queue: bool
    sees_above: bool


def laters(now: datetime, zone: ZoneInfo) -> Sequence[Later]:
    """Return the times offered to put an item off to, soonest first, by the zone's clock. Pure."""
    here = now.astimezone(zone)
    tomorrow = here.date() + timedelta(days=1)
    monday = here.date() + timedelta(days=7 - here.weekday())
    offered = [
        Later(code="hour", label="In 1 hour", at=now + timedelta(hours=1)),
        Later(
            code="afternoon",
            label="This afternoon",
            at=datetime.combine(here.date(), AFTERNOON, zone),
        ),
        Later(
            code="tomorrow", label="Tomorrow morning", at=datetime.combine(tomorrow, MORNING, zone)
        ),
        Later(code="monday", label="On Monday", at=datetime.combine(monday, MORNING, zone)),
    ]
    return [
        later
        for later in offered
        if later.at > now + timedelta(minutes=30)
        and not (later.code == "monday" and monday == tomorrow)
    ]


def colleagues(queue: Queue, user: User) -> list[Colleague]:
    """Return who else may decide and sees the queue, or the one with more authority, by name."""
    about = {"but": user.pk, "queue": queue.pk, "above": queue.escalates_to_id}
    return [
        Colleague(user=instances(row, User)[0], sees_queue=row[-2], sees_above=row[-1])
        for row in ask(COLLEAGUES, about)
    ]


@transaction.atomic
def escalate(
    item_id: int,
    reviewer: User,
    seen: Seen,
    *,
    note: str = "",
    text: str = "",
    to: Queue | User | None = None,
) -> ReviewItem:
    """Return the item, urgent and free, in the queue with more authority or handed to a person.

    to: None for the queue that this one escalates to. text: what the reviewer has written so far;
    the next one goes on from it. Raises NowhereToEscalate, UnknownQueue, UnknownPerson, and as
    `seen.lock` does.
    """
    item = lock(item_id, reviewer, seen)
    queue, person = _target(item, reviewer, to)
    told = f"{name_of(reviewer)} escalated it from {item.queue.name}"
    item.reasons = [
        *item.reasons,
        {"code": "escalated", "text": f"{told}: {note[:300]}" if note else f"{told}."},
    ]
    item.reason_codes = [reason["code"] for reason in item.reasons]
    audit.record(
        reviewer,
        "item.escalated",
        item,
        before=item.digest,
        to=queue.slug,
        was=item.queue.slug,
        person=name_of(person) if person else "",
        note=note[:300],
        since=item.held_since,
    )
    item.is_escalated = True
    item.priority = ReviewItem.Priority.HIGH
    if queue != item.queue:
        item.queue = item.ticket.queue = queue
        item.ticket.save(update_fields=["queue"])
    item.due_at = sla.due_at(queue, item.priority, item.clock_started_at)
    return _hand_over(item, reviewer, person, text, told="escalated an item to you")


@transaction.atomic
def assign(
    item_id: int, reviewer: User, seen: Seen, person: User, *, note: str = "", text: str = ""
) -> ReviewItem:
    """Return the item, free and kept for this person. Raises UnknownPerson, and as `lock` does."""
    item = lock(item_id, reviewer, seen)
    others = [one.user for one in colleagues(item.queue, reviewer) if one.sees_queue]
    if person not in [reviewer, *others]:
        raise UnknownPerson
    audit.record(
        reviewer,
        "item.assigned",
        item,
        before=item.digest,
        to=name_of(person),
        note=note[:300],
        since=item.held_since,
    )
    return _hand_over(item, reviewer, person, text, told="handed you an item")


@transaction.atomic
def snooze(
    item_id: int, reviewer: User, seen: Seen, until: datetime, *, text: str = ""
) -> ReviewItem:
    """Return the item, free and out of sight until then; its time to a reply goes on running.

    Raises UnfitMoment, and as `lock` does.
    """
    item = lock(item_id, reviewer, seen)
    now = timezone.now()
    if not now < until <= now + LONGEST_SNOOZE:
        raise UnfitMoment
    audit.record(
        reviewer,
        "item.snoozed",
        item,
        before=item.digest,
        until=until.isoformat(),
        since=item.held_since,
    )
    item.snoozed_until = until
    store_working_text(item, reviewer, text)
    drop_claim(item)
    item.save()
    return item


@transaction.atomic
def wake(item_id: int, reviewer: User) -> ReviewItem:
    """Return the item, back among those that wait. Raises AlreadyDecided."""
    item = ReviewItem.objects.select_for_update().get(pk=item_id)
    if item.status != ReviewItem.Status.OPEN:
        raise AlreadyDecided
    if item.snoozed_until is not None:
        item.snoozed_until = None
        item.save(update_fields=["snoozed_until"])
        audit.record(reviewer, "item.woken", item, before=item.digest)
    return item


def _target(item: ReviewItem, reviewer: User, to: Queue | User | None) -> tuple[Queue, User | None]:
    above = item.queue.escalates_to
    if isinstance(to, User):
        if to not in [one.user for one in colleagues(item.queue, reviewer) if one.sees_above]:
            raise UnknownPerson
        return above or item.queue, to
    queue = to or above
    if queue is None:
        raise NowhereToEscalate
    if queue == item.queue:
        raise UnknownQueue
    return queue, None


def _hand_over(
    item: ReviewItem,
    reviewer: User,
    person: User | None,
    text: str,
    *,
    told: str,
) -> ReviewItem:
    """Keep what was written, free the item and tell the person."""
    item.assigned_to = person
    item.snoozed_until = None
    store_working_text(item, reviewer, text)
    drop_claim(item)
    item.save()
    if person is not None and person != reviewer:
        words = f"{name_of(reviewer)} {told}."
        notify(person, Notification.Kind.ASSIGNED, item, words, actor=reviewer)
    return item
