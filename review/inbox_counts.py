"""How much there is in the inbox, counted no further than is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.utils import timezone

from observability.rows import ask, columns, instances
from review.models import Queue

MOST_COUNTED = 1000

# Each count stops at one more than is told: it costs the same over however many items.
COUNTS = f"""
WITH seen AS MATERIALIZED (
    SELECT * FROM review_queue WHERE %(sees_all)s OR id IN (
        SELECT queue_id FROM review_queue_members WHERE user_id = %(user)s)
), mine AS (
    SELECT FROM review_reviewitem WHERE status = 'open' AND (assigned_to_id = %(user)s
        OR claimed_by_id = %(user)s AND claim_expires_at > %(now)s) LIMIT %(most)s
), assigned AS (
    SELECT FROM review_reviewitem WHERE status = 'open' AND assigned_to_id = %(user)s
    LIMIT %(most)s
), held AS (
    SELECT FROM review_reviewitem WHERE status = 'open' AND queue_id IN (SELECT id FROM seen)
        AND claimed_by_id IS NOT NULL AND claim_expires_at > %(now)s
        AND (snoozed_until IS NULL OR snoozed_until <= %(now)s) LIMIT %(most)s
), escalated AS (
    SELECT FROM review_reviewitem WHERE status = 'open' AND queue_id IN (SELECT id FROM seen)
        AND is_escalated AND (snoozed_until IS NULL OR snoozed_until <= %(now)s) LIMIT %(most)s
), snoozed AS (
    SELECT FROM review_reviewitem WHERE status = 'open' AND queue_id IN (SELECT id FROM seen)
        AND snoozed_until > %(now)s LIMIT %(most)s
), overdue AS (
    SELECT FROM review_reviewitem WHERE status = 'open' AND queue_id IN (SELECT id FROM seen)
        AND due_at <= %(now)s AND (snoozed_until IS NULL OR snoozed_until <= %(now)s)
    LIMIT %(most)s
), facets AS (
    SELECT (SELECT count(*) FROM mine), (SELECT count(*) FROM assigned),
        (SELECT count(*) FROM held), (SELECT count(*) FROM escalated),
        (SELECT count(*) FROM snoozed), (SELECT count(*) FROM overdue)
)
SELECT waiting.number, facets.*, {columns(Queue, "seen")}
FROM facets LEFT JOIN seen ON true CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM review_reviewitem WHERE status = 'open' AND queue_id = seen.id
            AND (snoozed_until IS NULL OR snoozed_until <= %(now)s) LIMIT %(most)s
    ) counted
) waiting
ORDER BY seen.position, seen.name
"""  # noqa: S608 - made of the model's own names
OPEN = """
SELECT waiting.number
FROM review_queue queue CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM review_reviewitem WHERE status = 'open' AND queue_id = queue.id
            AND (snoozed_until IS NULL OR snoozed_until <= %(now)s) LIMIT %(most)s
    ) counted
) waiting
WHERE %(sees_all)s OR queue.id IN (
    SELECT queue_id FROM review_queue_members WHERE user_id = %(user)s)
"""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many there are, counted no further than MOST_COUNTED."""

    shown: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.shown:,}{'+' if self.is_more else ''}"


@dataclass(frozen=True, kw_only=True)
class QueueCount:
    """A queue the person may see, with how much of it is open and awake."""

    queue: Queue
    open: Count


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What there is in the queues a person may see. mine: held by them or handed to them."""

    queues: Sequence[QueueCount]
    open: Count
    mine: Count
    assigned: Count
    unclaimed: Count
    escalated: Count
    snoozed: Count
    overdue: Count


def counts(user: User) -> Counts:
    """Return how much there is of each queue and kind, in one query."""
    rows = ask(COUNTS, _values(user))
    queues = [(instances(row[7:], Queue)[0], row[0]) for row in rows]
    found = [QueueCount(queue=queue, open=_count(number)) for queue, number in queues if queue]
    mine, assigned, held, escalated, snoozed, overdue = map(_count, rows[0][1:7])
    awake = _sum(entry.open for entry in found)
    return Counts(
        queues=found,
        open=awake,
        mine=mine,
        assigned=assigned,
        unclaimed=replace(awake, shown=max(awake.shown - held.shown, 0)),
        escalated=escalated,
        snoozed=snoozed,
        overdue=overdue,
    )


def open_count(user: User) -> Count:
    """Return how much is open and awake in the queues the person may see."""
    return _sum(_count(number) for (number,) in ask(OPEN, _values(user)))


def _values(user: User) -> dict[str, object]:
    return {
        "user": user.pk,
        "sees_all": user.has_perm("review.view_every_queue"),
        "now": timezone.now(),
        "most": MOST_COUNTED + 1,
    }


def _count(number: int) -> Count:
    return Count(shown=min(number, MOST_COUNTED), is_more=number > MOST_COUNTED)


def _sum(parts: Iterable[Count]) -> Count:
    known = list(parts)
    return Count(
        shown=sum(part.shown for part in known), is_more=any(part.is_more for part in known)
    )
