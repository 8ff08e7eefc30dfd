"""Another draft of an item: written after an instruction, or chosen from what the past offers."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from agents.errors import AgentNotLive, AgentPaused
from agents.guardrails.steps import blocking
from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import fill
from agents.models import Run, Step
from agents.requests import request_run
from agents.results import Check, RunResult
from agents.tiers import is_embedded, live_tier, tier_of
from agents.triage.redraft import TASK
from observability.payloads import digest
from review import audit
from review.actions import LONGEST_REPLY, one_form
from review.agent_status import refuse_if_stopped
from review.claims import require_claim
from review.corrections import Chosen, Fields
from review.errors import NoInstruction, NoWritingModel, RedraftUnderWay
from review.escalation import FAILURES
from review.intake import conversation, first_words
from review.items import draft_text
from review.macros import Pick, fitting, pick_of, slots_of
from review.models import Redraft, ReviewItem, ReviewPayload
from review.sorting import redrafted_by

LONGEST_INSTRUCTION = 500
STOPPED = {AgentPaused.error_type, AgentNotLive.error_type}
SHOWN = 4
OFFERED_REPLIES = 3
OFFERED_MACROS = 3

# What is asked for most, by one press.
QUICK = {
    "shorter": ("Shorter", "Make it clearly shorter. Keep every fact the customer needs."),
    "friendlier": ("Friendlier", "Make it warmer and more personal, without flattery."),
    "formal": ("More formal", "Make it more formal and plain."),
    "language": ("In the customer's language", "Write it in the language the customer writes in."),
}


@dataclass(frozen=True, kw_only=True)
class Redrafted:
    """A redraft as it stands. text: "" while it is written and where it failed.

    problem: why there is no text, in words.
    """

    pk: int
    instruction: str
    asked_by: User
    is_pending: bool
    text: str
    problem: str
    findings: Sequence[Check]


def has_writing_model() -> bool:
    """Return whether an instruction can be followed: a model that writes is on the task's tier."""
    return not is_embedded(live_tier(tier_of(TASK)).model)


@transaction.atomic
def ask(
    item_id: int,
    reviewer: User,
    claim_token: uuid.UUID,
    *,
    instruction: str,
    text: str,
    chosen: Chosen,
) -> Redraft:
    """Return the redraft with its queued run, which starts from the text in the editor.

    Raises NoInstruction, NoWritingModel, AgentStopped, RedraftUnderWay, ClaimLost, AlreadyDecided
    or Superseded.
    """
    instruction = " ".join(instruction.split())
    if not instruction or len(instruction) > LONGEST_INSTRUCTION:
        raise NoInstruction
    if not has_writing_model():
        raise NoWritingModel
    item = (
        ReviewItem.objects.select_related("ticket__customer", "proposal", "run__agent")
        .select_for_update(of=("self",))
        .get(pk=item_id)
    )
    require_claim(item, reviewer, claim_token)
    refuse_if_stopped(item.run.agent_id)
    if item.redrafts.exclude(run__status__in=Run.ENDED).exists():
        raise RedraftUnderWay
    asked = {
        "run": item.run_id,
        "instruction": instruction,
        "draft": one_form(text)[:LONGEST_REPLY] or draft_text(item),
        "category": chosen.category,
        "fields": (chosen.fields or Fields()).as_json(),
    }
    run = request_run(redrafted_by(item.run), conversation(item.ticket) | {TASK: asked})
    audit.record(reviewer, "item.redraft_asked", item, after=digest(instruction), run=run.pk)
    return Redraft.objects.create(
        item=item,
        run=run,
        instruction=ReviewPayload.objects.create(content=instruction),
        asked_by=reviewer,
    )


def redrafts_of(item: ReviewItem) -> list[Redrafted]:
    """Return the item's redrafts, newest first."""
    rows = item.redrafts.select_related("run__result", "instruction", "asked_by")
    return [_redrafted(row) for row in rows.order_by("-pk")[:SHOWN]]


def alternatives(item: ReviewItem, reviewer: User, chosen: Chosen) -> list[Pick]:
    """Return what could be sent instead of the draft, nearest first: past replies, then macros."""
    values = slots_of(item, chosen.fields)
    replies = islice(_past_replies(item, chosen, values), OFFERED_REPLIES)
    macros = fitting(reviewer, item, chosen.category).exclude(category="")[:OFFERED_MACROS]
    return [*replies, *(pick_of(macro, values) for macro in macros)]


def queue_waiting_for(run_id: int) -> int | None:
    """Return the queue whose pages wait for this run as a redraft, None where it is none."""
    return Redraft.objects.filter(run=run_id).values_list("item__queue_id", flat=True).first()


def _redrafted(row: Redraft) -> Redrafted:
    content = row.run.result.content if row.run.result else None
    result = RunResult.from_json(content) if content else None
    stopped = blocking(result.checks) if result else ""
    text = result.proposal.text if result and result.proposal and not stopped else ""
    return Redrafted(
        pk=row.pk,
        instruction=str(row.instruction.content or ""),
        asked_by=row.asked_by,
        is_pending=row.run.status not in Run.ENDED,
        text=text,
        problem="" if text else stopped or _problem(row.run, result),
        findings=[check for check in result.checks if not check.passed] if result else [],
    )


def _problem(run: Run, result: RunResult | None) -> str:
    if result and result.no_draft_reason:
        return result.no_draft_reason
    if run.status == Run.Status.FAILED:
        stopped = FAILURES[run.error_type] if run.error_type in STOPPED else ""
        return f"{stopped} {run.error_message}".strip() or "The run broke off."
    return "There is no text."


def _past_replies(item: ReviewItem, chosen: Chosen, values: Mapping[str, str]) -> Iterator[Pick]:
    """Yield the past replies that the run had before it, but for the one the draft was made of."""
    step = Step.objects.select_related("result").filter(run=item.run_id, key="recall").first()
    recalled = ((step.result.content if step else None) or {}).get("past_replies", ())
    language = chosen.fields.language if chosen.fields else "en"

    def distance(reply: dict[str, Any]) -> tuple[bool, bool]:
        return reply["category"] != chosen.category, reply["language"] != language

    seen = {one_form(draft_text(item))}
    for reply in sorted(recalled, key=distance):
        try:
            text = fill(reply["reply"], values)
        except MalformedTemplate:
            continue
        if one_form(text) not in seen:
            seen.add(one_form(text))
            asked = first_words(reply["question"], 100)
            yield Pick(title=asked, about="Answer to a past question", text=text)
