"""What one run comes to against what people sent, and which of two did better. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Literal

from review.edits import compare

Outcome = Literal["review", "block", "failed"]
Standing = Literal["better", "same", "worse", "rejected", "error", "open", "erased"]

# So that the worst come first: a failed run, then a success lost, then by edits.
OF_AN_ERROR = 1_000_000
OF_A_SUCCESS = 10_000
MOST_EDITS = 9_999


@dataclass(frozen=True, kw_only=True)
class Side:
    """A run's figures. edits, kept and succeeded: None where nothing was sent to hold it against.

    drafted: whether a person was, or would be, offered a draft. category_is_right: None where
    nobody said. outcome and reasons: what the escalation policy makes of it. model_ms and work_ms:
    of its model calls and of all its steps. cost_usd: None where a call has no price.
    """

    drafted: bool = False
    edits: int | None = None
    kept: float | None = None
    succeeded: bool | None = None
    category: str = ""
    category_is_right: bool | None = None
    outcome: Outcome = "review"
    reasons: tuple[str, ...] = ()
    model_ms: int = 0
    work_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = None
    is_local: bool = False
    error_type: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON-ready plain values."""
        cost = None if self.cost_usd is None else str(self.cost_usd)
        return {**asdict(self), "reasons": list(self.reasons), "cost_usd": cost}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Side":
        """Return the figures that `as_json` gave, in this release or another."""
        known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        cost = known.get("cost_usd")
        known |= {"reasons": tuple(known.get("reasons", ()))}
        return cls(**{**known, "cost_usd": None if cost is None else Decimal(cost)})


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What a draft would have needed to become the text that was sent."""

    edits: int | None
    kept: float | None
    succeeded: bool


def predicted(draft: str, sent: str) -> Predicted:
    """Return what the draft would have needed. Without a draft there are no edits to count."""
    if not draft.strip():
        return Predicted(edits=None, kept=None, succeeded=False)
    found = compare(draft, sent)
    return Predicted(edits=found.operations, kept=found.words_kept_ratio, succeeded=found.succeeds)


def standing_of(live: Side, candidate: Side, *, is_decided: bool, was_sent: bool) -> Standing:
    """Return how the candidate did beside live: success first, then fewer edits."""
    if candidate.error_type:
        return "error"
    if not is_decided:
        return "open"
    if not was_sent:
        return "rejected"
    if candidate.succeeded is None:
        return "erased"
    change = _badness(live, candidate)
    return "worse" if change > 0 else "better" if change < 0 else "same"


def badness_of(live: Side, candidate: Side) -> int:
    """Return by how much the candidate did worse, for the order of a list: 0 where it is alike."""
    if candidate.error_type:
        return OF_AN_ERROR
    return _badness(live, candidate)


def outcomes_differ(live: Side, candidate: Side) -> bool:
    """Return whether a person would be asked otherwise: for other reasons, or without a draft."""
    mine, other = set(live.reasons), set(candidate.reasons)
    return live.outcome != candidate.outcome or mine != other


def total(sides: Sequence[Side]) -> Decimal | None:
    """Return what the runs cost together; None where one has no price."""
    costs = [side.cost_usd for side in sides]
    return None if None in costs else sum((cost for cost in costs if cost), Decimal(0))


def _badness(live: Side, candidate: Side) -> int:
    if live.succeeded is None or candidate.succeeded is None:
        return 0
    change = OF_A_SUCCESS * (live.succeeded - candidate.succeeded)
    if live.edits is not None and candidate.edits is not None:
        more = candidate.edits - live.edits
        change += max(-MOST_EDITS, min(MOST_EDITS, more))
    elif live.drafted != candidate.drafted:
        change += 1 if live.drafted else -1
    return change
