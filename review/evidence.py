"""What a person needs beside a draft to decide on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.models import Category, Step
from agents.results import RunResult
from review.models import Message, ReviewItem, ReviewPayload, Verdict
from review.quoting import split_quoted


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A message as it is read: what was written, and the mail it quotes, folded."""

    message: Message
    visible: str
    quoted: str


@dataclass(frozen=True, kw_only=True)
class Odds:
    """A category with the chance that it is the right one."""

    name: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything the item page shows beside the draft."""

    turns: Sequence[Turn]
    result: RunResult | None
    odds: Sequence[Odds]
    categories: Sequence[Category]
    steps: Sequence[Step]
    verdict: Verdict | None

    @property
    def run_ms(self) -> int:
        """Time spent in the run's steps."""
        return sum(step.latency_ms for step in self.steps)

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens read and written by all model calls."""
        return (
            sum(step.input_tokens or 0 for step in self.steps),
            sum(step.output_tokens or 0 for step in self.steps),
        )


def evidence_of(item: ReviewItem) -> Evidence:
    """Return the item's evidence, in a fixed number of queries."""
    result = (
        RunResult.from_json(item.run.result.content)
        if item.run.result and item.run.result.content
        else None
    )
    categories = list(item.run.agent.categories.all())
    names = {category.slug: category.name for category in categories}
    return Evidence(
        turns=[_turn(message) for message in item.ticket.messages.select_related("body")],
        result=result,
        odds=_odds(result, names) if result else [],
        categories=categories,
        steps=list(item.run.steps.all()),
        verdict=(
            item.verdicts.select_related("reviewer", "final", "delivery", "proposed")
            .order_by("-revision")
            .first()
        ),
    )


def _turn(message: Message) -> Turn:
    body: ReviewPayload = message.body
    text = "[erased]" if body.erased_at else str(body.content or "")
    visible, quoted = split_quoted(text)
    return Turn(message=message, visible=visible or text, quoted=quoted if visible else "")


def _odds(result: RunResult, names: dict[str, str]) -> list[Odds]:
    rows = [(result.category, result.confidence)]
    rows += [(other.category, other.confidence) for other in result.alternatives]
    return [
        Odds(name=names.get(slug, "Out of scope"), confidence=confidence)
        for slug, confidence in rows
    ]
