"""One's own day: what is done, how it went, and how that compares with one's other days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from review.models import ReviewItem, Verdict
from review.overview.period import midnight
from review.overview.statistics import Share
from review.team import queries
from review.team.queries import Done

DAYS_BEFORE = 14
MOST_VERDICTS = 50


@dataclass(frozen=True, kw_only=True)
class Work:
    """What was done on `days` days on which something was.

    edited: sent drafts that a person edited, light: those with under three edits. in_time: replies
    sent before they were due.
    """

    days: int
    done: int
    edited: Share
    light: Share
    in_time: Share
    median_ms: float | None

    @property
    def median_s(self) -> float | None:
        return None if self.median_ms is None else self.median_ms / 1000


@dataclass(frozen=True, kw_only=True)
class Day:
    """A person's day. verdicts: newest first, at most MOST_VERDICTS. waiting: items they have."""

    today: Work
    before: Work
    verdicts: Sequence[Verdict]
    waiting: int


def day_of(user: User, now: datetime) -> Day:
    """Return the person's day up to now, in three queries."""
    zone = timezone.get_current_timezone()
    today = midnight(timezone.localdate(now, zone), zone)
    rows = queries.done(user.pk, today - timedelta(days=DAYS_BEFORE), today, str(zone))
    by_day = {row.is_today: row for row in rows}
    verdicts = (
        Verdict.objects.filter(reviewer=user, created_at__gte=today, action=0)
        .select_related("item__ticket__customer", "assessment")
        .order_by("-created_at", "-pk")
    )
    return Day(
        today=_work(by_day.get(True)),
        before=_work(by_day.get(False)),
        verdicts=list(verdicts[:MOST_VERDICTS]),
        waiting=ReviewItem.objects.open().mine(user, now).count(),
    )


def _work(row: Done | None) -> Work:
    if row is None:
        nothing = Share(part=0, whole=0)
        return Work(days=0, done=0, edited=nothing, light=nothing, in_time=nothing, median_ms=None)
    return Work(
        days=row.days,
        done=row.done,
        edited=Share(part=row.edited, whole=row.drafts),
        light=Share(part=row.light, whole=row.drafts),
        in_time=Share(part=row.in_time, whole=row.replies),
        median_ms=row.median_ms,
    )
