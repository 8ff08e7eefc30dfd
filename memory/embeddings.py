"""The embedded text embedder: one vector a text, with no key, no network and no torch.

A static model looks every token up in a table and averages, so a text costs microseconds and the
same text always gives the same vector. The table lies beside this module.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from model2vec import StaticModel

STATIC = "static256_int8"
DIMENSIONS = 256

_FOLDER = Path(__file__).resolve().parent / STATIC
_loading = Lock()


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return one unit vector a text, shape (n, 256).

    A text without a single known token gives the zero vector: it resembles nothing, and its
    similarity to anything is 0 rather than NaN. Texts beyond 512 tokens are cut there.
    """
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    readable = [_readable(text) for text in texts]
    # model2vec's process pool pays off far above our batches and does not survive in a daemon.
    vectors = _model().encode(readable, normalize=True, use_multiprocessing=False)
    return np.asarray(vectors, dtype=np.float32)


def _readable(text: str) -> str:
    """Return the text as the tokenizer accepts it: a lone surrogate would make it raise."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _model() -> "StaticModel":
    """Return the model, loaded once a process whichever thread comes first."""
    with _loading:
        return _load()


@cache
def _load() -> "StaticModel":
    # Imported late: web processes that never embed do not pay for it.
    from model2vec import StaticModel  # noqa: PLC0415

    # An existing folder is read as it is; the hub is asked only for a name that is no folder.
    if not (_FOLDER / "model.safetensors").is_file():
        raise FileNotFoundError(f"The embedding model is missing: {_FOLDER}")
    return StaticModel.from_pretrained(_FOLDER, force_download=False)
