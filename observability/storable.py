"""What PostgreSQL can hold of text and JSON. Pure."""

import math
from typing import Any

DEEPEST = 40  # levels of JSON


def storable(value: str) -> str:
    """Return the text as the database can hold it."""
    # PostgreSQL's text holds no NUL, and UTF-8 no half of a surrogate pair.
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\x00", "")


def storable_json(value: Any, level: int = 0) -> Any:
    """Return the JSON value as the database can hold it. Raises ValueError."""
    if level > DEEPEST:
        raise ValueError(f"is nested deeper than {DEEPEST}")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number that is none")
    if isinstance(value, dict):
        return {storable(key): storable_json(one, level + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [storable_json(one, level + 1) for one in value]
    return value
