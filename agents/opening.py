"""Opening hours as a line of text, and whether a moment is in them. Pure.

`Mon–Fri 09:00–17:30; Sat 10:00–14:00`: days, then hours; 24:00 ends a day.
"""

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXAMPLE = "Mon–Fri 09:00–17:30; Sat 10:00–14:00"
WHOLE_DAY_MIN = 24 * 60

_PART = re.compile(
    rf"(?P<first>{'|'.join(DAYS)})[a-z]*(?:[-–](?P<last>{'|'.join(DAYS)})[a-z]*)? "
    r"(?P<hours>\d{1,2}:\d\d[-–]\d{1,2}:\d\d(?:, ?\d{1,2}:\d\d[-–]\d{1,2}:\d\d)*)"
)

Span = tuple[int, int, int]


class NotHours(ValueError):
    """What was written is no opening hours; the message says how to write them."""


@lru_cache(maxsize=256)
def spans(week: str) -> tuple[Span, ...]:
    """Return (weekday, opening, closing) in minutes of the day, 0 being Monday. Raises NotHours."""
    found: list[Span] = []
    for part in filter(None, (part.strip().lower() for part in week.split(";"))):
        match = _PART.fullmatch(" ".join(part.split()))
        if not match:
            raise NotHours(f"“{part[:40]}” is no opening hours. Write {EXAMPLE}.")
        first, last = DAYS.index(match["first"]), DAYS.index(match["last"] or match["first"])
        days = range(first, last + 1) if last >= first else (*range(first, 7), *range(last + 1))
        for hours in match["hours"].split(","):
            opens, closes = map(_minutes, re.split("[-–]", hours.strip()))
            if closes <= opens:
                raise NotHours(f"“{hours.strip()}” closes before it opens; 24:00 ends a day.")
            found += [(day, opens, closes) for day in days]
    if not found:
        raise NotHours(f"Write opening hours such as {EXAMPLE}.")
    return tuple(found)


def is_open(week: str, zone: str, moment: datetime) -> bool:
    """Return whether the zone's clock at that moment is in the hours."""
    local = moment.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return any(
        day == local.weekday() and opens <= minute < closes for day, opens, closes in spans(week)
    )


def is_zone(name: str) -> bool:
    """Return whether this machine knows the time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _minutes(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour * 60 + minute > WHOLE_DAY_MIN or minute > 59:
        raise NotHours(f"{clock} is no time of the day.")
    return hour * 60 + minute
