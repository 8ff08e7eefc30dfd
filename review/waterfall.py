"""Where the bars of a waterfall stand: work to scale, long idle stretches shortened. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

Stretch = tuple[datetime, datetime]

# An idle stretch is drawn no longer than this share of all work together.
LONGEST_IDLE_SHARE = 0.15
# Of the whole width; a thinner bar could not be seen.
LEAST_WIDTH = 0.8


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar's place, in percent of the width, as SVG attributes take it."""

    x: str
    width: str


class Scale:
    """Places moments between the first and the last on a width of 100.

    is_shortened: whether an idle stretch is drawn shorter than it was.
    """

    def __init__(self, start: datetime, end: datetime, work: Iterable[Stretch]) -> None:
        busy = list(_merged(work, start, end))
        longest_idle_s = LONGEST_IDLE_SHARE * sum(map(_seconds, busy)) or float("inf")
        self.is_shortened = False
        self._moments, self._places = [start], [0.0]
        for begin, finish in [*busy, (end, end)]:
            idle_s = _seconds((self._moments[-1], begin))
            self.is_shortened |= idle_s > longest_idle_s
            self._add(begin, min(idle_s, longest_idle_s))
            self._add(finish, _seconds((begin, finish)))

    def bar(self, start: datetime, end: datetime) -> Bar:
        """Return the bar of what lasted from start to end, wide enough to be seen."""
        x = min(self.at(start), 100 - LEAST_WIDTH)
        width = min(max(self.at(end) - x, LEAST_WIDTH), 100 - x)
        return Bar(x=f"{x:.2f}%", width=f"{width:.2f}%")

    def at(self, moment: datetime) -> float:
        """Return the moment's place in [0, 100]."""
        whole = self._places[-1]
        if not whole or moment <= self._moments[0]:
            return 0.0
        after = bisect_right(self._moments, moment)
        if after == len(self._moments):
            return 100.0
        before = after - 1
        length_s = _seconds((self._moments[before], self._moments[after]))
        share = _seconds((self._moments[before], moment)) / length_s
        place = self._places[before] + share * (self._places[after] - self._places[before])
        return 100 * place / whole

    def _add(self, moment: datetime, length: float) -> None:
        self._moments.append(moment)
        self._places.append(self._places[-1] + length)


def _merged(work: Iterable[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield the stretches in order, those that touch or overlap as one, within start and end."""
    last: Stretch | None = None
    for begin, finish in sorted(work):
        inside = min(max(begin, start), end), min(max(finish, start), end)
        if last is not None and inside[0] <= last[1]:
            last = last[0], max(last[1], inside[1])
            continue
        if last is not None:
            yield last
        last = inside
    if last is not None:
        yield last


def _seconds(stretch: Stretch) -> float:
    return (stretch[1] - stretch[0]).total_seconds()
