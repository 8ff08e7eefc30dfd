"""What waits for a person, as the inbox reads it: a page at a time, whatever waits behind it.

The first rows of each queue are read off an index in the asked order, and these few are merged.
So a page costs the same over a thousand items and over a hundred thousand, also for somebody who
sees one small queue of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from agents.models import Category
from review.inbox_filters import Filters
from review.inbox_order import order_of
from review.inbox_rows import first_ids
from review.models import ReviewItem, TicketRun

PAGE = 40


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of items. after: what to ask the next page with, None on the last."""

    items: Sequence[ReviewItem]
    after: str | None


def open_items(user: User, filters: Filters, *, after: str = "", count: int = PAGE) -> Page:
    """Return the items the person may see under these filters, a page at a time.

    after: `after` of the page before (keyset: an item decided meanwhile shifts nothing); one that
    cannot be read gives the first page.
    """
    order, now = order_of(filters), timezone.now()
    ids = first_ids(user, filters, after=order.past(after), count=count + 1, now=now)
    items = list(
        ReviewItem.objects.filter(pk__in=ids)
        .annotate(category_name=_category_name())
        .select_related("ticket__customer", "queue", "claimed_by", "assigned_to")
        .order_by(*order.fields)
    )
    for item in items:
        if item.claim_expires_at and item.claim_expires_at <= now:
            item.claimed_by = None  # lapsed: nobody holds it
    is_last = len(items) <= count
    return Page(items=items[:count], after=None if is_last else order.place_of(items[count - 1]))


def being_read() -> int:
    """Return how many tickets the agents are still working on."""
    return TicketRun.objects.filter(settled_at__isnull=True).count()


def _category_name() -> Subquery:
    named = Category.objects.filter(agent=OuterRef("run__agent"), slug=OuterRef("category"))
    return Subquery(named.values("name")[:1])
