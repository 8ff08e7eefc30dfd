"""Whether a message is one of those the classifier was taught to tell apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from agents.local_model.core import HeldOut, Reading

# From this many out-of-scope examples on, they decide what is weighed; fewer would mislead.
FITTED_FROM = 20

# Without such examples: what CLINC150's taught, and the line at the lowest 5 % of in-scope ones.
_USUAL_WEIGHTS = np.array([1.6, 0.8, 0.8])
_USUAL_FALSE_ALARMS = 0.05

# The share of a mailbox that no category covers. It sets where in_scope crosses 0.5; the share
# among the examples would not do, since nobody collects out-of-scope examples in proportion.
_ASSUMED_STRANGE_RATIO = 0.1

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A logistic score of three standardised signs.

    The signs are the largest calibrated logit, the share of known words, and the similarity to
    the nearest training example.
    """

    centre: Doubles
    spread: Doubles
    weights: Doubles
    bias: float

    @classmethod
    def fit(cls, held_out: HeldOut, *, sharpness: float) -> "Gate":
        """Return a gate fitted on examples that the readings' cores had not seen.

        With 20 or more out-of-scope examples, in_scope is a probability for mail of which a tenth
        is out of scope. With fewer it is a score that is 0.5 where the lowest 5 % of in-scope
        examples begin. Without any held-out example it is 0.5 throughout: nothing is known.
        sharpness: what the logits are multiplied by to be calibrated.
        """
        known = _signs(held_out.known, sharpness)
        strange = _signs(held_out.strange, sharpness)
        if not len(known):
            return cls(centre=np.zeros(3), spread=np.ones(3), weights=np.zeros(3), bias=0.0)
        centre, spread = known.mean(0), np.maximum(known.std(0), 1e-6)
        known, strange = (known - centre) / spread, (strange - centre) / spread
        if len(strange) >= FITTED_FROM:
            weights, bias = _fitted(known, strange)
        else:
            weights = _USUAL_WEIGHTS
            bias = -float(np.quantile(known @ weights, _USUAL_FALSE_ALARMS))
        return cls(centre=centre, spread=spread, weights=weights, bias=bias)

    def in_scope(self, reading: Reading, *, sharpness: float) -> Doubles:
        """Return for each message a score in [0, 1]; below 0.5 it looks out of scope."""
        signs = (_signs(reading, sharpness) - self.centre) / self.spread
        return np.asarray(expit(signs @ self.weights + self.bias))


def _signs(reading: Reading, sharpness: float) -> Doubles:
    """Return the three signs, shape (messages, 3)."""
    largest = sharpness * reading.logits.max(axis=1, initial=-np.inf)
    return np.column_stack([largest, reading.known_ratio, reading.nearest]).astype(np.float64)


def _fitted(known: Doubles, strange: Doubles) -> tuple[Doubles, float]:
    """Return weights and bias of a logistic regression, moved to the assumed share."""
    signs = np.concatenate([known, strange])
    is_known = np.arange(len(signs)) < len(known)
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(signs, is_known)
    odds = (1 - _ASSUMED_STRANGE_RATIO) / _ASSUMED_STRANGE_RATIO
    return model.coef_[0], float(model.intercept_[0] + np.log(odds))
