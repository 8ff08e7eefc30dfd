import numpy as np
import pytest

from agents.local_model.core import HeldOut, Reading
from agents.local_model.gate import FITTED_FROM, Gate


def readings(count: int, *, logit: float, known: float, nearest: float, seed: int = 0) -> Reading:
    random = np.random.default_rng(seed)
    noise = random.normal(0, 1, (3, count)).astype(np.float32)
    return Reading(
        logits=np.column_stack([logit + noise[0], np.zeros(count)]).astype(np.float32),
        known_ratio=known + 0.1 * noise[1],
        nearest=nearest + 0.1 * noise[2],
    )


FAMILIAR = readings(400, logit=8, known=0.9, nearest=0.8)


def held_out(strangers: int) -> HeldOut:
    return HeldOut(
        known=FAMILIAR,
        targets=np.zeros(400, dtype=np.intp),
        strange=readings(strangers, logit=3, known=0.4, nearest=0.4, seed=1),
    )


@pytest.mark.parametrize("strangers", [0, FITTED_FROM - 1, FITTED_FROM, 100])
def test_strangers_fall_below_the_line(strangers: int) -> None:
    gate = Gate.fit(held_out(strangers), sharpness=1.0)
    unseen = readings(200, logit=3, known=0.4, nearest=0.4, seed=2)
    assert np.mean(gate.in_scope(unseen, sharpness=1.0) < 0.5) > 0.95
    assert np.mean(gate.in_scope(FAMILIAR, sharpness=1.0) < 0.5) < 0.06


def test_without_strangers_a_twentieth_of_the_familiar_lies_below_the_line() -> None:
    gate = Gate.fit(held_out(0), sharpness=1.0)
    assert np.mean(gate.in_scope(FAMILIAR, sharpness=1.0) < 0.5) == pytest.approx(0.05)


def test_each_sign_alone_lowers_the_score() -> None:
    gate = Gate.fit(held_out(100), sharpness=1.0)

    def score(logit: float, known: float, nearest: float) -> float:
        reading = Reading(
            logits=np.array([[logit, 0]], dtype=np.float32),
            known_ratio=np.array([known], dtype=np.float32),
            nearest=np.array([nearest], dtype=np.float32),
        )
        return float(gate.in_scope(reading, sharpness=1.0)[0])

    usual = score(8, 0.9, 0.8)
    assert usual > max(score(3, 0.9, 0.8), score(8, 0.4, 0.8), score(8, 0.9, 0.4))


def test_without_held_out_examples_nothing_is_known() -> None:
    none = readings(0, logit=0, known=0, nearest=0)
    empty = HeldOut(known=none, targets=np.zeros(0, dtype=np.intp), strange=none)
    gate = Gate.fit(empty, sharpness=1.0)
    assert set(gate.in_scope(FAMILIAR, sharpness=1.0)) == {0.5}
