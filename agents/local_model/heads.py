"""Classifiers over the features: a linear one for few examples, a small network for many.

Both are trained in the space of the leading singular vectors, where the work is dense and quick,
and then folded back onto the features, so that a prediction is one sparse product.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import randomized_svd

# Below this the network has nothing on logistic regression and is worse calibrated.
NETWORK_FROM = 2_000

_DIMENSIONS = 800
_SCALE = 3.0  # brings the inputs to the size the network's starting weights expect
_LINEAR_C = 1.1
_HIDDEN = 256
_NETWORKS = 2
_EPOCHS = 20
_BATCH = 128
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-4
_DROPOUT = 0.5

Floats = NDArray[np.float32]
Integers = NDArray[np.intp]


class Head(Protocol):
    """Anything that gives each message a logit per class."""

    def logits(self, matrix: sparse.csr_matrix) -> Floats:
        """Return the logits, shape (messages, classes)."""


@dataclass(frozen=True, kw_only=True)
class Linear:
    """Multinomial logistic regression. weights: (features, classes)."""

    weights: Floats
    bias: Floats

    def logits(self, matrix: sparse.csr_matrix) -> Floats:
        """Return the logits, shape (messages, classes)."""
        return np.asarray(matrix @ self.weights + self.bias, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Network:
    """One hidden layer of rectified units, then a softmax."""

    hidden: Linear
    output: Linear

    def logits(self, matrix: sparse.csr_matrix) -> Floats:
        """Return the logits, shape (messages, classes)."""
        return self.output.logits(np.maximum(self.hidden.logits(matrix), 0))


@dataclass(frozen=True, kw_only=True)
class Committee:
    """Networks that differ in their random start; the logits are averaged."""

    members: tuple[Network, ...]

    def logits(self, matrix: sparse.csr_matrix) -> Floats:
        """Return the mean logits, shape (messages, classes)."""
        total = sum(member.logits(matrix) for member in self.members)
        return np.asarray(total / len(self.members), dtype=np.float32)


def fit_head(matrix: sparse.csr_matrix, targets: Integers, classes: int, *, seed: int) -> Head:
    """Return a head fitted on the features. targets: class indices in [0, classes)."""
    if classes == 1:
        features = matrix.shape[1]
        return Linear(
            weights=np.zeros((features, 1), dtype=np.float32), bias=np.zeros(1, dtype=np.float32)
        )
    basis = _leading_directions(matrix, seed) * np.float32(_SCALE)
    points = np.asarray(matrix @ basis, dtype=np.float32)
    if len(targets) < NETWORK_FROM:
        return _folded(_fit_linear(points, targets), basis)
    members = []
    for member in range(_NETWORKS):
        network = _fit_network(points, targets, classes, np.random.default_rng([seed, member]))
        members.append(Network(hidden=_folded(network.hidden, basis), output=network.output))
    return Committee(members=tuple(members))


def _leading_directions(matrix: sparse.csr_matrix, seed: int) -> Floats:
    """Return the leading right singular vectors as columns, shape (features, at most 800)."""
    if matrix.shape[0] <= _DIMENSIONS:
        return _all_directions(matrix)
    rank = min(_DIMENSIONS, *matrix.shape)
    _, _, directions = randomized_svd(matrix, rank, n_oversamples=20, n_iter=1, random_state=seed)
    return np.ascontiguousarray(directions.T, dtype=np.float32)


def _all_directions(matrix: sparse.csr_matrix) -> Floats:
    """Return every right singular vector that carries anything, by way of the Gram matrix."""
    squares, left = np.linalg.eigh((matrix @ matrix.T).toarray().astype(np.float64))
    carries = squares > squares[-1] * 1e-6
    directions = matrix.T @ (left[:, carries] / np.sqrt(squares[carries]))
    return np.ascontiguousarray(directions, dtype=np.float32)


def _folded(layer: Linear, basis: Floats) -> Linear:
    """Return the layer as it acts on the features themselves rather than on the basis."""
    return Linear(weights=basis @ layer.weights, bias=layer.bias)


def _fit_linear(points: Floats, targets: Integers) -> Linear:
    model = LogisticRegression(C=_LINEAR_C, max_iter=1_000, tol=1e-3).fit(points, targets)
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # two classes: scikit-learn keeps the second one's logit only
        weights = np.hstack([np.zeros_like(weights), weights])
        bias = np.concatenate([[0.0], bias])
    return Linear(weights=weights.astype(np.float32), bias=bias.astype(np.float32))


def _fit_network(
    points: Floats, targets: Integers, classes: int, random: np.random.Generator
) -> Network:
    """Return a network fitted by Adam with a learning rate falling to 0 (Kingma & Ba 2015)."""
    width = points.shape[1]
    parameters = [
        _starting_weights(random, width, _HIDDEN, gain=2),
        np.zeros(_HIDDEN, dtype=np.float32),
        _starting_weights(random, _HIDDEN, classes, gain=1),
        np.zeros(classes, dtype=np.float32),
    ]
    optimiser = _Adam(parameters, steps=_EPOCHS * -(-len(points) // _BATCH))
    for _ in range(_EPOCHS):
        order = random.permutation(len(points))
        for start in range(0, len(points), _BATCH):
            rows = order[start : start + _BATCH]
            optimiser.step(_gradients(parameters, points[rows], targets[rows], random))
    return Network(
        hidden=Linear(weights=parameters[0], bias=parameters[1]),
        output=Linear(weights=parameters[2], bias=parameters[3]),
    )


def _starting_weights(random: np.random.Generator, rows: int, columns: int, *, gain: int) -> Floats:
    return random.normal(0, np.sqrt(gain / rows), (rows, columns)).astype(np.float32)


def _gradients(
    parameters: list[Floats], points: Floats, targets: Integers, random: np.random.Generator
) -> list[Floats]:
    """Return the gradient of the mean cross-entropy, with dropout on the hidden units."""
    hidden_weights, hidden_bias, output_weights, output_bias = parameters
    active = points @ hidden_weights + hidden_bias
    kept = (random.random(active.shape, dtype=np.float32) >= _DROPOUT) & (active > 0)
    mask = kept.astype(np.float32) / np.float32(1 - _DROPOUT)
    hidden = active * mask
    error = softmax(hidden @ output_weights + output_bias, axis=1)
    error[np.arange(len(targets)), targets] -= 1
    error /= np.float32(len(targets))
    hidden_error = (error @ output_weights.T) * mask
    return [points.T @ hidden_error, hidden_error.sum(0), hidden.T @ error, error.sum(0)]


class _Adam:
    """Moves the parameters in place, weights decaying a little at each step."""

    def __init__(self, parameters: list[Floats], *, steps: int) -> None:
        self._parameters = parameters
        self._means = [np.zeros_like(p) for p in parameters]
        self._squares = [np.zeros_like(p) for p in parameters]
        self._steps = steps
        self._taken = 0

    def step(self, gradients: list[Floats]) -> None:
        rate = _LEARNING_RATE * (1 - self._taken / self._steps)
        self._taken += 1
        rate *= float(np.sqrt(1 - 0.999**self._taken) / (1 - 0.9**self._taken))
        for index, gradient in enumerate(gradients):
            self._means[index] += np.float32(0.1) * (gradient - self._means[index])
            self._squares[index] += np.float32(0.001) * (gradient**2 - self._squares[index])
            change = self._means[index] / (np.sqrt(self._squares[index]) + np.float32(1e-8))
            self._parameters[index] -= np.float32(rate) * change
            if gradient.ndim == 2:
                self._parameters[index] *= np.float32(1 - rate * _WEIGHT_DECAY)
