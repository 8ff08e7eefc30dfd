"""Proposals that agents outside this installation put before a person.

Each opens an item on a run that waits. The verdicts end the run once they can no longer be taken
back, and the agent that asked reads them there; it, and nothing here, does what was approved.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from agents.models import Agent, Run
from agents.requests import cancel_runs, end_waiting_run, open_waiting_run
from observability.payloads import digest
from review import audit, pauses
from review.actions import EFFECTS, actions_of
from review.agent_status import refuse_if_stopped
from review.asking import put_before_a_person
from review.claims import refuse_if_ended
from review.errors import AlreadyDecided, DraftIsWaiting
from review.items import drop_claim, queue_called
from review.models import Queue, ReviewItem, ReviewPayload, Ticket, TicketRun, Verdict
from review.proposal_check import cleaned
from review.redaction import redact

DEFAULT_REASONS = {
    "draft": ("agent_asks", "The agent asks for a countersignature."),
    "decision": ("agent_asks", "The agent asks for a decision."),
    "tool_call": ("agent_acts", "The agent wants to do something."),
}


@transaction.atomic
def submit(
    ticket_id: int,
    agent: Agent,
    actions: Sequence[Mapping[str, Any]],
    *,
    reasons: Sequence[str] = (),
    high_stakes: bool = False,
    urgency: str = "normal",
    queue: Queue | None = None,
) -> ReviewItem:
    """Return the item that puts these actions before a person.

    actions: as `review.actions` describes them; a draft, of which there is one at most, comes
    first. Raises AgentStopped, UnfitProposal or DraftIsWaiting.
    """
    refuse_if_stopped(agent.pk)
    content = {"actions": cleaned(actions)}
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    if content["actions"][0]["kind"] == "draft" and _draft_is_waiting(ticket):
        raise DraftIsWaiting
    run = open_waiting_run(agent, {"ticket": ticket.pk, **content})
    TicketRun.objects.create(
        ticket=ticket, run=run, upto_seq=ticket.last_seq, settled_at=run.created_at
    )
    if ticket.queue is None:
        ticket.queue = queue or queue_called(agent.fallback_queue)
        ticket.save(update_fields=["queue"])
    return put_before_a_person(
        ticket,
        run,
        content,
        reasons=_reasons(content["actions"], reasons),
        urgency=urgency,
        queue=queue or ticket.queue,
        needs_second=high_stakes,
    )


@transaction.atomic
def revise(item_id: int, actions: Sequence[Mapping[str, Any]]) -> ReviewItem:
    """Return the item, which now asks this instead; whoever read the earlier revision is told.

    Raises UnfitProposal, and AlreadyDecided, Superseded or Withdrawn when it has ended.
    """
    item = _locked(item_id)
    if item.is_correction or item.step_key:
        raise AlreadyDecided
    content = {"actions": cleaned(actions)}
    before = item.digest
    item.proposal = ReviewPayload.objects.create(content=content)
    item.digest, item.kind = digest(content), content["actions"][0]["kind"]
    item.revision += 1
    item.save(update_fields=["proposal", "digest", "kind", "revision"])
    audit.record(None, "item.revised", item, before=before, after=item.digest)
    return item


@transaction.atomic
def withdraw(item_id: int) -> ReviewItem:
    """Return the item, cancelled with its run: the agent no longer asks.

    Raises AlreadyDecided, Superseded or Withdrawn when it has ended already.
    """
    item = _locked(item_id)
    if item.is_correction:  # of a reply that was sent: the agent has nothing to take back
        raise AlreadyDecided
    cancel_runs([item.run_id])
    item.status = ReviewItem.Status.CANCELLED
    drop_claim(item)
    item.save()
    audit.record(None, "item.withdrawn", item, before=item.digest)
    return item


def conclude(item: ReviewItem) -> None:
    """Let the run that waited for the item have its verdicts: they can no longer be undone.

    One of this installation goes on with them, one of an agent elsewhere ends with them.
    """
    if item.step_key:
        pauses.answer(item)
    elif item.run.status == Run.Status.WAITING:
        end_waiting_run(item.run_id, {"verdicts": told(item, item.revision)})


def is_proposed(item: ReviewItem) -> bool:
    """Return whether an agent elsewhere asks by the item: its run waits, or waited."""
    return "actions" in (item.run.input.content or {})


def concluded(item: ReviewItem) -> list[dict[str, Any]] | None:
    """Return the verdicts that ended the run, whatever is corrected since; None for no such run."""
    run = item.run
    is_over = run.status == Run.Status.DONE and run.result is not None
    return (run.result.content or {}).get("verdicts") if is_over and run.result else None


def told(item: ReviewItem, revision: int) -> list[dict[str, Any]]:
    """Return the verdicts of one of the item's revisions as its agent is told them, in order."""
    verdicts = item.verdicts.filter(revision=revision).select_related("final")
    return [_told(verdict) for verdict in verdicts.order_by("action")]


def _locked(item_id: int) -> ReviewItem:
    """Return the open item, locked after its ticket. Raises what says that it has ended."""
    ticket_id = ReviewItem.objects.values_list("ticket_id", flat=True).get(pk=item_id)
    Ticket.objects.select_for_update().get(pk=ticket_id)
    item = ReviewItem.objects.select_for_update().get(pk=item_id)
    refuse_if_ended(item)
    return item


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "action": verdict.action,
        "verdict": verdict.kind,
        "final": verdict.final.content if verdict.final else None,
        "reason": verdict.reason,
        "edit_operations": verdict.edit_operations,
        "at": verdict.created_at.isoformat(),
    }


def _draft_is_waiting(ticket: Ticket) -> bool:
    """Return whether the ticket has an open draft, or a run that will make one."""
    drafts = ticket.items.open().filter(kind=ReviewItem.Kind.DRAFT)
    return drafts.exists() or ticket.ticket_runs.filter(settled_at__isnull=True).exists()


def _reasons(actions: Sequence[Mapping[str, Any]], reasons: Sequence[str]) -> list[dict[str, str]]:
    code, text = DEFAULT_REASONS[actions[0]["kind"]]
    given = [{"code": code, "text": redact(reason).text} for reason in reasons] or [
        {"code": code, "text": text}
    ]
    if any(action.effect == "irreversible" for action in actions_of({"actions": actions})):
        given.append({"code": "irreversible", "text": EFFECTS["irreversible"]})
    return given
