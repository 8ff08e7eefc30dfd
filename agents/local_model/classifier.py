"""Which category a message belongs to, how sure that is, and whether it belongs to any."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from threadpoolctl import threadpool_limits

from agents.local_model.core import Core, HeldOut, read_held_out
from agents.local_model.errors import NothingToLearn
from agents.local_model.gate import Gate
from agents.local_model.saved import read_model, write_model

OUT_OF_SCOPE = "oos"

_ALTERNATIVES = 3
_LOG_SHARPNESS_BOUNDS = (-2.0, 2.0)
# With fewer held-out examples than this a sharpness of 1 is the better guess.
_CALIBRATED_FROM = 20


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The most likely category of one message.

    confidence: chance in [0, 1] that the label is right if the message is in scope at all.
    alternatives: the three likeliest labels with their chances, the label itself first.
    in_scope: score in [0, 1]; below 0.5 the message looks like none of the categories.
    """

    label: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    in_scope: float


@dataclass(frozen=True, kw_only=True)
class IntentClassifier:
    """A classifier with calibrated confidence, fitted once and then fixed.

    sharpness: the inverse of the softmax temperature.
    """

    labels: tuple[str, ...]
    core: Core
    sharpness: float
    gate: Gate

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], *, seed: int = 0
    ) -> "IntentClassifier":
        """Return a classifier of these examples, the same for the same examples and seed.

        The label "oos" marks out-of-scope examples; there may be none. Confidence and gate are
        fitted on examples held out of the model that reads them. Raises NothingToLearn.
        """
        known = [row for row, label in enumerate(labels) if label != OUT_OF_SCOPE]
        strangers = [
            text for text, label in zip(texts, labels, strict=True) if label == OUT_OF_SCOPE
        ]
        if not known:
            raise NothingToLearn("There are no examples of a category to learn from.")
        known_texts = [texts[row] for row in known]
        names, targets = np.unique([labels[row] for row in known], return_inverse=True)
        # One thread: as quick on a shared machine, and sums come out the same every time.
        with threadpool_limits(limits=1):
            held_out = read_held_out(known_texts, targets, strangers, len(names), seed=seed)
            core = Core.fit(known_texts, targets, len(names), seed=seed)
        sharpness = _sharpness(held_out)
        return cls(
            labels=tuple(str(name) for name in names),
            core=core,
            sharpness=sharpness,
            gate=Gate.fit(held_out, sharpness=sharpness),
        )

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction a text, in order."""
        if not texts:
            return []
        reading = self.core.read(texts)
        chances = softmax(self.sharpness * reading.logits.astype(np.float64), axis=1)
        in_scope = self.gate.in_scope(reading, sharpness=self.sharpness)
        return [
            self._prediction(row, float(scope))
            for row, scope in zip(chances, in_scope, strict=True)
        ]

    def save(self, path: Path) -> None:
        """Write the classifier to the file, all of it or nothing."""
        write_model(path, self)

    @classmethod
    def load(cls, path: Path) -> "IntentClassifier":
        """Return the classifier that `save` wrote. Raises ModelOutdated, FileNotFoundError."""
        return read_model(path, cls)

    def _prediction(self, chances: NDArray[np.float64], in_scope: float) -> Prediction:
        best = np.argsort(-chances, kind="stable")[:_ALTERNATIVES]
        alternatives = tuple((self.labels[index], float(chances[index])) for index in best)
        label, confidence = alternatives[0]
        return Prediction(
            label=label, confidence=confidence, alternatives=alternatives, in_scope=in_scope
        )


def _sharpness(held_out: HeldOut) -> float:
    """Return the factor on the logits with the least log loss (Guo et al. 2017, section 4.2)."""
    logits, targets = held_out.known.logits.astype(np.float64), held_out.targets
    if len(targets) < _CALIBRATED_FROM:
        return 1.0
    rows = np.arange(len(targets))

    def loss(log_sharpness: float) -> float:
        chances = log_softmax(np.exp(log_sharpness) * logits, axis=1)
        return -float(chances[rows, targets].mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_SHARPNESS_BOUNDS, method="bounded").x))
