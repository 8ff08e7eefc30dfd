"""The waterfall's scale: work to scale, waiting shortened, every bar inside and to be seen."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from review.waterfall import LEAST_WIDTH, Scale, Stretch

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
seconds = st.floats(0, 1000, allow_nan=False)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def scale(end: float, *work: tuple[float, float]) -> Scale:
    return Scale(START, at(end), [(at(begin), at(finish)) for begin, finish in work])


def test_work_is_drawn_to_scale() -> None:
    even = scale(4, (0, 1), (1, 4))
    assert [even.at(at(second)) for second in (0, 1, 2, 4)] == [0, 25, 50, 100]
    assert not even.is_shortened


def test_a_long_wait_takes_little_of_the_width() -> None:
    """Two seconds of work before twelve minutes until a person are still to be seen."""
    long = scale(722, (0, 1), (1, 2))
    assert long.is_shortened
    assert long.at(at(1)) > 40
    assert 85 < long.at(at(2)) < 90


def test_a_run_without_any_work_yet_is_one_wait() -> None:
    assert scale(10).at(at(5)) == 50
    assert scale(0).at(START) == 0


@given(seconds, st.lists(st.tuples(seconds, seconds), max_size=8), st.lists(seconds, min_size=2))
def test_moments_keep_their_order_and_bars_stay_inside(
    end: float, work: list[tuple[float, float]], moments: list[float]
) -> None:
    stretches: list[Stretch] = [(at(min(pair)), at(max(pair))) for pair in work]
    drawn = Scale(START, at(end), stretches)
    places = [drawn.at(at(moment)) for moment in sorted(moments)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)
    for begin, finish in stretches:
        bar = drawn.bar(begin, finish)
        x, width = float(bar.x.rstrip("%")), float(bar.width.rstrip("%"))
        assert width >= LEAST_WIDTH
        assert x + width <= 100.01
