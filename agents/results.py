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
class Acted:
    """A call of a tool that the run made, as it was carried out. result: its beginning, as text."""

    tool: str
    effect: Literal["read", "write", "irreversible"]
    arguments: Mapping[str, Any]
    status: Literal["done", "failed", "rejected", "answered", "shadow"]
    result: str = ""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What a model stated as its confidence, and how many labels it was held against."""

    stated: float
    labels: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether the labels say what a stated confidence is worth."""
        return self.labels >= self.needed


RuleOutcome = Literal["review", "plan", "second", "block"]


@dataclass(frozen=True, kw_only=True)
class Caught:
    """A rule of the escalation policy that holds. found: what made it hold, in a few words.

    sentence: the rule as a sentence; reason: why it asks for a person; queue: where to hand it.
    """

    id: str
    name: str
    outcome: RuleOutcome
    sentence: str
    reason: str
    found: str = ""
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanOption:
    """One way to go."""

    title: str
    steps: Sequence[str]
    risks: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What tier 3 lays before the person who decides. recommended: index of an option."""

    summary: str
    options: Sequence[PlanOption]
    recommended: int
    why: str
    must_not_say: Sequence[str] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Plan":
        """Return the plan that was stored."""
        options = tuple(
            PlanOption(title=o["title"], steps=tuple(o["steps"]), risks=tuple(o["risks"]))
            for o in data["options"]
        )
        said = tuple(data.get("must_not_say", ()))
        return cls(**{**data, "options": options, "must_not_say": said})


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The end of a run.

    confidence: the chance in [0, 1] that category is right; as the model stated it while its
    calibration has too few labels. calibration: None where the model's own training sees to it.
    acted: the calls it made, in order.
    """

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
    calibration: Calibrated | None = None
    caught: Sequence[Caught] | None = None
    plan: Plan | None = None
    plan_error: str = ""
    acted: Sequence[Acted] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RunResult":
        """Return the result that `as_json` gave, in this release or another."""
        fields = {field.name for field in dataclass_fields(cls)}
        known = {name: value for name, value in data.items() if name in fields}
        parts: dict[str, Any] = {
            name: tuple(kind(**part) for part in known.get(name, ()))
            for name, kind in (
                ("alternatives", Alternative),
                ("citations", Citation),
                ("checks", Check),
                ("acted", Acted),
            )
        }
        for name, kind in (("proposal", Proposal), ("calibration", Calibrated)):
            parts[name] = kind(**known[name]) if known.get(name) else None
        if known.get("caught") is not None:
            parts["caught"] = tuple(Caught(**one) for one in known["caught"])
        parts["plan"] = Plan.from_json(known["plan"]) if known.get("plan") else None
        return cls(**{**known, **parts})
