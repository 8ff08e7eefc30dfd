"""Intervals for pairs, the gate and its sentences: tables and what must hold of any numbers."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.overview.statistics import Share
from review.staging.gate import LEAST_PAIRS, MARGIN, Score, gate_of, points, signed, summary_of
from review.staging.sampling import is_sampled
from review.staging.statistics import (
    Discordance,
    discordance,
    mean_difference,
    mean_ratio,
    share_difference,
    student_t,
    typical_ratio,
)

PAIRS = st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 1e4)), min_size=5, max_size=60)


def score(
    live: int, candidate: int, pairs: int, *, both: int | None = None, **other: object
) -> Score:
    """A score of so many successes, as alike as can be unless `both` says in how many both do."""
    same = min(live, candidate) if both is None else both
    fields: dict[str, object] = {
        "live": Share(part=live, whole=pairs),
        "candidate": Share(part=candidate, whole=pairs),
        "differs": Discordance(pairs=pairs, gained=candidate - same, lost=live - same),
        "is_over": True,
        "errors": Share(part=0, whole=pairs),
    }
    return Score(**{**fields, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (239, 1.970), (100_000, 1.960)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert student_t(freedom) == pytest.approx(quantile, abs=0.01)


@pytest.mark.parametrize(
    ("gained", "lost", "pairs", "low", "high"),
    [
        # By hand: (gained + 1, lost + 1) of pairs + 2, then Wald's.
        (12, 8, 240, -0.0214, 0.0545),
        (0, 0, 54, -0.0495, 0.0495),
        (5, 0, 50, -0.0001, 0.1924),
    ],
)
def test_a_difference_of_shares_has_bonett_and_prices_interval(
    gained: int, lost: int, pairs: int, low: float, high: float
) -> None:
    found = share_difference(Discordance(pairs=pairs, gained=gained, lost=lost))
    assert found is not None
    assert found.value == pytest.approx((gained - lost) / pairs)
    assert found.low == pytest.approx(low, abs=5e-4)
    assert found.high == pytest.approx(high, abs=5e-4)


def test_its_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    chance, held, tries = random.Random(7), 0, 2_000  # noqa: S311 - no secret
    for _ in range(tries):
        drawn = [(chance.random() < 0.8, chance.random() < 0.85) for _ in range(80)]
        found = share_difference(discordance(drawn))
        assert found is not None
        held += found.low <= 0.05 <= found.high
    assert 0.93 < held / tries < 0.98


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_exchanging_the_sides_turns_the_difference_round(pairs: list[tuple[bool, bool]]) -> None:
    there = share_difference(discordance(pairs))
    back = share_difference(discordance([(after, before) for before, after in pairs]))
    assert there is not None
    assert back is not None
    assert there.value == pytest.approx(-back.value)
    assert there.low == pytest.approx(-back.high)
    assert -1 <= there.low <= there.value <= there.high <= 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(100, 1000))
def test_more_pairs_of_the_same_kind_narrow_the_interval(
    gained: int, lost: int, pairs: int
) -> None:
    one = Discordance(pairs=pairs, gained=gained, lost=lost)
    narrow, wide = share_difference(one + one), share_difference(one)
    assert narrow is not None
    assert wide is not None
    assert narrow.high - narrow.low <= wide.high - wide.low


def test_a_mean_difference_is_students() -> None:
    found = mean_difference([(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)])
    assert found is not None
    assert found.value == pytest.approx(3)
    assert found.high - 3 == pytest.approx(2.776 * math.sqrt(2.5 / 5), abs=0.02)


@given(PAIRS)
def test_ratios_turn_round_and_hold_their_value(pairs: list[tuple[float, float]]) -> None:
    for ratio in (mean_ratio, typical_ratio):
        there, back = ratio(pairs), ratio([(after, before) for before, after in pairs])
        assert there is not None
        assert back is not None
        assert there.value == pytest.approx(1 / back.value)
        assert 0 < there.low <= there.value * (1 + 1e-9)
        assert there.value <= there.high * (1 + 1e-9)


@given(PAIRS, st.floats(0.1, 10))
def test_a_candidate_twice_as_dear_in_each_case_is_twice_as_dear(
    pairs: list[tuple[float, float]], factor: float
) -> None:
    scaled = [(before, before * factor) for before, _ in pairs]
    for ratio in (mean_ratio, typical_ratio):
        found = ratio(scaled)
        assert found is not None
        assert found.low == pytest.approx(factor)
        assert found.high == pytest.approx(factor)


def test_too_few_pairs_make_no_interval() -> None:
    assert share_difference(Discordance(pairs=0, gained=0, lost=0)) is None
    for measure in (mean_difference, mean_ratio, typical_ratio):
        assert measure([(1, 2)] * 4) is None
    assert mean_ratio([(0, 0)] * 9) is None
    assert typical_ratio([(0, 1)] * 9) is None


@pytest.mark.parametrize(
    ("given", "word", "begins"),
    [
        (score(208, 212, 240, both=200), "pass", "No worse: 212 of 240 succeed against 208"),
        (score(180, 212, 240), "pass", "Better: "),
        (score(212, 180, 240), "fail", "Worse: "),
        (score(208, 200, 240, both=180), "few", "Too few to tell: 200 of 240"),
        (score(20, 29, 29), "few", "Too few to tell: 30 sent replies are needed, there are 29."),
        (score(0, 0, 0), "few", "Too few to tell: 30 sent replies are needed, there are none."),
        (score(208, 212, 240, is_over=False), "few", "Not all of its shadow runs"),
        (
            score(208, 212, 240, errors=Share(part=13, whole=240)),
            "fail",
            "13 of 240 shadow runs failed, 0 of live's.",
        ),
        (score(208, 212, 240, errors=Share(part=12, whole=240)), "pass", "No worse"),
        (score(20, 40, 60, errors=Share(part=9, whole=60), live_errors=9), "pass", "Better"),
    ],
)
def test_the_gate(given: Score, word: str, begins: str) -> None:
    gate = gate_of(given)
    assert (gate.word, gate.reason[: len(begins)]) == (word, begins)
    assert gate.is_open == (word == "pass")


def test_the_verdict_says_difference_and_interval() -> None:
    assert gate_of(score(208, 212, 240, both=200)).reason == (
        "No worse: 212 of 240 succeed against 208; difference +1.7 points, "
        "95\N{NO-BREAK SPACE}% interval \N{MINUS SIGN}2.1 to +5.4."
    )


@given(st.integers(LEAST_PAIRS, 500), st.data())
def test_no_candidate_passes_that_may_be_worse_by_more_than_the_margin(
    pairs: int, data: st.DataObject
) -> None:
    live, candidate = data.draw(st.integers(0, pairs)), data.draw(st.integers(0, pairs))
    given_score = score(live, candidate, pairs)
    found = given_score.difference
    assert found is not None
    assert gate_of(given_score).is_open == (found.low >= -MARGIN and found.high >= 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            score(208, 212, 240, edits_fewer=9, usd_less_a_day=0.9),
            "gate: 212 of 240, 9 edits fewer, $0.90 a day less",
        ),
        (
            score(2, 1, 3, edits_fewer=-1, usd_less_a_day=-12.5),
            "gate: 1 of 3, 1 edit more, $12.50 a day more",
        ),
        (score(2, 2, 3, edits_fewer=0), "gate: 2 of 3, as many edits"),
        (score(2, 2, 3), "gate: 2 of 3"),
        (score(0, 0, 0), "gate: nothing to compare yet"),
    ],
)
def test_the_summary_line(given: Score, said: str) -> None:
    assert summary_of(given) == said


def test_numbers_keep_their_sign() -> None:
    assert (points(0.0166), points(-0.019), points(0.0001)) == ("+1.7", "\N{MINUS SIGN}1.9", "0.0")
    assert signed(-0.004, 2) == "0.00"


@given(st.integers(1, 10**9), st.integers(0, 100))
def test_the_sample_is_the_same_whenever_it_is_asked_for_and_as_large_as_wished(
    comparison_id: int, share: int
) -> None:
    drawn = [is_sampled(comparison_id, run_id, share) for run_id in range(400)]
    assert drawn == [is_sampled(comparison_id, run_id, share) for run_id in range(400)]
    assert abs(sum(drawn) / 400 - share / 100) < 0.12
    assert not any(drawn) or share
    assert all(drawn) or share < 100
