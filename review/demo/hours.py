"""The hours in which the demo company answers mail, and working time counted in them. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
WEEKDAY = time(8), time(20)
SATURDAY = time(10), time(16)


def after_working(start: datetime, work: timedelta) -> datetime:
    """Return the moment at which so much working time has passed since the start, in UTC."""
    left = work
    for opens, closes in _openings(start.astimezone(ZONE).date()):
        begin = max(start.astimezone(UTC), opens)
        if begin >= closes:
            continue
        if begin + left <= closes:
            return begin + left
        left -= closes - begin
    raise AssertionError("the days never end")


def local(day: date, hour: int, minute: int) -> datetime:
    """Return that local time as UTC."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def _openings(day: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the opening and the closing of each working day from this one on, in UTC."""
    while True:
        hours = {5: SATURDAY, 6: None}.get(day.weekday(), WEEKDAY)
        if hours:
            opens, closes = (datetime.combine(day, hour, ZONE).astimezone(UTC) for hour in hours)
            yield opens, closes
        day += timedelta(days=1)
