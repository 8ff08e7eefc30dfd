"""The uncalibrated classifier, and how it does on examples it was not fitted on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.local_model.features import TextFeatures
from agents.local_model.heads import Head, fit_head

_FOLDS = 5
_ENOUGH_HELD_OUT = 3_000
_MAX_REFERENCES = 5_000  # keeps the nearest-example search below 0.2 ms a message

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the core makes of messages, one row each.

    logits: (messages, classes). known_ratio: share of known words. nearest: cosine similarity to
    the nearest training example's sentence vector.
    """

    logits: Floats
    known_ratio: Floats
    nearest: Floats


@dataclass(frozen=True, kw_only=True)
class Core:
    """Features and the head that reads them, with training vectors to compare to."""

    features: TextFeatures
    head: Head
    references: Floats

    @classmethod
    def fit(cls, texts: Sequence[str], targets: Integers, classes: int, *, seed: int) -> "Core":
        """Return a core fitted on the texts. targets: class indices in [0, classes)."""
        features = TextFeatures.fit(texts)
        encoded = features.encode(texts)
        return cls(
            features=features,
            head=fit_head(encoded.matrix, targets, classes, seed=seed),
            references=_references(encoded.vectors, seed),
        )

    def read(self, texts: Sequence[str]) -> Reading:
        """Return what the core makes of the texts."""
        encoded = self.features.encode(texts)
        return Reading(
            logits=self.head.logits(encoded.matrix),
            known_ratio=encoded.known_ratio,
            nearest=np.max(encoded.vectors @ self.references.T, axis=1, initial=-1.0),
        )


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Readings of examples by cores that had not seen them.

    known: in-scope examples with their targets. strange: out-of-scope examples.
    """

    known: Reading
    targets: Integers
    strange: Reading


def read_held_out(
    texts: Sequence[str], targets: Integers, strangers: Sequence[str], classes: int, *, seed: int
) -> HeldOut:
    """Return cross-fitted readings, of at least 3,000 in-scope examples where there are as many.

    Everything is refitted in each fold, the vocabulary too. A class's only example is never held
    out, so the result may be empty.
    """
    folds = list(_folds(targets, seed))
    known, strange, order = [], [], []
    for number, held in enumerate(folds):
        kept = np.setdiff1d(np.arange(len(targets)), held)
        seen = np.unique(targets[kept])
        core = Core.fit(
            [texts[row] for row in kept], np.searchsorted(seen, targets[kept]), len(seen), seed=seed
        )
        known.append(_spread(core.read([texts[row] for row in held]), seen, classes))
        strange.append(_spread(core.read(strangers[number :: len(folds)]), seen, classes))
        order.append(held)
    nothing = np.zeros(0, dtype=np.intp)
    return HeldOut(
        known=_joined(known, classes),
        targets=targets[np.concatenate([nothing, *order])],
        strange=_joined(strange, classes),
    )


def _folds(targets: Integers, seed: int) -> Iterator[Integers]:
    """Yield stratified rows to hold out, until enough of them have been."""
    random = np.random.default_rng(seed)
    fold = np.full(len(targets), -1)
    for target in np.unique(targets):
        rows = random.permutation(np.flatnonzero(targets == target))
        if len(rows) > 1:
            fold[rows] = (np.arange(len(rows)) + random.integers(_FOLDS)) % _FOLDS
    yielded = 0
    for number in range(_FOLDS):
        held = np.flatnonzero(fold == number)
        if len(held) and yielded < _ENOUGH_HELD_OUT:
            yielded += len(held)
            yield held


def _spread(reading: Reading, seen: Integers, classes: int) -> Reading:
    """Return the reading with a column for every class; those the fold lacked are hopeless."""
    logits = np.full((len(reading.logits), classes), -1e3, dtype=np.float32)
    logits[:, seen] = reading.logits
    return Reading(logits=logits, known_ratio=reading.known_ratio, nearest=reading.nearest)


def _joined(readings: Sequence[Reading], classes: int) -> Reading:
    nothing = np.zeros(0, dtype=np.float32)
    return Reading(
        logits=np.concatenate([np.zeros((0, classes), np.float32), *(r.logits for r in readings)]),
        known_ratio=np.concatenate([nothing, *(r.known_ratio for r in readings)]),
        nearest=np.concatenate([nothing, *(r.nearest for r in readings)]),
    )


def _references(vectors: Floats, seed: int) -> Floats:
    """Return the training vectors, or an even draw of them where there are very many."""
    if len(vectors) <= _MAX_REFERENCES:
        return vectors
    rows = np.random.default_rng(seed).choice(len(vectors), _MAX_REFERENCES, replace=False)
    return vectors[np.sort(rows)]
