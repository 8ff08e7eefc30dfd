"""Which items come first in the inbox under a person's filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Func, OuterRef, Q, QuerySet

from review.inbox_filters import Filters
from review.inbox_order import order_of
from review.models import Queue, ReviewItem, Verdict
from review.models.items import ReviewItemQuerySet
from review.search import Search

AGES = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
}
SURE, FAIR = 0.9, 0.7
CONFIDENCES = {
    "sure": Q(confidence__gte=SURE),
    "fair": Q(confidence__gte=FAIR, confidence__lt=SURE),
    "unsure": Q(confidence__lt=FAIR),
    "none": Q(confidence__isnull=True),
}


def queues_of(user: User) -> QuerySet[Queue]:
    """Return the queues whose items the person sees."""
    if user.has_perm("review.view_every_queue"):
        return Queue.objects.all()
    return Queue.objects.filter(members=user.pk)


def first_ids(user: User, filters: Filters, *, after: Q, count: int, now: datetime) -> list[int]:
    """Return the ids of the first `count` items, in their order.

    after: the condition on what this page may still show. Ids alone: what a row shows is joined
    to the few that a page has, which the database plans and does several times faster.
    """
    wanted = _Wanted(user=user, filters=filters, after=after, count=count, now=now)
    firsts = ReviewItem.objects.filter(pk__in=_firsts(wanted))
    return list(firsts.order_by(*wanted.order).values_list("pk", flat=True)[:count])


@dataclass(kw_only=True)
class _Wanted:
    """What a page shows of some items."""

    user: User
    filters: Filters
    after: Q
    count: int
    now: datetime

    def of(self, items: ReviewItemQuerySet) -> QuerySet[Any, Any]:
        """Return the ids of the first that match."""
        matching = self._narrowed(items).filter(self.after)
        if self.search and self.is_found_by_ticket:
            matching = matching.filter(ticket__in=self.search.tickets().values("pk"))
        elif self.search:
            matching = matching.filter(self.search.finds_ticket())
        return matching.order_by(*self.order).values("pk")[: self.count]

    @cached_property
    def search(self) -> Search | None:
        return Search.of(self.filters.text) if self.filters.text else None

    @cached_property
    def is_found_by_ticket(self) -> bool:
        return self.search is not None and self.search.finds_few()

    @property
    def order(self) -> Sequence[str]:
        return order_of(self.filters).fields

    def _narrowed(self, items: ReviewItemQuerySet) -> ReviewItemQuerySet:
        asked = self.filters
        items = items.filter(status=asked.status or ReviewItem.Status.OPEN)
        if asked.category:
            items = items.filter(category=asked.category)
        if asked.kind:
            items = items.filter(kind=asked.kind)
        if asked.reason:
            items = items.filter(reason_codes__contains=[asked.reason])
        if asked.age:
            items = items.filter(opened_at__lte=self.now - AGES[asked.age])
        if asked.confidence:
            items = items.filter(CONFIDENCES[asked.confidence])
        return self._of_whom(items)

    def _of_whom(self, items: ReviewItemQuerySet) -> ReviewItemQuerySet:
        user, now, whose = self.user, self.now, self.filters.whose
        if whose == "assigned":
            return items.filter(assigned_to=user)
        if whose == "mine" and self.filters.status:
            return items.filter(pk__in=Verdict.objects.filter(reviewer=user).values("item"))
        if whose == "mine":
            return items.mine(user, now)
        if whose == "snoozed":
            return items.filter(snoozed_until__gt=now)
        if whose == "unclaimed":
            items = items.unclaimed(now)
        if whose == "escalated":
            items = items.filter(is_escalated=True)
        return items if self.filters.status else items.awake(now)


def _firsts(wanted: _Wanted) -> QuerySet[Any, Any]:
    """Return the ids of the first items of each queue, and of those handed to the person."""
    queues = queues_of(wanted.user).order_by()
    handed = ReviewItem.objects.filter(assigned_to=wanted.user)
    if slug := wanted.filters.queue:
        queues, handed = queues.filter(slug=slug), handed.filter(queue__slug=slug)
    if wanted.is_found_by_ticket:
        return wanted.of(ReviewItem.objects.filter(queue__in=queues)).union(wanted.of(handed))
    each = ArraySubquery(wanted.of(ReviewItem.objects.filter(queue=OuterRef("pk"))))
    first = queues.values(item=Func(each, function="unnest", output_field=BigIntegerField()))
    return first.union(wanted.of(handed))
