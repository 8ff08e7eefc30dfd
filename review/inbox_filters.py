"""What of the inbox a person asks for, as its address says it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

# Each filter's known values; "" is no filter. A value that is not known counts as "".
STATUSES = ("open", "decided", "superseded")
WHOSE = ("mine", "unclaimed", "escalated", "snoozed", "assigned")
CONFIDENCES = ("sure", "fair", "unsure", "none")
AGES = ("1h", "4h", "1d", "3d")
KINDS = ("draft", "decision", "tool_call", "memory")
SORTS = ("next", "due", "priority", "confidence", "newest")
LONGEST_TEXT = 200


@dataclass(frozen=True, kw_only=True)
class Filters:
    """A view of the inbox.

    queue, category, reason: a slug or code. status: "" is open. whose: "" is everybody's that is
    not snoozed. confidence: sure >= 0.9 > fair >= 0.7 > unsure; none has no confidence. age: opened
    longer ago than that. text: words to search for. sort: "" is the order Next takes.
    """

    queue: str = ""
    category: str = ""
    reason: str = ""
    kind: str = ""
    status: str = ""
    whose: str = ""
    confidence: str = ""
    age: str = ""
    text: str = ""
    sort: str = ""

    @classmethod
    def from_query(cls, asked: Mapping[str, Any]) -> "Filters":
        """Return the filters a query string asks for; what it misspells is left out."""
        known = {
            "kind": KINDS,
            "status": STATUSES,
            "whose": WHOSE,
            "confidence": CONFIDENCES,
            "age": AGES,
            "sort": SORTS,
        }
        found: dict[str, str] = {}
        for field in fields(cls):
            value = str(asked.get(field.name, "")).replace("\x00", "").strip()[:LONGEST_TEXT]
            found[field.name] = value if value in known.get(field.name, (value,)) else ""
        return cls(**found)

    def as_query(self) -> str:
        """Return the query string that asks for this, "" for the plain inbox."""
        return urlencode([(name, value) for name, value in vars(self).items() if value])
