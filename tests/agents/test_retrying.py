"""Which models are asked again, in which order, and after which wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.retrying import FIRST_WAIT_S, LONGEST_WAIT_S, Tried, first_round, next_round


def tried(
    model: str = "m", *, at_s: float = 10, passes: bool = True, after_s: float | None = None
) -> Tried:
    return Tried(model=model, at_s=at_s, is_transient=passes, retry_after_s=after_s)


@pytest.mark.parametrize(
    ("failures", "again"),
    [
        ([], []),
        ([tried(passes=False)], []),
        ([tried("a", at_s=10), tried("b", at_s=11)], ["a", "b"]),
        ([tried("a", passes=False), tried("b")], ["b"]),
        ([tried("a", after_s=5), tried("b", at_s=12)], ["b", "a"]),
        ([tried("a", after_s=40), tried("b")], ["b"]),
        ([tried("a", after_s=40)], []),
        ([tried("a", at_s=31)], []),
    ],
    ids=["none", "a wrong key", "both", "one", "soonest", "too long", "only that", "too late"],
)
def test_a_model_is_asked_again_if_that_may_help_in_time(
    failures: list[Tried], again: list[str]
) -> None:
    turns = next_round(failures, 0, by_s=30, jitter=lambda: 0)
    assert [turn.model for turn in turns] == again


def test_in_the_first_round_nobody_waits() -> None:
    assert [(turn.model, turn.at_s) for turn in first_round(["a", "b"])] == [
        ("a", None),
        ("b", None),
    ]


@given(
    after_s=st.none() | st.floats(0, 60),
    number=st.integers(0, 20),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_what_was_asked_and_a_share_of_a_doubling_one(
    after_s: float | None, number: int, jitter: float
) -> None:
    turns = next_round([tried(after_s=after_s)], number, by_s=30, jitter=lambda: jitter)
    asked_s = 10 + (after_s or 0)
    if asked_s > 30:
        assert turns == []
        return
    (turn,) = turns
    assert turn.at_s is not None
    assert asked_s <= turn.at_s <= 30
    assert turn.at_s - asked_s <= min(FIRST_WAIT_S * 2**number, LONGEST_WAIT_S)
    if turn.at_s < 30:
        expected = jitter * min(FIRST_WAIT_S * 2**number, LONGEST_WAIT_S)
        assert turn.at_s - asked_s == pytest.approx(expected)
