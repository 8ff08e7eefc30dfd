"""Intervals for pairs: the same case under live and under the candidate. Pure, no numpy or scipy.

Every case is its own control, so only what differs within a pair counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from review.overview.statistics import Z_95

# A quantile of Student's t by the first terms of its expansion is good to 0.01 from here on.
LEAST_FOR_T = 5


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its 95 % interval, made of so many pairs."""

    value: float
    low: float
    high: float
    pairs: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True)
class Discordance:
    """Pairs of yes and no. gained: only the candidate says yes; lost: only live does."""

    pairs: int
    gained: int
    lost: int

    def __add__(self, other: "Discordance") -> "Discordance":
        return Discordance(
            pairs=self.pairs + other.pairs,
            gained=self.gained + other.gained,
            lost=self.lost + other.lost,
        )


def discordance(pairs: Sequence[tuple[bool, bool]]) -> Discordance:
    """Return what the pairs of (live, candidate) differ in."""
    return Discordance(
        pairs=len(pairs),
        gained=sum(after and not before for before, after in pairs),
        lost=sum(before and not after for before, after in pairs),
    )


def share_difference(of: Discordance) -> Estimate | None:
    """Return the candidate's share less live's, in [-1, 1]; None without a pair.

    Bonett and Price's interval: Wald's after one case is added to each side, which holds its 95 %
    where few pairs or none differ. The value itself is as counted.
    """
    if not of.pairs:
        return None
    size = of.pairs + 2
    gained, lost = (of.gained + 1) / size, (of.lost + 1) / size
    half = Z_95 * math.sqrt((gained + lost - (gained - lost) ** 2) / size)
    middle = gained - lost
    value = (of.gained - of.lost) / of.pairs
    return Estimate(
        value=value,
        low=max(-1.0, min(value, middle - half)),
        high=min(1.0, max(value, middle + half)),
        pairs=of.pairs,
    )


def mean_difference(pairs: Sequence[tuple[float, float]]) -> Estimate | None:
    """Return the mean of candidate less live, by Student's t; None with under five pairs."""
    return _mean([after - before for before, after in pairs])


def mean_ratio(pairs: Sequence[tuple[float, float]]) -> Estimate | None:
    """Return candidate's mean over live's, for what is added up, such as money; None if unknown.

    The interval is that of the logarithm by the delta method.
    """
    size = len(pairs)
    before, after = (_average([pair[side] for pair in pairs]) for side in (0, 1))
    if size < LEAST_FOR_T or before <= 0 or after <= 0:
        return None
    # How far each pair is from the ratio, relative to both means.
    spread = [two / after - one / before for one, two in pairs]
    half = student_t(size - 1) * math.sqrt(sum(x * x for x in spread) / (size - 1) / size)
    return _ratio(math.log(after / before), half, size)


def typical_ratio(pairs: Sequence[tuple[float, float]]) -> Estimate | None:
    """Return the typical (geometric mean) ratio of candidate to live, for times; None if unknown.

    One case that hung moves it little.
    """
    logs = [math.log(after / before) for before, after in pairs if before > 0 and after > 0]
    mean = _mean(logs)
    return _ratio(mean.value, mean.high - mean.value, mean.pairs) if mean else None


def student_t(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t (Cornish and Fisher). freedom: at least 4."""
    z, n = Z_95, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def _mean(values: Sequence[float]) -> Estimate | None:
    size = len(values)
    if size < LEAST_FOR_T:
        return None
    mean = _average(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (size - 1))
    half = student_t(size - 1) * spread / math.sqrt(size)
    return Estimate(value=mean, low=mean - half, high=mean + half, pairs=size)


def _average(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _ratio(log: float, half: float, pairs: int) -> Estimate:
    return Estimate(
        value=math.exp(log), low=math.exp(log - half), high=math.exp(log + half), pairs=pairs
    )
