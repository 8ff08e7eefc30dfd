import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from agents.local_model import metrics

chances = st.floats(0, 1, allow_nan=False)
judged = st.lists(st.tuples(chances, st.booleans()), min_size=1, max_size=80)
scores = st.lists(chances, min_size=1, max_size=40)


def arrays(pairs: list[tuple[float, bool]]) -> tuple[metrics.Doubles, metrics.Booleans]:
    return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], dtype=bool)


@given(judged)
def test_calibration_errors_and_risk_lie_between_0_and_1(pairs: list[tuple[float, bool]]) -> None:
    confidence, correct = arrays(pairs)
    for figure in (
        metrics.expected_calibration_error(confidence, correct),
        metrics.equal_mass_calibration_error(confidence, correct),
        metrics.area_under_risk_coverage(confidence, correct),
    ):
        assert 0 <= figure <= 1 + 1e-9


@given(judged)
def test_calibration_error_is_at_least_the_overall_gap(pairs: list[tuple[float, bool]]) -> None:
    confidence, correct = arrays(pairs)
    gap = abs(confidence.mean() - correct.mean())
    assert metrics.expected_calibration_error(confidence, correct) >= gap - 1e-9
    assert metrics.equal_mass_calibration_error(confidence, correct) >= gap - 1e-9


@given(judged, st.randoms(use_true_random=False))
def test_calibration_error_knows_no_order(pairs: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert metrics.expected_calibration_error(*arrays(shuffled)) == pytest.approx(
        metrics.expected_calibration_error(*arrays(pairs))
    )


def test_honest_confidence_has_no_calibration_error() -> None:
    confidence = np.array([0.8] * 10 + [0.5] * 10)
    correct = np.array([True] * 8 + [False] * 2 + [True] * 5 + [False] * 5)
    assert metrics.expected_calibration_error(confidence, correct) == pytest.approx(0)


def test_calibration_error_of_a_worked_example() -> None:
    confidence = np.array([0.95, 0.95, 0.65, 0.65])
    correct = np.array([True, False, True, True])
    # Two bins of two: |0.5 - 0.95| and |1 - 0.65|, half of the messages each.
    assert metrics.expected_calibration_error(confidence, correct) == pytest.approx(0.4)


def test_risk_coverage_of_a_worked_example() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    correct = np.array([True, False, True, True])
    expected = (0 + 1 / 2 + 1 / 3 + 1 / 4) / 4
    assert metrics.area_under_risk_coverage(confidence, correct) == pytest.approx(expected)


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_no_order_has_less_risk_than_errors_last(outcomes: list[bool]) -> None:
    correct = np.array(outcomes)
    given_order = np.linspace(1, 0, len(correct))
    errors_last = correct.astype(float)
    assert metrics.area_under_risk_coverage(errors_last, correct) <= (
        metrics.area_under_risk_coverage(given_order, correct) + 1e-9
    )


@given(judged)
def test_accuracy_on_all_messages_is_the_accuracy(pairs: list[tuple[float, bool]]) -> None:
    confidence, correct = arrays(pairs)
    assert metrics.accuracy_of_most_confident(confidence, correct, 100) == pytest.approx(
        correct.mean()
    )


@given(scores, scores)
def test_auroc_is_the_usual_one(in_scope: list[float], out_of_scope: list[float]) -> None:
    usual = roc_auc_score([1] * len(in_scope) + [0] * len(out_of_scope), [*in_scope, *out_of_scope])
    assert metrics.auroc(np.array(in_scope), np.array(out_of_scope)) == pytest.approx(usual)


@given(scores, scores, st.sampled_from([0.0, 0.05, 0.3]))
def test_recall_keeps_to_the_false_alarms(
    in_scope: list[float], out_of_scope: list[float], ratio: float
) -> None:
    known, strange = np.array(in_scope), np.array(out_of_scope)
    recall = metrics.recall_at_false_alarms(known, strange, ratio)
    lines = [line for line in [*known, 2.0] if np.mean(known < line) <= ratio]
    assert recall == max(np.mean(strange < line) for line in lines if line <= known.max())


def test_figures_on_out_of_scope_messages_need_some() -> None:
    quality = metrics.quality(
        confidence=np.array([0.9, 0.4]),
        correct=np.array([True, False]),
        in_scope=np.array([0.9, 0.8]),
        is_oos=np.array([False, False]),
    )
    assert quality.oos_auroc is None
    assert quality.oos_recall_at_5 is None
    assert quality.accuracy == 0.5


def test_out_of_scope_messages_do_not_count_as_errors() -> None:
    quality = metrics.quality(
        confidence=np.array([0.9, 0.99]),
        correct=np.array([True, False]),
        in_scope=np.array([0.9, 0.1]),
        is_oos=np.array([False, True]),
    )
    assert quality.accuracy == 1.0
    assert quality.aurc == 0.0
    assert quality.oos_auroc == 1.0
    assert quality.oos_recall_at_5 == 1.0
