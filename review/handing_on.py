"""From the triage agent to its neighbour: a ticket that asks to act on an order is resolved first.

The neighbour's own categories say which tickets are its own. It works from what triage found, and
its reply is the draft that a person gets. Where it cannot, the triage draft opens: no ticket waits
on a broken neighbour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents.models import Agent, Run
from agents.requests import cancel_by_hand, request_run
from agents.results import RunResult
from agents.tools.registry import tools_of
from review import audit
from review.escalation import Reason, decide_failure, rule_reason
from review.intake import AGENT, conversation
from review.models import ReviewItem, Ticket, TicketRun
from review.sorting import NEIGHBOUR

# Findings in what the customer wrote after which no agent acts on it.
HOSTILE = frozenset({"injection", "hidden_text", "abuse"})
STOPPED = "The resolution agent was stopped, so this is the triage agent's draft."
UNDONE = "The resolution agent did not get to an end, so this is the triage agent's draft."


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Whose end speaks for the ticket, and why a person is asked that its run does not know."""

    link: TicketRun
    reasons: Sequence[Reason] = ()


def hand_on(ticket: Ticket, link: TicketRun) -> Run | None:
    """Return the neighbour's run that now works on the (locked) ticket; None where none should."""
    result = _result_of(link.run)
    if link.run.agent.slug != AGENT or result is None or not _is_to_act(result):
        return None
    neighbour = Agent.objects.filter(slug=NEIGHBOUR, status=Agent.Status.LIVE).first()
    if neighbour is None or not tools_of(NEIGHBOUR):
        return None
    if not neighbour.categories.filter(slug=result.category).exists():
        return None
    from review.items import queue_called  # noqa: PLC0415 - it calls this module

    if ticket.queue is None:
        ticket.queue = queue_called(result.queue)
    ticket.category = ticket.category or result.category
    ticket.save(update_fields=["queue", "category"])
    party = {"email": ticket.customer.email, "name": ticket.customer.name}
    found = {"party": party, "triage": _found(link.run, result)}
    run = request_run(NEIGHBOUR, conversation(ticket) | found)
    TicketRun.objects.create(ticket=ticket, run=run, upto_seq=link.upto_seq)
    audit.record(None, "ticket.handed_on", ticket, run=run.pk, found_by=link.run_id)
    return run


def speaking(link: TicketRun) -> Spoken:
    """Return the ended run that speaks for its ticket: of a neighbour that failed, triage's."""
    run = link.run
    if run.agent.slug != NEIGHBOUR or run.status == Run.Status.DONE:
        return Spoken(link=link, reasons=known_before(run))
    found = TicketRun.objects.select_related("run__result", "run__agent")
    before = found.filter(run=found_by(run), ticket=link.ticket_id).first()
    if before is None or _result_of(before.run) is None:
        return Spoken(link=link)
    failure = decide_failure(run.error_type, run.error_message).reasons
    said = STOPPED if run.status == Run.Status.CANCELLED else UNDONE
    return Spoken(
        link=before,
        reasons=[Reason(code=one.code, text=f"{said} {one.text}") for one in failure],
    )


def replace_stand_in(ticket: Ticket, link: TicketRun) -> None:
    """Supersede the triage draft that stood in, where the neighbour was started again and ended."""
    if link.run.agent.slug != NEIGHBOUR:
        return
    drafts = ticket.items.open().filter(kind=ReviewItem.Kind.DRAFT, is_correction=False)
    for item in drafts.exclude(run=link.run_id).select_for_update(of=("self",)):
        item.status = ReviewItem.Status.SUPERSEDED
        item.save(update_fields=["status"])
        audit.record(None, "item.superseded", item, before=item.digest)


def say_why(item: ReviewItem, reasons: Sequence[Reason]) -> None:
    """Put before the item's reasons those that its run does not know of."""
    new = [vars(reason) for reason in reasons if reason.code not in item.reason_codes]
    if not new:
        return
    item.reasons = [*new, *item.reasons]
    item.reason_codes = [reason["code"] for reason in item.reasons]
    item.save(update_fields=["reasons", "reason_codes"])


def known_before(run: Run) -> Sequence[Reason]:
    """Return what the triage agent's rules caught in a ticket that the neighbour works on."""
    found = found_by(run)
    before = Run.objects.select_related("result").filter(pk=found).first() if found else None
    result = _result_of(before) if before else None
    return [rule_reason(one) for one in (result.caught or () if result else ())]


def found_by(run: Run) -> int | None:
    """Return the id of the triage run whose finding the run works on, None for any other run."""
    content = run.input.content if run.agent.slug == NEIGHBOUR else None
    found = (content or {}).get("triage") or {}
    return found.get("run")


def waiting_run(run_id: int) -> int | None:
    """Return the id of the queued run that the ended run's ticket was handed on to."""
    link = TicketRun.objects.filter(run=run_id, run__agent__slug=AGENT).first()
    if link is None:
        return None
    handed = TicketRun.objects.filter(ticket=link.ticket_id, pk__gt=link.pk)
    queued = handed.filter(run__agent__slug=NEIGHBOUR, run__status=Run.Status.QUEUED)
    return queued.order_by("pk").values_list("run_id", flat=True).first()


@transaction.atomic
def take_back(run_id: int) -> None:
    """Cancel the neighbour's run, so that its ticket goes on with the triage draft."""
    link = TicketRun.objects.select_related("run").filter(run=run_id).first()
    if link is None:
        return
    Ticket.objects.select_for_update().get(pk=link.ticket_id)
    if cancel_by_hand(run_id, "The agent's pause"):
        audit.record(None, "run.stopped", link.run, why="The agent is not live.")


def left_waiting() -> "QuerySet[TicketRun, int]":
    """Return the runs that wait for a worker while their agent, the neighbour, is not live."""
    queued = Run.objects.filter(
        agent__slug=NEIGHBOUR, status=Run.Status.QUEUED, due_at__lte=timezone.now()
    ).exclude(agent__status=Agent.Status.LIVE)
    links = TicketRun.objects.filter(run__in=queued, settled_at__isnull=True)
    return links.order_by("run_id").values_list("run_id", flat=True)


def _is_to_act(result: RunResult) -> bool:
    """Return whether there is an order to act on, and nothing that asks for a person first."""
    blocked = any(
        not check.passed and (check.effect == "block" or check.name in HOSTILE)
        for check in result.checks
    )
    # A person decides before anything is done, whether tier 3 could plan it or not.
    is_grave = any(one.outcome != "review" or one.queue for one in result.caught or ())
    return bool(result.fields.get("order_numbers")) and not blocked and not is_grave


def _found(run: Run, result: RunResult) -> dict[str, Any]:
    return {
        "run": run.pk,
        "category": result.category,
        "confidence": result.confidence,
        "queue": result.queue,
        "fields": dict(result.fields),
        "draft": result.proposal.text if result.proposal else "",
        "citations": [citation.slug for citation in result.citations],
        "no_draft_reason": result.no_draft_reason,
    }


def _result_of(run: Run) -> RunResult | None:
    if run.status != Run.Status.DONE or run.result is None or not run.result.content:
        return None
    return RunResult.from_json(run.result.content)
