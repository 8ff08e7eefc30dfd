"""Providers' keys: from the environment, or kept in one file of this machine's home.

The file is the account's alone (0600) and read anew for each call, so a key that was just given
is used without a restart. Keys are never in the database, in a log or on a page.
"""

import json
import os
from pathlib import Path

from django.conf import settings


def key_of(holder: str) -> str | None:
    """Return the kept key. holder: a provider's name, or the base URL of an endpoint."""
    return _read().get(holder)


def keep_key(holder: str, key: str) -> None:
    """Write the key to the file, in place of the holder's earlier one."""
    keys = _read() | {holder: key}
    file = _file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(keys, out)
    fresh.replace(file)  # a reader sees the old file or the new one, never a half


def _read() -> dict[str, str]:
    try:
        return dict(json.loads(_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _file() -> Path:
    secrets: Path = settings.HOME.secrets
    return secrets / "model-keys.json"
