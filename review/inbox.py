"""What waits for a person, as the inbox reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone

from agents.models import Category
from review.models import Queue, ReviewItem, TicketRun

PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of open items. after: the item to ask the next page from, None on the last."""

    items: Sequence[ReviewItem]
    after: int | None


@dataclass(frozen=True, kw_only=True)
class QueueCount:
    """A queue the person may see, with how much of it is open."""

    queue: Queue
    open: int


def open_items(user: User, *, queue: str = "", after: int | None = None) -> Page:
    """Return the open items the person may see, in the order Next takes them, a page at a time.

    after: id of the last item of the page before (keyset: a decided item shifts nothing).
    """
    items = ReviewItem.objects.open().visible_to(user).in_order()
    if queue:
        items = items.filter(queue__slug=queue)
    last = ReviewItem.objects.filter(pk=after).first() if after else None
    if last is not None:
        items = items.filter(
            Q(priority__lt=last.priority)
            | Q(priority=last.priority, opened_at__gt=last.opened_at)
            | Q(priority=last.priority, opened_at=last.opened_at, pk__gt=last.pk)
        )
    found = list(
        items.annotate(category_name=_category_name()).select_related(
            "ticket__customer", "queue", "claimed_by"
        )[: PAGE + 1]
    )
    now = timezone.now()
    for item in found:
        if item.claim_expires_at and item.claim_expires_at <= now:
            item.claimed_by = None  # lapsed: nobody holds it
    return Page(items=found[:PAGE], after=found[PAGE - 1].pk if len(found) > PAGE else None)


def being_read() -> int:
    """Return how many tickets the agents are still working on."""
    return TicketRun.objects.filter(settled_at__isnull=True).count()


def _category_name() -> Subquery:
    named = Category.objects.filter(agent=OuterRef("run__agent"), slug=OuterRef("category"))
    return Subquery(named.values("name")[:1])


def queue_counts(user: User) -> list[QueueCount]:
    """Return the queues the person may see, each with its open items counted, in one query."""
    queues = Queue.objects.annotate(open=Count("items", filter=Q(items__status="open")))
    if not user.has_perm("review.view_every_queue"):
        queues = queues.filter(members=user)
    return [
        QueueCount(queue=queue, open=queue.open) for queue in queues.order_by("position", "name")
    ]
