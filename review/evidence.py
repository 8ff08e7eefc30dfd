"""What a person needs beside a draft to decide on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.models import Category, Step
from agents.results import RunResult
from review.conversation import EXAMINED_CHARS, Turn, turns_of
from review.disguises import cautions
from review.items import draft_text
from review.models import ReviewItem, Verdict


@dataclass(frozen=True, kw_only=True)
class Odds:
    """A category with the chance that it is the right one."""

    name: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything the item page shows beside the draft."""

    turns: Sequence[Turn]
    cautions: Sequence[str]
    result: RunResult | None
    odds: Sequence[Odds]
    categories: Sequence[Category]
    steps: Sequence[Step]
    verdict: Verdict | None

    @property
    def earlier(self) -> int:
        """Messages before the first one shown."""
        return self.turns[0].message.seq - 1 if self.turns else 0

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
    turns = turns_of(item.ticket)
    return Evidence(
        turns=turns,
        cautions=cautions(_texts(item, turns)),
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


def _texts(item: ReviewItem, turns: Sequence[Turn]) -> Iterator[tuple[str, str]]:
    """Yield each text that a person judges by its look, with the place it stands in."""
    yield "the subject", item.ticket.subject
    yield "the customer's name", item.ticket.customer.name
    yield "the customer's address", item.ticket.customer.email
    for turn in turns:
        yield f"message {turn.message.seq}", turn.examined
    yield "the draft", draft_text(item)[:EXAMINED_CHARS]


def _odds(result: RunResult, names: dict[str, str]) -> list[Odds]:
    rows = [(result.category, result.confidence)]
    rows += [(other.category, other.confidence) for other in result.alternatives]
    return [
        Odds(name=names.get(slug, "Out of scope"), confidence=confidence)
        for slug, confidence in rows
    ]
