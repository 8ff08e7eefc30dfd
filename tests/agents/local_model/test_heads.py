import numpy as np
import pytest
from scipy import sparse
from scipy.special import log_softmax

from agents.local_model import heads


def clusters(
    per_class: int, classes: int, features: int = 12
) -> tuple[sparse.csr_matrix, heads.Integers]:
    random = np.random.default_rng(0)
    targets = np.repeat(np.arange(classes), per_class)
    centres = random.normal(0, 1, (classes, features))
    points = centres[targets] + random.normal(0, 0.2, (len(targets), features))
    return sparse.csr_matrix(points.astype(np.float32)), targets


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("network_from", [1, 10_000])
def test_separate_clusters_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, classes: int, network_from: int
) -> None:
    monkeypatch.setattr(heads, "NETWORK_FROM", network_from)
    matrix, targets = clusters(per_class=120, classes=classes)
    logits = heads.fit_head(matrix, targets, classes, seed=0).logits(matrix)
    assert logits.shape == (len(targets), classes)
    assert np.mean(logits.argmax(axis=1) == targets) > 0.98


def test_few_examples_are_left_to_the_linear_head() -> None:
    matrix, targets = clusters(per_class=5, classes=3)
    assert isinstance(heads.fit_head(matrix, targets, 3, seed=0), heads.Linear)


def test_a_network_learns_what_no_line_can() -> None:
    random = np.random.default_rng(1)
    points = random.uniform(-1, 1, (2_500, 2)).astype(np.float32)
    targets = (points[:, 0] * points[:, 1] > 0).astype(np.intp)
    head = heads.fit_head(sparse.csr_matrix(points), targets, 2, seed=0)
    assert np.mean(head.logits(sparse.csr_matrix(points)).argmax(axis=1) == targets) > 0.9


def test_one_class_needs_no_training() -> None:
    matrix, targets = clusters(per_class=4, classes=1)
    assert not heads.fit_head(matrix, targets, 1, seed=0).logits(matrix).any()


def test_every_direction_is_kept_where_there_are_few_examples() -> None:
    matrix = clusters(per_class=3, classes=3, features=40)[0]
    basis = heads._leading_directions(matrix, seed=0)
    assert basis.T @ basis == pytest.approx(np.eye(basis.shape[1]), abs=1e-4)
    assert (matrix @ basis) @ basis.T == pytest.approx(matrix.toarray(), abs=1e-4)


def test_a_repeated_example_does_not_break_the_basis() -> None:
    row = sparse.csr_matrix(np.array([[1.0, 2.0, 0.0]], dtype=np.float32))
    basis = heads._leading_directions(sparse.vstack([row] * 5, format="csr"), seed=0)
    assert np.isfinite(basis).all()
    assert basis.shape == (3, 1)


def test_gradients_are_the_slopes_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_DROPOUT", 0.0)
    random = np.random.default_rng(2)
    points = random.normal(size=(6, 4))
    targets = np.array([0, 1, 2, 0, 1, 2])
    parameters = [random.normal(size=shape) for shape in ((4, 5), (5,), (5, 3), (3,))]

    def loss() -> float:
        hidden = np.maximum(points @ parameters[0] + parameters[1], 0)
        chances = log_softmax(hidden @ parameters[2] + parameters[3], axis=1)
        return -float(chances[np.arange(6), targets].mean())

    gradients = heads._gradients(parameters, points, targets, random)  # type: ignore[arg-type]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        for index in np.ndindex(parameter.shape):
            before = parameter[index]
            parameter[index] = before + 1e-5
            above = loss()
            parameter[index] = before - 1e-5
            below = loss()
            parameter[index] = before
            assert gradient[index] == pytest.approx((above - below) / 2e-5, abs=1e-5)
