"""Trained models on disk: a line of JSON that says what wrote the file, then the model."""

import hashlib
import io
import json
import os
import pickle
import tempfile
from pathlib import Path
from typing import TypeVar

import joblib
import numpy
import sklearn

from agents.local_model.errors import ModelOutdated
from memory.embeddings import STATIC

# Raise it when what a saved model holds, or what its numbers mean, changes.
FORMAT = 1

T = TypeVar("T")


def write_model(path: Path, model: object) -> None:
    """Write the model to the file, all of it or nothing. The folder is made, for its owner only.

    Whoever can write the file can run code in whoever loads it: keep the folder private.
    """
    payload = io.BytesIO()
    joblib.dump(model, payload)
    header = _written_by() | {"sha256": hashlib.sha256(payload.getbuffer()).hexdigest()}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(payload.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_model(path: Path, kind: type[T]) -> T:
    """Return the model in the file.

    Raises ModelOutdated when another format or library version wrote it, when it is damaged, and
    when somebody else could have written it; FileNotFoundError when there is none.
    """
    with path.open("rb") as file:
        _check_owner(path, os.fstat(file.fileno()))
        header, payload = file.readline(), file.read()
    try:
        written_by = json.loads(header)
        digest = written_by.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelOutdated(f"{path.name} is no saved model.") from error
    if written_by != _written_by():
        raise ModelOutdated(f"{path.name} was saved by another version: {written_by}.")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise ModelOutdated(f"{path.name} is damaged.")
    try:
        model = joblib.load(io.BytesIO(payload))
    except (pickle.UnpicklingError, AttributeError, ImportError, TypeError) as error:
        raise ModelOutdated(f"{path.name} was saved by another version.") from error
    if not isinstance(model, kind):
        raise ModelOutdated(f"{path.name} holds no {kind.__name__}.")
    return model


def _written_by() -> dict[str, object]:
    """Return what has to match for the numbers inside to mean the same."""
    return {
        "format": FORMAT,
        "embedder": STATIC,
        "numpy": numpy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def _check_owner(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise ModelOutdated(f"{path.name} belongs to, or can be written by, somebody else.")
