"""Numbers and JSON as forms and addresses bring them: read, or refused whatever they hold. Pure."""

import json
import re
from decimal import Decimal
from typing import Any

LONGEST_ID = 18  # digits; the database's keys have no more
DECIMAL = re.compile(r"-?(?:\d{1,15}(?:[.,]\d{0,15})?|[.,]\d{1,15})")


def whole_number(text: str) -> int | None:
    """Return the number from 0 on, as an id or a place has it; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def decimal_number(text: str) -> Decimal | None:
    """Return the number as people write it, with a point or a comma; None for anything else.

    No exponents: a few characters of those are a number of a billion digits.
    """
    return Decimal(text.replace(",", ".")) if DECIMAL.fullmatch(text) else None


def json_value(text: str) -> Any:
    """Return what the JSON says. Raises ValueError, also for what is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def seen_versions(text: str) -> list[list[Any]]:
    """Return the mix of versions that the JSON names: [[kind, id, mark], …]. Raises ValueError."""
    found = json_value(text)
    if not isinstance(found, list):
        raise ValueError("no list")
    for pair in found:
        match pair:
            case [str(), int(), int() | str() | None]:
                continue
        raise ValueError("no mix of versions")
    return found
