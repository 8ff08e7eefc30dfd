"""What a service level means, said by examples. Pure."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise

from review.service.calendar import DAY, Calendar, Opening
from review.service.writing import Closed

WEEK = 7 * DAY
# Where the examples are looked for, from now on.
AHEAD = 4 * WEEK
# So long before closing comes the message of the first example.
BEFORE_CLOSING = timedelta(minutes=10)
MORNING = timedelta(hours=9)


def examples(
    calendar: Calendar,
    targets: Sequence[timedelta],
    holidays: Sequence[Closed],
    now: datetime,
) -> list[str]:
    """Return when messages of the coming days are due. targets: of an urgent, a usual, a low one.

    Nothing where the calendar is never open in the coming weeks.
    """
    urgent, usual, low = targets
    openings = [found for found in calendar.openings(now, now + AHEAD) if found[0] >= now]
    week = [found for found in openings if found[0] < openings[0][0] + WEEK]
    if not week:
        return []
    ordinary = _in_the_morning(week[0], calendar)
    said = [
        _said(
            "An urgent message of {}",
            _before_a_pause(openings[: len(week) + 1]) or ordinary,
            urgent,
            calendar,
        ),
        _said("Any other message of {}", ordinary, usual, calendar),
        _said("One of {} that can wait", ordinary, low, calendar),
    ]
    today = now.astimezone(calendar.zone).date()
    if coming := next((closed for closed in holidays if closed.day >= today), None):
        noon = datetime.combine(coming.day, time(12), calendar.zone)
        due = calendar.after(noon, usual).astimezone(calendar.zone)
        name = f"{coming.name}, " if coming.name else ""
        said.append(f"A message of {name}{_dated(noon, now)}, is due {_dated(due, now)}.")
    return said


def _in_the_morning(opening: Opening, calendar: Calendar) -> datetime:
    """Return nine o'clock of the opening's day, else the middle of the opening."""
    opens, closes = opening
    midnight = datetime.combine(opens.astimezone(calendar.zone).date(), time(), calendar.zone)
    morning = midnight + MORNING
    return morning if opens <= morning < closes else opens + (closes - opens) / 2


def _before_a_pause(openings: Sequence[Opening]) -> datetime | None:
    """Return a moment shortly before the longest time closed; None where there is none."""
    pauses = [(after[0] - before[1], before) for before, after in pairwise(openings)]
    pause, (opens, closes) = max(pauses, default=(timedelta(0), openings[0]))
    return max(closes - BEFORE_CLOSING, opens) if pause else None


def _said(who: str, came_in: datetime, target: timedelta, calendar: Calendar) -> str:
    local = came_in.astimezone(calendar.zone)
    due = calendar.after(came_in, target).astimezone(calendar.zone)
    is_near = due.date() - local.date() < WEEK
    when = f"{due:%A %H:%M}" if is_near else _dated(due, local)
    return f"{who.format(f'{local:%A %H:%M}')} is due {when}."


def _dated(moment: datetime, now: datetime) -> str:
    """Return `Friday 25 December 12:00`, with the year where it is another one."""
    year = f" {moment.year}" if moment.year != now.year else ""
    return f"{moment:%A} {moment.day} {moment:%B}{year} {moment:%H:%M}"
