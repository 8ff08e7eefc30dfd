"""How the console says when something is due, and how long something took. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from review.service.calendar import DAY

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
COMING_DAYS = timedelta(days=6)  # among them, a weekday names one day
SOON = timedelta(minutes=15)
SOON_RATIO = 0.2

State = Literal["late", "soon", ""]


def left(due: datetime, now: datetime) -> str:
    """Return the time until then, rounded down: `in 38 min`, `in 3 h`, `4 min over`, `Mon 09:25`.

    A moment is named in `due`'s own time zone.
    """
    span = _between(now, due)
    if abs(span) < MINUTE:
        return "due now"
    if span < timedelta(0):
        return f"{_whole(-span)} over"
    return f"in {_whole(span)}" if span < DAY else day_and_time(due, now)


def until(moment: datetime, now: datetime) -> str:
    """Return `until 14:00`, `until Mon 09:25`: named in the moment's own time zone."""
    is_today = moment.date() == now.astimezone(moment.tzinfo).date()
    return f"until {moment:%H:%M}" if is_today else f"until {day_and_time(moment, now)}"


def day_and_time(moment: datetime, now: datetime) -> str:
    """Return `Mon 09:25`, or `4 Dec 09:25` beyond the coming week."""
    if abs(_between(now, moment)) < COMING_DAYS:
        return f"{moment:%a %H:%M}"
    return f"{moment.day} {moment:%b %H:%M}"


def state(due: datetime, now: datetime, target: timedelta) -> State:
    """Return how pressing it is: `soon` is the last quarter of an hour or fifth of the target."""
    span = _between(now, due)
    if span <= timedelta(0):
        return "late"
    return "soon" if span <= max(SOON, target * SOON_RATIO) else ""


def worked(span: timedelta) -> str:
    """Return working time: `under a minute`, `38 min`, `3 h 10 min`, `26 h`; never in days."""
    minutes = round(span / MINUTE)
    if minutes < 1:
        return "under a minute"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"


def listed(parts: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _between(start: datetime, end: datetime) -> timedelta:
    # Two moments of one zone would be subtracted as their clocks show them, set back or not.
    return end.astimezone(UTC) - start.astimezone(UTC)


def _whole(span: timedelta) -> str:
    """Return whole minutes, hours or days of it, rounded down: never more than there is."""
    if span < HOUR:
        return f"{span // MINUTE} min"
    if span < 2 * DAY:
        return f"{span // HOUR} h"
    return f"{span // DAY} days"
