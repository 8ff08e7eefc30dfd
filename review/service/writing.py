"""Hours, targets and holidays as a person writes them down. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from review.service.calendar import Stretch

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIDNIGHT = time()
LONGEST_MIN = 30 * 24 * 60
MOST_HOLIDAYS = 200
LONGEST_NAME = 80
EARLIEST_YEAR, LATEST_YEAR = 2000, 2199

_STRETCH = re.compile(
    r"(\d{1,2})(?:[:.](\d\d))? ?(?:-|–|—|to) ?(\d{1,2})(?:[:.](\d\d))?", re.IGNORECASE
)
_DURATION = re.compile(r"(?:(\d{1,4}) ?h)? ?(?:(\d{1,6}) ?(?:m|min)?)?", re.IGNORECASE)


class NotUnderstood(ValueError):
    """What was written is not what it should be; the message says how to write it."""


@dataclass(frozen=True, kw_only=True, order=True)
class Closed:
    """A holiday."""

    day: date
    name: str


def stretches(weekday: int, text: str) -> tuple[Stretch, ...]:
    """Return the hours of a day written as `08:00–12:00, 13:00–24:00`; none for an empty text."""
    found = sorted(
        _stretch(weekday, part.strip()) for part in re.split("[,;]", text) if part.strip()
    )
    for one, other in pairwise(found):
        if one.closes_at == MIDNIGHT or other.opens_at < one.closes_at:
            raise NotUnderstood(f"{hours([one])} and {hours([other])} overlap.")
    return tuple(found)


def hours(of_day: Sequence[Stretch]) -> str:
    """Return `08:00–12:00, 13:00–24:00`, as `stretches` reads it."""
    return ", ".join(f"{one.opens_at:%H:%M}–{closing(one)}" for one in of_day)


def week(open_in: Sequence[Stretch]) -> str:
    """Return `Mon–Fri 08:00–20:00; Sat 10:00–16:00`, or `always` for a week without hours."""
    by_day = [hours([one for one in open_in if one.weekday == day]) for day in range(7)]
    spans: list[tuple[int, int]] = []
    for day in range(7):
        if spans and by_day[day] == by_day[day - 1]:
            spans[-1] = spans[-1][0], day
        else:
            spans.append((day, day))
    said = [
        f"{DAYS[first]}–{DAYS[last]} {by_day[first]}"
        if last > first
        else f"{DAYS[first]} {by_day[first]}"
        for first, last in spans
        if by_day[first]
    ]
    return "; ".join(said) or "always"


def closing(stretch: Stretch) -> str:
    """Return when it closes, the end of the day as 24:00."""
    return "24:00" if stretch.closes_at == MIDNIGHT else f"{stretch.closes_at:%H:%M}"


def minutes(text: str) -> int:
    """Return the minutes written as `45 min`, `1 h`, `1 h 30 min` or `90`."""
    match = _DURATION.fullmatch(" ".join(text.split()))
    if not match or not any(match.groups()):
        raise NotUnderstood("Write a time such as 45 min, 8 h or 1 h 30 min.")
    found = int(match[1] or 0) * 60 + int(match[2] or 0)
    if not 1 <= found <= LONGEST_MIN:
        raise NotUnderstood(f"From 1 min to {LONGEST_MIN // 60} h of open hours.")
    return found


def duration(of_minutes: int) -> str:
    """Return `45 min`, `8 h` or `1 h 30 min`, as `minutes` reads it."""
    whole, rest = divmod(of_minutes, 60)
    return " ".join(
        part for part in (f"{whole} h" if whole else "", f"{rest} min" if rest else "") if part
    )


def holidays(text: str) -> tuple[Closed, ...]:
    """Return the days written one a line as `2026-12-25 Christmas Day`, in their order."""
    found: dict[date, Closed] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        day, _, name = line.strip().partition(" ")
        try:
            closed = Closed(day=date.fromisoformat(day), name=name.strip())
        except ValueError:
            raise NotUnderstood(
                f"Line {number}: “{day[:20]}” is no date. Write 2026-12-25 Christmas Day."
            ) from None
        if not EARLIEST_YEAR <= closed.day.year <= LATEST_YEAR:
            raise NotUnderstood(
                f"Line {number}: a year from {EARLIEST_YEAR} to {LATEST_YEAR} is needed."
            )
        if len(closed.name) > LONGEST_NAME:
            raise NotUnderstood(f"Line {number}: the name is over {LONGEST_NAME} characters long.")
        if closed.day in found:
            raise NotUnderstood(f"Line {number}: {day} is there twice.")
        found[closed.day] = closed
    if len(found) > MOST_HOLIDAYS:
        raise NotUnderstood(f"At most {MOST_HOLIDAYS} days.")
    return tuple(sorted(found.values()))


def holiday_lines(days: Sequence[Closed]) -> str:
    """Return the days one a line, as `holidays` reads them."""
    return "\n".join(f"{closed.day.isoformat()} {closed.name}".strip() for closed in days)


def _stretch(weekday: int, text: str) -> Stretch:
    match = _STRETCH.fullmatch(" ".join(text.split()))
    if not match:
        raise NotUnderstood(f"“{text[:40]}” is not understood. Write 08:00–12:00, 13:00–18:00.")
    opens, closes = _clock(match[1], match[2]), _clock(match[3], match[4])
    if closes <= opens:
        raise NotUnderstood(
            f"“{text}” closes before it opens. Hours past midnight belong to the next day: "
            "let this one end at 24:00."
        )
    return Stretch(weekday=weekday, opens_at=_time(opens), closes_at=_time(closes))


def _clock(hour: str, minute: str | None) -> int:
    """Return the minutes since midnight, up to 24:00."""
    found = int(hour) * 60 + int(minute or 0)
    if found > 24 * 60 or int(minute or 0) > 59:
        raise NotUnderstood(f"{hour}:{minute or '00'} is no time of the day.")
    return found


def _time(since_midnight: int) -> time:
    return time(since_midnight // 60 % 24, since_midnight % 60)
