"""Typed readers of the environment that fail by name.

Every name is listed in `.env.example`; a secret may come from `NAME_FILE` instead.
"""

import os
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str | None = None) -> str:
    """Return the variable's text. Raises ImproperlyConfigured when it is unset with no default."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name}: it has no default outside the local set-up.")
    return value


def secret(name: str) -> str | None:
    """Return the variable, or the stripped content of the file that `NAME_FILE` names.

    An empty variable counts as unset.
    """
    if value := os.environ.get(name):
        return value
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error


def named_secrets(names: Iterable[str]) -> dict[str, str]:
    """Return the secrets of these names, empty ones left out. Raises ImproperlyConfigured."""
    found = {name: secret(name) for name in names if name}
    if missing := sorted(name for name, value in found.items() if value is None):
        raise ImproperlyConfigured(f"Set {missing[0]} or {missing[0]}_FILE: a tool needs it.")
    return {name: value for name, value in found.items() if value}


def boolean(name: str, *, default: bool) -> bool:
    """Return the variable as a truth value: 1/0, true/false, yes/no, on/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def integer(name: str, default: int, *, least: int = 0) -> int:
    """Return the variable as a whole number of at least `least`."""
    value = os.environ.get(name)
    if value is None:
        return default
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number of at least {least}, not {value!r}."
        )
    return int(value)


def ratio(name: str, default: str) -> Decimal:
    """Return the variable as a share between 0 and 1."""
    value = os.environ.get(name, default)
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal(-1)
    if not 0 <= number <= 1:
        raise ImproperlyConfigured(f"{name} must be a number between 0 and 1, not {value!r}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """Return the variable's comma-separated words, blanks dropped."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]
