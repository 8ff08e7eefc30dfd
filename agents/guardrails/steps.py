"""Guardrails as steps of a run: any agent calls these."""

from collections.abc import Sequence
from dataclasses import asdict

from agents.guardrails.registry import Side, run_guardrails
from agents.guardrails.subject import Subject
from agents.journal import Journal, Outcome
from agents.models import Step
from agents.results import Check

INPUT = "check-input"
OUTPUT = "check"


def check_input(journal: Journal, subject: Subject, *, key: str = INPUT) -> tuple[Check, ...]:
    """Return what the guardrails find in what the customer wrote."""
    return _step(journal, key, subject, "input")


def check_output(journal: Journal, subject: Subject, *, key: str = OUTPUT) -> tuple[Check, ...]:
    """Return what the guardrails find in the draft; nothing where there is none."""
    return _step(journal, key, subject, "output")


def blocking(checks: Sequence[Check]) -> str:
    """Return why no draft may be made, "" where none of the checks stands against it."""
    for check in checks:
        if not check.passed and check.effect == "block":
            return check.detail
    return ""


def _step(journal: Journal, key: str, subject: Subject, side: Side) -> tuple[Check, ...]:
    def work() -> Outcome:
        found = run_guardrails(subject, journal.configuration, looks_at=side)
        return Outcome(result={"checks": [asdict(check) for check in found]})

    result = journal.step(key, Step.Kind.CHECK, work)
    return tuple(Check(**check) for check in result["checks"])
