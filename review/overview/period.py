"""Which days a figure speaks of. Pure; days are whole days of the installation's time zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

WEEKS_SHOWN = 8
DAYS_SHOWN = 28
BASELINE_DAYS = 28
LENGTHS = (7, 28)


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days, the first to the last; today is the last one of a period that still runs.

    query: what asks for it in an address. name: as a sentence says it.
    """

    first: date
    last: date
    zone: tzinfo
    query: str
    name: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_week(self) -> bool:
        """Whether it is a calendar week rather than the last so many days."""
        return self.query.startswith("week=")

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def previous_first(self) -> date:
        """First of the days it is compared with: as many as its own, right before it."""
        return self.first - timedelta(days=self.days)

    @property
    def baseline_first(self) -> date:
        """First of the four weeks before it, the yardstick of what chance does."""
        return self.first - timedelta(days=BASELINE_DAYS)

    @property
    def shown_first(self) -> date:
        """First of the days that the charts by day show, up to its last."""
        return self.last - timedelta(days=DAYS_SHOWN - 1)

    @property
    def weeks_first(self) -> date:
        """The Monday from which the chart by weeks runs."""
        return monday(self.last) - timedelta(weeks=WEEKS_SHOWN - 1)

    @property
    def history_first(self) -> date:
        """First day that any figure on the page speaks of."""
        return min(self.weeks_first, self.baseline_first, self.previous_first)

    @property
    def previous_name(self) -> str:
        return "the week before" if self.days == 7 else f"the {self.days} days before"


def period_of(asked: Mapping[str, str], today: date, zone: tzinfo) -> Period:
    """Return the period that an address asks for: `week=2026-W47` or `days=7`, else 7 days."""
    if re.fullmatch(r"\d{4}-W\d\d", week := asked.get("week", "")):
        try:
            first = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
        except ValueError:
            first = today + timedelta(days=1)
        if first <= today and first.year >= 2000:
            return Period(
                first=first,
                last=min(first + timedelta(days=6), today),
                zone=zone,
                query=f"week={week}",
                name=f"the week of {first.day} {first:%B}",
            )
    days = next((days for days in LENGTHS if asked.get("days") == str(days)), LENGTHS[0])
    return Period(
        first=today - timedelta(days=days - 1),
        last=today,
        zone=zone,
        query=f"days={days}",
        name=f"the last {days} days",
    )


def week_query(day: date) -> str:
    """Return what asks for the week of the day, in an address."""
    year, week, _ = day.isocalendar()
    return f"week={year}-W{week:02}"


def monday(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the day's first moment."""
    return datetime.combine(day, time(), zone)
