"""What of the inbox a person asks for, as its address says it, and the words for it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

# Each filter's known values with their words; "" is no filter. An unknown value counts as "".
STATUSES = {"open": "Open", "decided": "Decided", "superseded": "Superseded"}
WHOSE = {
    "mine": "Mine",
    "assigned": "Assigned to me",
    "unclaimed": "Unclaimed",
    "escalated": "Escalated",
    "snoozed": "Snoozed",
}
CONFIDENCES = {
    "sure": "Sure, 0.90 and over",
    "fair": "Fairly sure, 0.70 to 0.89",
    "unsure": "Unsure, under 0.70",
    "none": "Without confidence",
}
AGES = {
    "1h": "Older than 1 hour",
    "4h": "Older than 4 hours",
    "1d": "Older than 1 day",
    "3d": "Older than 3 days",
}
KINDS = {"draft": "Draft", "decision": "Decision", "tool_call": "Action", "memory": "Memory"}
SORTS = {
    "next": "As Next takes them",
    "due": "Time left",
    "priority": "Priority",
    "confidence": "Confidence",
    "newest": "Newest",
}
LONGEST_TEXT = 200
KNOWN: Mapping[str, Mapping[str, str]] = {
    "kind": KINDS,
    "status": STATUSES,
    "whose": WHOSE,
    "confidence": CONFIDENCES,
    "age": AGES,
    "sort": SORTS,
}
DEFAULTS = {"status": "open", "sort": "next"}


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
        """Return the filters a query string asks for; what it misspells is left out.

        What is asked for by default is "" too, so that one view has one address. `clear` names a
        filter to leave out: the form's small crosses send it.
        """
        found: dict[str, str] = {}
        for field in fields(cls):
            value = str(asked.get(field.name, "")).replace("\x00", "").strip()[:LONGEST_TEXT]
            known = KNOWN.get(field.name, (value,))
            kept = value in known and value != DEFAULTS.get(field.name)
            found[field.name] = value if kept and asked.get("clear") != field.name else ""
        return cls(**found)

    @classmethod
    def from_text(cls, query: str) -> "Filters":
        """Return the filters of a query string as text."""
        return cls.from_query(dict(parse_qsl(query)))

    def as_query(self) -> str:
        """Return the query string that asks for this, "" for the plain inbox."""
        return urlencode([(name, value) for name, value in vars(self).items() if value])

    def but(self, **changed: str) -> "Filters":
        """Return these filters with some of them changed."""
        return replace(self, **changed)

    def place(self) -> "Filters":
        """Return only where one looks and in which order: what another filter leaves as it is."""
        return Filters(queue=self.queue, whose=self.whose, sort=self.sort)

    @property
    def narrowed(self) -> bool:
        """Whether more is asked for than a place: something that one may want to clear."""
        return self != self.place()
