"""What the page on guardrails shows: each with its findings and waivers, and what a try gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.guardrails.findings import findings_since
from agents.guardrails.registry import GUARDRAILS, Guardrail, run_guardrails
from agents.guardrails.subject import Subject
from agents.results import Check
from review.waiving import Waived

LOOKED_BACK = timedelta(days=7)
EFFECTS = {
    "block": "Blocks the draft",
    "escalate": "Tells a person",
    "note": "Only noted",
}
SIDES = {"input": "What customers write", "output": "What is drafted"}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A guardrail as it stands. findings: of the last week. waivers: in force."""

    guardrail: Guardrail
    findings: int
    waivers: Sequence[Waived]

    @property
    def effect(self) -> str:
        """What comes of a finding, in words."""
        return EFFECTS[self.guardrail.effect]

    @property
    def is_off(self) -> bool:
        """Whether it is switched off for every agent."""
        return any(waived.waiver.agent is None for waived in self.waivers)


@dataclass(frozen=True, kw_only=True)
class Side:
    """The guardrails that look at one side of the conversation."""

    name: str
    standings: Sequence[Standing]


@dataclass(frozen=True, kw_only=True)
class Page:
    """All guardrails by side. off: how many are switched off, for one agent or all."""

    sides: Sequence[Side]
    off: int
    total: int
    is_capped: bool


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one guardrail says of a text that was pasted."""

    guardrail: Guardrail
    check: Check


class _NothingWaived:
    """A try runs every guardrail."""

    waived: dict[str, str] = {}  # noqa: RUF012 - never written


def guardrails_page(now: datetime, waivers: Sequence[Waived]) -> Page:
    """Return every guardrail's standing. waivers: those in force."""
    found = findings_since(now - LOOKED_BACK)
    standings = [
        Standing(
            guardrail=guardrail,
            findings=found.counts.get(guardrail.name, 0),
            waivers=[one for one in waivers if one.waiver.guardrail == guardrail.name],
        )
        for guardrail in GUARDRAILS
    ]
    return Page(
        sides=[
            Side(name=name, standings=[s for s in standings if s.guardrail.looks_at == side])
            for side, name in SIDES.items()
        ],
        off=sum(bool(standing.waivers) for standing in standings),
        total=len(standings),
        is_capped=found.is_capped,
    )


def tried(subject: Subject) -> list[Tried]:
    """Return what every guardrail says of the texts, those that found something first."""
    checks = run_guardrails(subject, _NothingWaived(), looks_at="output")
    if subject.written.strip():
        checks = (*run_guardrails(subject, _NothingWaived(), looks_at="input"), *checks)
    named = {guardrail.name: guardrail for guardrail in GUARDRAILS}
    found = [Tried(guardrail=named[check.name], check=check) for check in checks]
    return sorted(found, key=lambda one: one.check.passed)
