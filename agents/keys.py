"""Providers' keys: from the environment, or kept in one file of this machine's home.

The file is the account's alone (0600) and read anew for each call, so a key that was just given
is used without a restart. Keys are never in the database, in a log or on a page.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.conf import settings

# The key a test call is made with before anybody keeps it: (holder, key).
_on_trial: ContextVar[tuple[str, str] | None] = ContextVar("key_on_trial", default=None)


def key_of(holder: str) -> str | None:
    """Return the holder's key: the one on trial in this context, else the kept one.

    holder: a provider's name, or the base URL of an endpoint.
    """
    trial = _on_trial.get()
    return trial[1] if trial and trial[0] == holder else _read().get(holder)


@contextmanager
def trying(holder: str, key: str) -> Iterator[None]:
    """Use this key for the holder within the block and nowhere else; an empty one changes none."""
    token = _on_trial.set((holder, key) if key else None)
    try:
        yield
    finally:
        _on_trial.reset(token)


def keep_key(holder: str, key: str) -> None:
    """Write the key to the file, in place of the holder's earlier one."""
    file = _file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(file):
        keys = _read() | {holder: key}
        fresh = file.with_name(f"{file.name}.fresh")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(keys, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)  # a reader sees the old file or the new one, never a half


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Keep others who add a key out, so that none is lost; readers need not wait."""
    descriptor = os.open(file.with_name(f"{file.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read() -> dict[str, str]:
    try:
        return dict(json.loads(_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _file() -> Path:
    secrets: Path = settings.HOME.secrets
    return secrets / "model-keys.json"
