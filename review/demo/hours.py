"""The hours in which the demo company answers mail. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from review.service.calendar import Calendar, Stretch
from review.service.writing import Closed

ZONE = ZoneInfo("Europe/Berlin")
WEEK = (
    *(Stretch(weekday=day, opens_at=time(8), closes_at=time(20)) for day in range(5)),
    Stretch(weekday=5, opens_at=time(10), closes_at=time(16)),
)
# Its past is lived through without holidays: wherever it falls, its weeks are ordinary ones.
ORDINARY = Calendar(zone=ZONE, week=WEEK)
HOLIDAYS = {
    (1, 1): "New Year’s Day",
    (5, 1): "Labour Day",
    (10, 3): "Day of German Unity",
    (12, 25): "Christmas Day",
    (12, 26): "Second day of Christmas",
}


def after_working(start: datetime, work: timedelta) -> datetime:
    """Return the moment at which so much working time has passed since the start, in UTC."""
    return ORDINARY.after(start, work)


def local(day: date, hour: int, minute: int) -> datetime:
    """Return that local time as UTC."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def holidays(first_year: int, years: int) -> tuple[Closed, ...]:
    """Return the holidays of these years whose date never moves."""
    return tuple(
        Closed(day=date(year, month, day), name=name)
        for year in range(first_year, first_year + years)
        for (month, day), name in HOLIDAYS.items()
    )
