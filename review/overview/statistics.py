"""Intervals and tests for counts. Pure, and without scipy, which takes seconds to import."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054
SIGNIFICANT = 0.05
# Below this many expected cases in a cell the normal approximation misleads.
LEAST_EXPECTED = 5
# Sums of equal chances differ in their last digits; Fisher's test must count them as equal.
EQUAL_ENOUGH = 1 + 1e-7


@dataclass(frozen=True, kw_only=True)
class Share:
    """`part` cases out of `whole`."""

    part: int
    whole: int

    @property
    def ratio(self) -> float | None:
        """The share in [0, 1]; None of no cases at all."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval; of no cases at all it is everything."""
        if not self.whole:
            return 0.0, 1.0
        ratio = self.part / self.whole
        weight = Z_95**2 / self.whole
        middle = (ratio + weight / 2) / (1 + weight)
        half = Z_95 * math.sqrt((ratio * (1 - ratio) + weight / 4) / self.whole) / (1 + weight)
        # At both ends the bound is the share itself; rounding must not move it.
        low = 0.0 if self.part == 0 else middle - half
        high = 1.0 if self.part == self.whole else middle + half
        return low, high

    @property
    def rest(self) -> "Share":
        """The cases that are not part of it."""
        return Share(part=self.whole - self.part, whole=self.whole)

    def __add__(self, other: "Share") -> "Share":
        return Share(part=self.part + other.part, whole=self.whole + other.whole)


def difference_p(one: Share, other: Share) -> float:
    """Return how likely shares at least as far apart are by chance alone, two-sided.

    A pooled z-test; Fisher's exact test where fewer than five cases are expected in a cell.
    Without cases on both sides nothing can be said: 1.
    """
    if not one.whole or not other.whole:
        return 1.0
    pooled = one + other
    expected = [
        size * count / pooled.whole
        for size in (one.whole, other.whole)
        for count in (pooled.part, pooled.rest.part)
    ]
    if min(expected) < LEAST_EXPECTED:
        return _fisher_p(one, other)
    ratio = pooled.part / pooled.whole
    error = math.sqrt(ratio * (1 - ratio) * (1 / one.whole + 1 / other.whole))
    distance = abs(one.part / one.whole - other.part / other.whole)
    return math.erfc(distance / error / math.sqrt(2))


def _fisher_p(one: Share, other: Share) -> float:
    pooled = one + other

    def chance(part: int) -> float:
        return math.exp(
            _log_choose(one.whole, part)
            + _log_choose(other.whole, pooled.part - part)
            - _log_choose(pooled.whole, pooled.part)
        )

    least = max(0, pooled.part - other.whole)
    most = min(pooled.part, one.whole)
    seen = chance(one.part) * EQUAL_ENOUGH
    return min(1.0, sum(p for part in range(least, most + 1) if (p := chance(part)) <= seen))


def _log_choose(size: int, part: int) -> float:
    return math.lgamma(size + 1) - math.lgamma(part + 1) - math.lgamma(size - part + 1)


def mix_p(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Return how likely two mixes at least as different are by chance alone (chi-square).

    Kinds too rare to expect five cases on both sides count as one kind together.
    """
    sizes = sum(one.values()), sum(other.values())
    if not all(sizes):
        return 1.0
    smaller = min(sizes) / sum(sizes)
    rare = [0, 0]
    columns = []
    for kind in one.keys() | other.keys():
        counts = one.get(kind, 0), other.get(kind, 0)
        if sum(counts) * smaller < LEAST_EXPECTED:
            rare = [rare[0] + counts[0], rare[1] + counts[1]]
        else:
            columns.append(counts)
    if sum(rare) * smaller >= LEAST_EXPECTED:
        columns.append((rare[0], rare[1]))
    if len(columns) < 2:
        return 1.0
    kept = sum(a for a, _ in columns), sum(b for _, b in columns)
    statistic = 0.0
    for counts in columns:
        for count, size in zip(counts, kept, strict=True):
            expected = size * sum(counts) / sum(kept)
            statistic += (count - expected) ** 2 / expected
    return chi_square_p(statistic, len(columns) - 1)


def chi_square_p(statistic: float, freedom: int) -> float:
    """Return the chance of a chi-square at least this large. freedom: at least 1.

    Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ / Γ(a + 1), from Q(1/2, x) = erfc(√x) or Q(1, x) = e⁻ˣ on.
    """
    x = statistic / 2
    if x <= 0:
        return 1.0
    a = 0.5 if freedom % 2 else 1.0
    total = math.erfc(math.sqrt(x)) if freedom % 2 else math.exp(-x)
    while a < freedom / 2:
        total += math.exp(a * math.log(x) - x - math.lgamma(a + 1))
        a += 1
    return min(1.0, total)


def holm(chances: Sequence[float]) -> list[float]:
    """Return the p-values, each corrected for how many were looked at (Holm's step-down)."""
    corrected = [0.0] * len(chances)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, chances[index] * (len(chances) - rank)))
        corrected[index] = highest
    return corrected
