"""What a run gives back. Frozen; it never hears of the inbox."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any, Literal

ProposalKind = Literal["draft", "decision", "tool_call", "memory"]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the agent wants to happen. text: the reply, for a draft."""

    kind: ProposalKind
    text: str


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another category it might have been. confidence: in [0, 1]."""

    category: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Citation:
    """An article the draft rests on."""

    slug: str
    title: str
    excerpt: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A guardrail's finding. effect: what a failed check asks for."""

    name: str
    passed: bool
    effect: Literal["block", "escalate", "note"] = "escalate"
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The end of a triage run. confidence: calibrated chance in [0, 1] that category is right."""

    proposal: Proposal | None
    category: str
    confidence: float
    alternatives: Sequence[Alternative] = ()
    queue: str
    language: str = "en"
    urgency: Literal["low", "normal", "high"] = "normal"
    fields: Mapping[str, Any] = field(default_factory=dict)
    citations: Sequence[Citation] = ()
    checks: Sequence[Check] = ()
    no_draft_reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RunResult":
        """Return the result that `as_json` gave, in this release or another."""
        fields = {field.name for field in dataclass_fields(cls)}
        known = {name: value for name, value in data.items() if name in fields}
        parts = {
            name: tuple(kind(**part) for part in known.get(name, ()))
            for name, kind in (
                ("alternatives", Alternative),
                ("citations", Citation),
                ("checks", Check),
            )
        }
        proposal = known.get("proposal")
        return cls(**{**known, **parts, "proposal": Proposal(**proposal) if proposal else None})
