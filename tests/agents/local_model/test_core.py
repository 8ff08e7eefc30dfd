import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.local_model import core
from agents.local_model.core import read_held_out
from tests.agents.local_model.messages import LABELS, STRANGE, TEXTS


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(0, 5))
def test_folds_hold_every_repeated_class_out_once(classes: list[int], seed: int) -> None:
    targets = np.array(classes)
    held = [row for fold in core._folds(targets, seed) for row in fold]
    repeated = [row for row, target in enumerate(classes) if classes.count(target) > 1]
    assert sorted(held) == repeated


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_no_fold_takes_all_of_a_class(classes: list[int]) -> None:
    targets = np.array(classes)
    for fold in core._folds(targets, seed=0):
        assert set(np.delete(targets, fold)) == set(classes)


def test_held_out_readings_cover_all_examples_once() -> None:
    targets = np.unique(LABELS, return_inverse=True)[1]
    held_out = read_held_out(TEXTS, targets, STRANGE, 3, seed=0)
    assert held_out.known.logits.shape == (len(TEXTS), 3)
    assert held_out.strange.logits.shape == (len(STRANGE), 3)
    assert sorted(held_out.targets) == sorted(targets)


def test_a_held_out_example_is_not_its_own_nearest() -> None:
    targets = np.unique(LABELS, return_inverse=True)[1]
    held_out = read_held_out(TEXTS, targets, [], 3, seed=0)
    assert held_out.known.nearest.max() < 0.99
    assert held_out.known.known_ratio.min() < 0.9


def test_enough_held_out_examples_are_enough() -> None:
    targets = np.repeat(np.arange(4), 5_000)
    folds = list(core._folds(targets, seed=0))
    assert len(folds) == 1
    assert len(folds[0]) == 4_000
