"""Changing a queue's service level: what is open in it is due anew, in the same transaction."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection, transaction

from observability.payloads import digest
from review import audit, sla
from review.models import BusinessHours, Holiday, Queue, ReviewItem
from review.service.levels import Levels, levels_of

CHANGED = "queue.service_level"
# Open items are given their new time so many at once.
BATCH = 5000

DUE = """
UPDATE review_reviewitem item SET due_at = new.due_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS new (id, due_at)
WHERE item.id = new.id
"""


@transaction.atomic
def set_levels(queue_id: int, levels: Levels, by: User | None) -> int:
    """Return how many open items are due at another time now that the queue promises this."""
    queue = Queue.objects.select_for_update().get(pk=queue_id)
    before = levels_of(queue)
    queue.target_urgent_min = levels.urgent_min
    queue.target_normal_min = levels.normal_min
    queue.target_low_min = levels.low_min
    queue.time_zone = levels.time_zone
    queue.save()
    queue.business_hours.all().delete()
    BusinessHours.objects.bulk_create(
        BusinessHours(
            queue=queue,
            weekday=stretch.weekday,
            opens_at=stretch.opens_at,
            closes_at=stretch.closes_at,
        )
        for stretch in levels.week
    )
    queue.holidays.all().delete()
    Holiday.objects.bulk_create(
        Holiday(queue=queue, day=closed.day, name=closed.name) for closed in levels.holidays
    )
    moved = _set_due(queue)
    audit.record(
        by,
        CHANGED,
        queue,
        before=digest(before.as_lines()),
        after=digest(levels.as_lines()),
        items=moved,
        was=before.as_lines(),
        now=levels.as_lines(),
    )
    return moved


def _set_due(queue: Queue) -> int:
    """Give the queue's open items the time that its service level says; return how many moved."""
    calendar = levels_of(queue).calendar
    moved = 0
    for batch in _batches(queue):
        due = [
            (pk, calendar.after(started_at, sla.target(queue, priority)), was)
            for pk, priority, started_at, was in batch
        ]
        changed = [(pk, due_at) for pk, due_at, was in due if due_at != was]
        if changed:
            with connection.cursor() as cursor:
                cursor.execute(DUE, [list(column) for column in zip(*changed, strict=True)])
        moved += len(changed)
    return moved


def _batches(queue: Queue) -> Iterator[Sequence[tuple[int, int, datetime, datetime]]]:
    """Yield the queue's open items, locked in the order of their ids."""
    after = 0
    while True:
        items = ReviewItem.objects.open().filter(queue=queue, pk__gt=after).order_by("pk")
        batch = list(
            items.select_for_update().values_list("pk", "priority", "clock_started_at", "due_at")[
                :BATCH
            ]
        )
        if not batch:
            return
        yield batch
        after = batch[-1][0]
