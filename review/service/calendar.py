"""Working time: when a queue is open, and time counted in those hours. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# No promise reaches further, so that counting ends whatever a calendar says.
HORIZON = timedelta(days=3650)

Opening = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True, order=True)
class Stretch:
    """Hours of a weekday, 0 being Monday. A closing at 00:00 is the end of the day."""

    weekday: int
    opens_at: time
    closes_at: time


WHOLE_WEEK = tuple(
    Stretch(weekday=weekday, opens_at=time(), closes_at=time()) for weekday in range(7)
)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The hours of a week in a time zone, less the holidays; stretches of a day do not overlap.

    Where clocks jump over an opening or a closing, it is at the jump; where an hour comes twice,
    it is at the first time. What is counted is real time: such a day is longer or shorter.
    """

    zone: ZoneInfo
    week: tuple[Stretch, ...] = WHOLE_WEEK
    holidays: frozenset[date] = frozenset()
    _days: dict[date, tuple[Opening, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def after(self, start: datetime, work: timedelta) -> datetime:
        """Return the first moment by which so much working time has passed, in UTC."""
        left, start = work, start.astimezone(UTC)
        if left <= timedelta(0) or self._is_never_closed:
            return start + left
        for opens, closes in self.openings(start, start + HORIZON):
            if (open_for := closes - max(start, opens)) >= left:
                return max(start, opens) + left
            left -= max(open_for, timedelta(0))
        return start + HORIZON

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies between the two moments; none if they are reversed."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if self._is_never_closed:
            return max(end - start, timedelta(0))
        spans = (
            min(end, closes) - max(start, opens) for opens, closes in self.openings(start, end)
        )
        return sum((span for span in spans if span > timedelta(0)), timedelta(0))

    def opening_at(self, moment: datetime) -> Opening | None:
        """Return the opening that holds the moment, in UTC; None while it is closed."""
        openings = self.openings(moment, moment)
        return next((found for found in openings if found[0] <= moment < found[1]), None)

    def openings(self, start: datetime, end: datetime) -> Iterator[Opening]:
        """Yield the openings of the local days from one moment's to the other's, in order."""
        day = start.astimezone(self.zone).date()
        # One day more: clocks set back at midnight return to a date that was over.
        last = end.astimezone(self.zone).date() + DAY
        while day <= last:
            if day not in self._days:
                self._days[day] = tuple(self._of(day))
            yield from self._days[day]
            day += DAY

    @property
    def _is_never_closed(self) -> bool:
        return self.week == WHOLE_WEEK and not self.holidays

    def _of(self, day: date) -> Iterator[Opening]:
        if day in self.holidays:
            return
        for stretch in sorted(self.week):
            if stretch.weekday == day.weekday():
                last_day = day if stretch.closes_at > time() else day + DAY
                yield (
                    _moment(day, stretch.opens_at, self.zone),
                    _moment(last_day, stretch.closes_at, self.zone),
                )


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return when the zone's clocks first show that time of the day or a later one, in UTC."""
    local = datetime.combine(day, clock, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # Clocks jump over it. The jump lies between the two ways to read that time.
    before, after = local.replace(fold=1).astimezone(UTC), moment
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
