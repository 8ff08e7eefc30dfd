"""The figures of the overview, put together from its counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from review.overview import queries
from review.overview.counts import (
    Calls,
    Decided,
    Errors,
    Received,
    Replies,
    Runs,
    Standing,
    Uncalibrated,
)
from review.overview.period import Period, monday
from review.overview.quality import CategoryFigures, Quality, category_name, edited_chances
from review.overview.statistics import Share, difference_p, mix_p
from review.waiving import Waived, waivers_in_force

RowT = TypeVar("RowT")


@dataclass(frozen=True, kw_only=True)
class Week:
    """A calendar week. is_whole: it lies in the past altogether."""

    first: date
    is_whole: bool
    quality: Quality


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day's flow and machine time."""

    day: date
    received: int
    decided: int
    runs: Runs | None


@dataclass(frozen=True, kw_only=True)
class Mix:
    """What tickets are about, against before. moved: the category whose share moved most."""

    p: float
    moved: str
    now: Share
    before: Share


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything the overview says, for one period."""

    period: Period
    now: datetime
    standing: Standing
    decided: Sequence[Decided]
    received: Sequence[Received]
    replies: Sequence[Replies]
    runs: Sequence[Runs]
    errors: Sequence[Errors]
    calls: Sequence[Calls]
    uncalibrated: Sequence[Uncalibrated]
    waivers: Sequence[Waived] = ()

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.period.zone).date()

    @cached_property
    def current(self) -> Quality:
        return Quality.of(self._decided_from(self.period.first))

    @cached_property
    def previous(self) -> Quality:
        return Quality.of(self._decided_before(self.period.previous_first))

    @cached_property
    def baseline(self) -> Quality:
        return Quality.of(self._decided_before(self.period.baseline_first))

    @cached_property
    def arrived(self) -> int:
        """Tickets that came in during the period."""
        return sum(row.tickets for row in self.received if row.day >= self.period.first)

    @cached_property
    def replies_now(self) -> Replies | None:
        return _only(self.replies, lambda row: row.category is None and row.is_now)

    @cached_property
    def replies_before(self) -> Replies | None:
        return _only(self.replies, lambda row: row.category is None and not row.is_now)

    @cached_property
    def runs_now(self) -> Runs | None:
        return _only(self.runs, lambda row: row.day is None)

    @cached_property
    def all_calls(self) -> Calls:
        return Calls(
            category="",
            calls=sum(row.calls for row in self.calls),
            local=sum(row.local for row in self.calls),
            unpriced=sum(row.unpriced for row in self.calls),
            cost_usd=sum(row.cost_usd for row in self.calls),
        )

    @cached_property
    def categories(self) -> list[CategoryFigures]:
        """Those with a verdict in the period, most decided first."""
        slugs = {row.category for row in self._decided_from(self.period.first)}
        pairs = {
            slug: (
                Quality.of(self._decided_from(self.period.first, slug)),
                Quality.of(self._decided_before(self.period.baseline_first, slug)),
            )
            for slug in slugs
        }
        chances = edited_chances(pairs)
        replies = {row.category: row for row in self.replies if row.is_now}
        calls = {row.category: row for row in self.calls}
        figures = [
            CategoryFigures(
                slug=slug,
                name=self.name_of(slug),
                now=now,
                before=before,
                replies=replies.get(slug),
                calls=calls.get(slug),
                edited_p=chances.get(slug),
            )
            for slug, (now, before) in pairs.items()
        ]
        return sorted(figures, key=lambda figure: (-figure.now.decided, figure.name))

    @cached_property
    def weeks(self) -> list[Week]:
        """The calendar weeks up to the period's last, from the first one with a verdict on."""
        by_week: dict[date, list[Decided]] = {}
        for row in self.decided:
            by_week.setdefault(monday(row.day), []).append(row)
        first = min((week for week in by_week if week >= self.period.weeks_first), default=None)
        weeks = []
        while first is not None and first <= self.period.last:
            weeks.append(
                Week(
                    first=first,
                    is_whole=first + timedelta(days=7)
                    <= self.now.astimezone(self.period.zone).date(),
                    quality=Quality.of(by_week.get(first, [])),
                )
            )
            first += timedelta(days=7)
        return weeks

    @cached_property
    def days(self) -> list[Day]:
        """The last four weeks up to the period's end, from the first day with anything on."""
        shown = [
            self.period.shown_first + timedelta(days=n)
            for n in range((self.period.last - self.period.shown_first).days + 1)
        ]
        runs = {row.day: row for row in self.runs}
        days = [
            Day(
                day=day,
                received=sum(row.tickets for row in self.received if row.day == day),
                decided=sum(row.decided for row in self.decided if row.day == day),
                runs=runs.get(day),
            )
            for day in shown
        ]
        busy = [n for n, day in enumerate(days) if day.received or day.decided or day.runs]
        return days[busy[0] :] if busy else []

    @cached_property
    def mix(self) -> Mix | None:
        """What came in against the four weeks before; None with nothing to compare."""
        now, before = self._arrived_by_category()
        sizes = sum(now.values()), sum(before.values())
        if not all(sizes):
            return None

        def shares(slug: str) -> tuple[Share, Share]:
            return (
                Share(part=now.get(slug, 0), whole=sizes[0]),
                Share(part=before.get(slug, 0), whole=sizes[1]),
            )

        moved = min(
            sorted(now.keys() | before.keys()), key=lambda slug: difference_p(*shares(slug))
        )
        now_share, before_share = shares(moved)
        return Mix(p=mix_p(now, before), moved=moved, now=now_share, before=before_share)

    def name_of(self, slug: str) -> str:
        return category_name(slug, self.standing.category_names)

    def _decided_from(self, first: date, category: str | None = None) -> list[Decided]:
        return [
            row
            for row in self.decided
            if row.day >= first and (category is None or row.category == category)
        ]

    def _decided_before(self, first: date, category: str | None = None) -> list[Decided]:
        return [row for row in self._decided_from(first, category) if row.day < self.period.first]

    def _arrived_by_category(self) -> tuple[dict[str, int], dict[str, int]]:
        now: dict[str, int] = {}
        before: dict[str, int] = {}
        for row in self.received:
            if row.category and row.day >= self.period.baseline_first:
                side = now if row.day >= self.period.first else before
                side[row.category] = side.get(row.category, 0) + row.tickets
        return now, before


def overview(period: Period, now: datetime) -> Overview:
    """Return the overview of the period, in a fixed number of statements."""
    return Overview(
        period=period,
        now=now,
        standing=queries.standing(now),
        decided=queries.decided(period),
        received=queries.received(period),
        replies=queries.replies(period),
        runs=queries.runs(period),
        errors=queries.errors(period),
        calls=queries.calls(period),
        uncalibrated=queries.uncalibrated(),
        waivers=waivers_in_force(now),
    )


def _only(rows: Sequence[RowT], is_it: Callable[[RowT], bool]) -> RowT | None:
    return next((row for row in rows if is_it(row)), None)
