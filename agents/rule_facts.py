"""What is known of a run or of a tool call, as escalation rules ask for it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from agents.money import Money, amounts
from agents.results import Check, RunResult
from agents.rules import Facts, Urgency

# Beyond this nobody has written to anybody; it bounds the search for words.
LONGEST_TEXT = 200_000


def facts_of(
    conversation: Mapping[str, Any],
    *,
    category: str,
    confidence: float | None,
    urgency: Urgency = "normal",
    language: str = "",
    checks: Iterator[Check] | tuple[Check, ...] = (),
) -> Facts:
    """Return the facts of a conversation as far as a run has come with it."""
    text = customer_text(conversation)
    return Facts(
        category=category,
        confidence=confidence,
        urgency=urgency,
        language=language,
        text=text,
        segment=str(conversation.get("customer", {}).get("segment", "")),
        amounts=amounts(text),
        at=_last_written(conversation),
        checks_failed=frozenset(
            check.name for check in checks if not check.passed and check.effect != "note"
        ),
    )


def facts_of_result(conversation: Mapping[str, Any], result: RunResult) -> Facts:
    """Return the facts of a run that has ended."""
    return facts_of(
        conversation,
        category=result.category,
        confidence=result.confidence,
        urgency=result.urgency,
        language=result.language,
        checks=tuple(result.checks),
    )


def facts_of_action(
    conversation: Mapping[str, Any],
    *,
    tool: str,
    effect: str,
    amount: Decimal | float | None,
    currency: str,
    category: str = "",
    confidence: float | None = None,
    urgency: Urgency = "normal",
) -> Facts:
    """Return the facts of a tool call that waits for a person.

    effect: what it does with these arguments. amount: the money it moves, in the company's
    currency; what the customer wrote of money counts for nothing here.
    """
    moved = () if amount is None else (Money(amount=Decimal(str(amount)), currency=currency),)
    return Facts(
        category=category,
        confidence=confidence,
        urgency=urgency,
        text=customer_text(conversation),
        segment=str(conversation.get("customer", {}).get("segment", "")),
        amounts=moved,
        at=_last_written(conversation),
        tool=tool,
        effect=effect,
    )


def customer_text(conversation: Mapping[str, Any]) -> str:
    """Return all that the customer wrote: a threat stands until a person has dealt with it."""
    written = [m["body"] for m in conversation.get("messages", ()) if m["from"] == "customer"]
    return "\n\n".join([str(conversation.get("subject", "")), *written])[-LONGEST_TEXT:]


def _last_written(conversation: Mapping[str, Any]) -> datetime | None:
    moments = [m.get("at") for m in conversation.get("messages", ()) if m["from"] == "customer"]
    if not moments or not moments[-1]:
        return None
    at = datetime.fromisoformat(moments[-1])
    return at if at.tzinfo else None
