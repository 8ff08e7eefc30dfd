"""The overview's intervals and tests agree with scipy's, and its periods with the calendar."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from review.overview import words
from review.overview.period import period_of, week_query
from review.overview.statistics import Share, chi_square_p, difference_p, holm, mix_p

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = date(2026, 11, 22)

shares = st.integers(0, 400).flatmap(
    lambda whole: st.builds(Share, part=st.integers(0, whole), whole=st.just(whole))
)


@given(shares)
def test_an_interval_holds_its_share_and_is_a_share(share: Share) -> None:
    low, high = share.interval
    assert 0 <= low <= high <= 1
    if share.ratio is not None:
        assert low <= share.ratio <= high


@pytest.mark.parametrize(("part", "whole"), [(0, 3), (2, 3), (3, 3), (86, 100), (1035, 1204)])
def test_wilson_is_scipys(part: int, whole: int) -> None:
    theirs = stats.binomtest(part, whole).proportion_ci(method="wilson")
    assert Share(part=part, whole=whole).interval == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize(
    ("one", "other"), [((41, 100), (88, 400)), ((7, 60), (30, 61)), ((50, 100), (50, 100))]
)
def test_many_cases_are_tested_as_scipys_chi_square(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    table = [[part, whole - part] for part, whole in (one, other)]
    theirs = stats.chi2_contingency(table, correction=False)[1]
    assert _p(one, other) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("one", "other"), [((3, 10), (10, 12)), ((0, 5), (5, 5)), ((1, 400), (4, 90)), ((0, 9), (0, 7))]
)
def test_few_cases_are_tested_as_scipys_fisher(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    table = [[part, whole - part] for part, whole in (one, other)]
    assert _p(one, other) == pytest.approx(stats.fisher_exact(table)[1])


def _p(one: tuple[int, int], other: tuple[int, int]) -> float:
    (part, whole), (other_part, other_whole) = one, other
    return difference_p(Share(part=part, whole=whole), Share(part=other_part, whole=other_whole))


@given(shares, shares)
def test_a_chance_is_the_same_from_both_sides(one: Share, other: Share) -> None:
    p = difference_p(one, other)
    assert 0 <= p <= 1
    assert p == pytest.approx(difference_p(other, one))
    assert p == pytest.approx(difference_p(one.rest, other.rest))


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 17])
@pytest.mark.parametrize("statistic", [0.0, 0.4, 3.84, 25.0])
def test_chi_square_is_scipys(statistic: float, freedom: int) -> None:
    assert chi_square_p(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom))


def test_the_mix_is_tested_as_a_whole_and_rare_kinds_together() -> None:
    one = {"delivery": 10, "invoice": 20, "returns": 30, "rare": 3, "rarer": 3, "rarest": 1}
    other = {"delivery": 40, "invoice": 50, "returns": 66, "rare": 11, "rarer": 12, "rarest": 7}
    table = [[10, 20, 30, 7], [40, 50, 66, 30]]
    assert mix_p(one, other) == pytest.approx(stats.chi2_contingency(table)[1])
    assert mix_p({}, other) == mix_p({"delivery": 3}, {"delivery": 90}) == 1


def test_looking_at_many_categories_asks_more_of_each() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1)))
def test_a_corrected_chance_is_never_smaller_and_keeps_the_order(chances: list[float]) -> None:
    corrected = holm(chances)
    assert all(p <= q <= 1 for p, q in zip(chances, corrected, strict=True))
    assert [q for _, q in sorted(zip(chances, corrected, strict=True))] == sorted(corrected)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({}, date(2026, 11, 16), SUNDAY),
        ({"days": "28"}, date(2026, 10, 26), SUNDAY),
        ({"days": "9"}, date(2026, 11, 16), SUNDAY),
        ({"week": "2026-W46"}, date(2026, 11, 9), date(2026, 11, 15)),
        ({"week": "2026-W47"}, date(2026, 11, 16), SUNDAY),
        ({"week": "2026-W48"}, date(2026, 11, 16), SUNDAY),
        ({"week": "2026-W99"}, date(2026, 11, 16), SUNDAY),
        ({"week": "0001-W01"}, date(2026, 11, 16), SUNDAY),
    ],
)
def test_what_an_address_asks_for(asked: dict[str, str], first: date, last: date) -> None:
    period = period_of(asked, SUNDAY, BERLIN)
    assert (period.first, period.last) == (first, last)


def test_a_period_begins_at_local_midnight_through_a_change_of_clocks() -> None:
    period = period_of({"week": "2026-W43"}, SUNDAY, BERLIN)
    assert period.start.isoformat() == "2026-10-19T00:00:00+02:00"
    assert period.end.isoformat() == "2026-10-26T00:00:00+01:00"
    assert week_query(date(2026, 10, 25)) == "week=2026-W43"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "–"), (2, 3, "2 of 3"), (3, 3, "3 of 3"), (86, 100, "86 %"), (999, 1000, "over 99 %"),
     (1, 1000, "under 1 %"), (0, 50, "0 %")],
)  # fmt: skip
def test_a_share_never_promises_more_than_it_knows(part: int, whole: int, said: str) -> None:
    assert words.share(Share(part=part, whole=whole)).replace(words.THIN, " ") == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "–"), (0.31, "310 ms"), (2.14, "2.1 s"), (59.99, "1 min"), (840, "14 min"),
     (4800, "1 h 20 min"), (86399, "1.0 days"), (86400 * 12, "12 days")],
)  # fmt: skip
def test_a_duration_is_read_at_a_glance(seconds: float | None, said: str) -> None:
    assert words.duration(seconds).replace(words.THIN, " ") == said
