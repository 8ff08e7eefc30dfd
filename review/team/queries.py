"""The counts behind one's day and the team board, one lean statement each.

A verdict counts while it is in force: it is of its decided item's revision, and its delivery was
not undone. A first word of two counts as work done once it is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection

from review.overview.statistics import Share

RowT = TypeVar("RowT")

IN_FORCE = """
    JOIN review_reviewitem item ON item.id = assessment.item_id
    LEFT JOIN review_verdict verdict ON verdict.assessment_id = assessment.id
    WHERE (verdict.id IS NULL OR verdict.revision = item.revision AND item.status = 'decided'
        AND NOT EXISTS (
            SELECT FROM review_delivery delivery
            WHERE delivery.verdict_id = verdict.id AND delivery.state = 'undone'
        ))
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What somebody did on one day (is_today) or on the days before it.

    replies, in_time: what was sent, and how much of it before it was due. drafts: sent ones;
    edited, light: those that were edited at all, and with fewer than three edits.
    """

    is_today: bool
    days: int
    done: int
    replies: int
    in_time: int
    drafts: int
    edited: int
    light: int
    median_ms: float | None


@dataclass(frozen=True, kw_only=True)
class Depth:
    """What is open in a queue. due_soon: within the hour, and not late yet."""

    queue_id: int
    open: int
    unclaimed: int
    snoozed: int
    late: int
    due_soon: int
    oldest_at: datetime


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How a queue kept what it promised; queue_id: None for all of them together.

    late: decided after they were due. median_s: from the customer's message to the verdict.
    """

    queue_id: int | None
    decided: int
    in_time: int
    late_open: int
    median_s: float | None

    @property
    def late(self) -> int:
        return self.decided - self.in_time

    @property
    def in_time_share(self) -> Share:
        return Share(part=self.in_time, whole=self.decided)


NOTHING_KEPT = Kept(queue_id=None, decided=0, in_time=0, late_open=0, median_s=None)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a person has and has done today."""

    user_id: int
    held: int
    assigned: int
    done: int


def done(user_id: int, since: datetime, today: datetime, zone: str) -> list[Done]:
    """Return what the person did today and on the days since then; a row only where they did."""
    return _rows(
        Done,
        f"""
        SELECT assessment.created_at >= %(today)s,
            count(DISTINCT (assessment.created_at AT TIME ZONE %(zone)s)::date),
            count(DISTINCT assessment.item_id),
            count(verdict.final_id),
            count(verdict.final_id) FILTER (WHERE item.decided_at <= item.due_at),
            count(verdict.succeeded) FILTER (WHERE verdict.final_id IS NOT NULL),
            count(verdict.succeeded) FILTER (WHERE verdict.edit_operations > 0),
            count(verdict.succeeded) FILTER (
                WHERE verdict.edit_operations < 3 AND NOT item.is_correction
            ),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY assessment.handled_ms)
        FROM review_assessment assessment {IN_FORCE}
            AND assessment.reviewer_id = %(user)s AND assessment.created_at >= %(since)s
        GROUP BY 1
        """,  # noqa: S608 - IN_FORCE is a constant
        {"user": user_id, "since": since, "today": today, "zone": zone},
    )


def depths(now: datetime) -> list[Depth]:
    """Return what is open, by queue; a row only where something is."""
    return _rows(
        Depth,
        """
        SELECT queue_id, count(*),
            count(*) FILTER (WHERE (claim_expires_at IS NULL OR claim_expires_at <= %(now)s)
                AND assigned_to_id IS NULL AND (snoozed_until IS NULL OR snoozed_until <= %(now)s)),
            count(*) FILTER (WHERE snoozed_until > %(now)s),
            count(*) FILTER (WHERE due_at <= %(now)s),
            count(*) FILTER (WHERE due_at > %(now)s AND due_at <= %(now)s + interval '1 hour'),
            min(clock_started_at)
        FROM review_reviewitem WHERE status = 'open' GROUP BY queue_id
        """,
        {"now": now},
    )


def kept(start: datetime, end: datetime, now: datetime) -> list[Kept]:
    """Return how promises were kept by what was decided in between, by queue and in all."""
    return _rows(
        Kept,
        """
        SELECT queue_id,
            count(decided_at),
            count(*) FILTER (WHERE decided_at <= due_at),
            count(*) FILTER (WHERE status = 'open'),
            percentile_cont(0.5) WITHIN GROUP (
                ORDER BY extract(epoch FROM decided_at - clock_started_at)
            )
        FROM review_reviewitem
        WHERE status = 'decided' AND decided_at >= %(start)s AND decided_at < %(end)s
            OR status = 'open' AND due_at < %(now)s
        GROUP BY GROUPING SETS ((queue_id), ())
        """,
        {"start": start, "end": end, "now": now},
    )


def loads(today: datetime, now: datetime) -> list[Load]:
    """Return what people have and did today; a row only for who has or did something."""
    return _rows(
        Load,
        f"""
        SELECT user_id, count(*) FILTER (WHERE kind = 'held'),
            count(*) FILTER (WHERE kind = 'assigned'), count(*) FILTER (WHERE kind = 'done')
        FROM (
            SELECT claimed_by_id AS user_id, 'held' AS kind, id FROM review_reviewitem
            WHERE status = 'open' AND claimed_by_id IS NOT NULL AND claim_expires_at > %(now)s
            UNION ALL
            SELECT assigned_to_id, 'assigned', id FROM review_reviewitem
            WHERE status = 'open' AND assigned_to_id IS NOT NULL
            UNION ALL
            SELECT DISTINCT assessment.reviewer_id, 'done', assessment.item_id
            FROM review_assessment assessment {IN_FORCE} AND assessment.created_at >= %(today)s
        ) work GROUP BY user_id
        """,  # noqa: S608 - as above
        {"today": today, "now": now},
    )


def _rows(row: type[RowT], statement: str, values: Mapping[str, Any]) -> list[RowT]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = list(row.__dataclass_fields__)  # type: ignore[attr-defined]
        return [row(**dict(zip(names, found, strict=True))) for found in cursor.fetchall()]
