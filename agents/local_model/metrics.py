"""How good a classifier's labels and confidences are. Pure: arrays in, numbers out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Booleans = NDArray[np.bool_]

BINS = 15
COVERAGES = (50, 70, 80, 90)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The figures of one evaluation.

    The first five are over the in-scope messages, the next two over all, None without any
    out-of-scope message. ece_equal_mass: like ece, with bins that hold equally many messages.
    accuracy_at: share of messages in percent, most confident first, to the accuracy among them.
    """

    accuracy: float
    ece: float
    ece_equal_mass: float
    accuracy_at: dict[int, float]
    aurc: float
    oos_auroc: float | None
    oos_recall_at_5: float | None


def quality(
    *, confidence: Doubles, correct: Booleans, in_scope: Doubles, is_oos: Booleans
) -> Quality:
    """Return the figures of predictions on messages, one element each.

    Needs at least one in-scope message.
    """
    known = ~is_oos
    known_confidence, known_correct = confidence[known], correct[known]
    scopes, strange_scopes = in_scope[known], in_scope[is_oos]
    some_strange = len(strange_scopes) > 0
    return Quality(
        accuracy=float(known_correct.mean()),
        ece=expected_calibration_error(known_confidence, known_correct),
        ece_equal_mass=equal_mass_calibration_error(known_confidence, known_correct),
        accuracy_at={
            percent: accuracy_of_most_confident(known_confidence, known_correct, percent)
            for percent in COVERAGES
        },
        aurc=area_under_risk_coverage(known_confidence, known_correct),
        oos_auroc=auroc(scopes, strange_scopes) if some_strange else None,
        oos_recall_at_5=recall_at_false_alarms(scopes, strange_scopes, 0.05)
        if some_strange
        else None,
    )


def expected_calibration_error(confidence: Doubles, correct: Booleans) -> float:
    """Return the mean gap between confidence and accuracy over 15 equally wide bins, in [0, 1].

    Each bin weighs as many messages as it holds. Guo et al. 2017, "On Calibration of Modern
    Neural Networks", equation 3.
    """
    return _gap(confidence, correct, np.linspace(0, 1, BINS + 1)[1:-1])


def equal_mass_calibration_error(confidence: Doubles, correct: Booleans) -> float:
    """Return the calibration error over 15 bins of equally many messages, in [0, 1].

    Equally wide bins leave most of them nearly empty when the model is mostly sure. Nguyen &
    O'Connor 2015, "Posterior calibration and exploratory analysis for NLP models".
    """
    return _gap(confidence, correct, np.quantile(confidence, np.linspace(0, 1, BINS + 1)[1:-1]))


def accuracy_of_most_confident(confidence: Doubles, correct: Booleans, percent: float) -> float:
    """Return the accuracy on the given share of messages, the most confident ones, in [0, 1]."""
    count = max(1, int(len(confidence) * percent / 100))
    return float(correct[_most_confident_first(confidence)][:count].mean())


def area_under_risk_coverage(confidence: Doubles, correct: Booleans) -> float:
    """Return the error rate averaged over every share of most confident messages, in [0, 1].

    0 is perfect; a confidence that says nothing gives the error rate. Geifman & El-Yaniv 2017,
    "Selective Classification for Deep Neural Networks".
    """
    errors = np.cumsum(~correct[_most_confident_first(confidence)])
    return float(np.mean(errors / np.arange(1, len(errors) + 1)))


def auroc(in_scope: Doubles, out_of_scope: Doubles) -> float:
    """Return the chance that an in-scope message scores above an out-of-scope one, ties half.

    The area under the ROC curve as Mann and Whitney's U.
    """
    ordered = np.sort(in_scope)
    below = np.searchsorted(ordered, out_of_scope, side="left")
    not_above = np.searchsorted(ordered, out_of_scope, side="right")
    beaten = len(ordered) - (below + not_above) / 2
    return float(beaten.mean() / len(ordered))


def recall_at_false_alarms(in_scope: Doubles, out_of_scope: Doubles, ratio: float) -> float:
    """Return the share of out-of-scope messages caught when at most this ratio of in-scope ones is.

    A message is caught when it scores below the line.
    """
    allowed = int(len(in_scope) * ratio)
    line = np.sort(in_scope)[min(allowed, len(in_scope) - 1)]
    return float(np.mean(out_of_scope < line))


def _gap(confidence: Doubles, correct: Booleans, edges: Doubles) -> float:
    bins = np.searchsorted(edges, confidence, side="left")
    promised = np.bincount(bins, weights=confidence, minlength=BINS)
    kept = np.bincount(bins, weights=correct, minlength=BINS)
    return float(np.abs(promised - kept).sum() / len(confidence))


def _most_confident_first(confidence: Doubles) -> NDArray[np.intp]:
    return np.argsort(-confidence, kind="stable")
