"""A queue's service level: what it promises and when it is open."""

from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from review.models import Queue
from review.service import writing
from review.service.calendar import WHOLE_WEEK, Calendar, Stretch
from review.service.writing import Closed


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Targets in working minutes; week: empty is always open."""

    urgent_min: int
    normal_min: int
    low_min: int
    time_zone: str
    week: tuple[Stretch, ...]
    holidays: tuple[Closed, ...]

    @property
    def calendar(self) -> Calendar:
        return Calendar(
            zone=zone_called(self.time_zone),
            week=self.week or WHOLE_WEEK,
            holidays=frozenset(closed.day for closed in self.holidays),
        )

    @property
    def targets(self) -> tuple[timedelta, timedelta, timedelta]:
        """Of an urgent message, of a usual one, and of one that can wait."""
        urgent, usual, low = self.urgent_min, self.normal_min, self.low_min
        return timedelta(minutes=urgent), timedelta(minutes=usual), timedelta(minutes=low)

    def with_hours_of(self, other: "Levels") -> "Levels":
        """Return these targets in the other's zone, hours and holidays."""
        return replace(self, time_zone=other.time_zone, week=other.week, holidays=other.holidays)

    def as_lines(self) -> dict[str, str]:
        """Return it as a person reads it."""
        minutes = (self.urgent_min, self.normal_min, self.low_min)
        return {
            "targets": ", ".join(map(writing.duration, minutes)),
            "time_zone": self.time_zone,
            "hours": writing.week(self.week),
            "holidays": writing.holiday_lines(self.holidays),
        }


def levels_of(queue: Queue) -> Levels:
    """Return the queue's service level; no query where hours and holidays were prefetched."""
    week = [
        Stretch(weekday=row.weekday, opens_at=row.opens_at, closes_at=row.closes_at)
        for row in queue.business_hours.all()
    ]
    holidays = [Closed(day=row.day, name=row.name) for row in queue.holidays.all()]
    return Levels(
        urgent_min=queue.target_urgent_min,
        normal_min=queue.target_normal_min,
        low_min=queue.target_low_min,
        time_zone=queue.time_zone,
        week=tuple(sorted(week)),
        holidays=tuple(sorted(holidays)),
    )


def zone_called(name: str) -> ZoneInfo:
    """Return the time zone; UTC in place of one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of zones
        return ZoneInfo("UTC")
