"""What a person needs beside a draft to decide on it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from agents.results import Caught, RunResult
from review import customers, deeds, run_facts, similar
from review.conversation import EXAMINED_CHARS, Turn, folded, turns_of
from review.disguises import cautions
from review.items import draft_text
from review.models import ReviewItem, Verdict
from review.sorting import sorted_by

# Written out, as it is read with every item: Django takes ten times as long to put it together as
# the database to answer it.
AROUND = f"""
SELECT jsonb_build_object(
    'categories', (
        SELECT coalesce(
            jsonb_agg(jsonb_build_object('slug', slug, 'name', name) ORDER BY name), '[]'
        )
        FROM agents_category WHERE agent_id = %(agent)s
    ),
    'files', (
        SELECT coalesce(
            jsonb_agg(jsonb_build_object('id', id, 'name', name, 'size', size) ORDER BY id), '[]'
        )
        FROM review_attachment
        WHERE item_id = %(item)s AND verdict_id IS NOT DISTINCT FROM %(verdict)s
    ),
    'steps', ({run_facts.STEPS}),
    'tries', ({run_facts.TRIES}),
    'similar', ({similar.FOUND}),
    'customer', ({customers.FOUND}),
    'deeds', ({deeds.FOUND})
)
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, kw_only=True)
class Odds:
    """A category with the chance that it is the right one."""

    name: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything the item page shows beside the draft.

    categories: {slug, name} of all the agent knows. files: {id, name, size} of those laid ready
    for the reply, or that went out with it. verdict: how the item was decided, None while open.
    """

    turns: Sequence[Turn]
    files: Sequence[Mapping[str, Any]]
    cautions: Sequence[str]
    result: RunResult | None
    odds: Sequence[Odds]
    categories: Sequence[Mapping[str, str]]
    run: run_facts.RunFacts
    verdict: Verdict | None
    similar: Sequence[similar.Answered]
    history: customers.History
    deeds: deeds.Deeds

    @property
    def planned_by(self) -> Sequence[Caught]:
        """The rules that ask for a plan of tier 3."""
        rules = (self.result.caught if self.result else None) or ()
        return [rule for rule in rules if rule.outcome == "plan"]

    @property
    def folded(self) -> Sequence[Turn]:
        """The older turns, which a long conversation keeps folded."""
        return folded(self.turns)[0]

    @property
    def shown(self) -> Sequence[Turn]:
        """The newest turns, which are open."""
        return folded(self.turns)[1]

    @property
    def noted(self) -> Sequence[str]:
        """What guardrails only note, and which of them were not run."""
        checks = self.result.checks if self.result else ()
        return [check.detail for check in checks if check.effect == "note" and check.detail]

    @property
    def earlier(self) -> int:
        """Messages before the first one shown."""
        return self.turns[0].message.seq - 1 if self.turns else 0


def evidence_of(item: ReviewItem, user: User) -> Evidence:
    """Return the item's evidence as far as the person may see it, in a fixed number of queries."""
    result = (
        RunResult.from_json(item.run.result.content)
        if item.run.result and item.run.result.content and item.kind == ReviewItem.Kind.DRAFT
        else None
    )
    turns = turns_of(item.ticket, replaced_id=item.replaces_id)
    verdict = _verdict_of(item)
    around = _around(item, verdict, user)
    names = {category["slug"]: category["name"] for category in around["categories"]}
    return Evidence(
        turns=turns,
        cautions=cautions(_texts(item, turns)),
        result=result,
        odds=_odds(result, names) if result else [],
        categories=around["categories"],
        run=run_facts.facts_of(around["steps"], around["tries"]),
        verdict=verdict,
        files=around["files"],
        similar=[similar.answered(row) for row in around["similar"]],
        history=customers.history(around["customer"]),
        deeds=deeds.deeds_of(around["deeds"]),
    )


def _verdict_of(item: ReviewItem) -> Verdict | None:
    """Return the verdict in force; what an open item may have was undone."""
    if item.status != ReviewItem.Status.DECIDED:
        return None
    decided = item.verdicts.select_related("reviewer", "final", "delivery", "proposed")
    return decided.order_by("-revision", "action").first()


def _around(item: ReviewItem, verdict: Verdict | None, user: User) -> dict[str, Any]:
    """Return what the page reads beside the conversation, as JSON, in one query."""
    run, now = item.run, timezone.now()
    about = {
        "item": item.pk,
        "verdict": verdict.pk if verdict else None,
        "ticket": item.ticket_id,
        "customer": item.ticket.customer_id,
        "category": item.category,
        "agent": sorted_by(run),
        "run": run.pk,
        "trace": run.trace_id,
        "first_day": run.created_at.date(),
        "last_day": (run.finished_at or now).date(),
        "user": user.pk,
        "sees_all": user.has_perm("review.view_every_queue"),
    }
    with connection.cursor() as cursor:
        cursor.execute(AROUND, about)
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
        return found


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
