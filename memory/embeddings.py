"""Embedders: text to unit vectors. The static one is embedded: no key, no network, no torch."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from model2vec import StaticModel

STATIC = "static256_int8"
DIMENSIONS = 256
FOLDER = Path(__file__).parent / STATIC


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the texts' vectors, (n, DIMENSIONS), of unit length; an empty text's is zero."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    vectors = np.asarray(_static().encode(list(texts)), dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(
        vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0
    )
    return unit


@cache
def _static() -> "StaticModel":
    from model2vec import StaticModel  # noqa: PLC0415 - takes most of a second

    return StaticModel.from_pretrained(FOLDER)
