"""Opening review items: every run that ends is handled once, and none ends in silence."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents.models import Run
from agents.results import RunResult
from observability.payloads import digest
from review import audit
from review.escalation import Decision, Policy, decide, decide_failure
from review.models import Queue, ReviewItem, ReviewPayload, Ticket, TicketRun

PRIORITIES = {
    "low": ReviewItem.Priority.LOW,
    "normal": ReviewItem.Priority.NORMAL,
    "high": ReviewItem.Priority.HIGH,
}


@transaction.atomic
def settle_run(run_id: int) -> ReviewItem | None:
    """Open the item that an ended run calls for; return it, or None when there is nothing to do.

    Locks the ticket, so that a message arriving now either supersedes this item or is part of it.
    """
    ticket_id = TicketRun.objects.filter(run_id=run_id).values_list("ticket_id", flat=True).first()
    if ticket_id is None:
        return None
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    link = TicketRun.objects.select_related("run__result", "run__agent").get(run_id=run_id)
    if link.settled_at is not None or link.run.status not in Run.ENDED:
        return None
    link.settled_at = timezone.now()
    link.save(update_fields=["settled_at"])
    if link.run.status == Run.Status.CANCELLED or link.upto_seq < ticket.customer_seq:
        return None  # a newer run speaks for the conversation
    return _open_item(ticket, link)


def proposal_of(text: str) -> dict[str, Any]:
    """Return a proposal of one action, a draft, as it is stored and digested."""
    return {"actions": [{"kind": "draft", "text": text}]}


def draft_text(item: ReviewItem) -> str:
    """Return the drafted reply of the item's proposal; empty when there is none or it is erased."""
    return drafted(item.proposal)


def drafted(proposal: ReviewPayload) -> str:
    """Return the drafted reply of a stored proposal; empty when there is none or it is erased."""
    actions = (proposal.content or {}).get("actions") or [{}]
    return str(actions[0].get("text", ""))


def one_form(text: str) -> str:
    """Return the text with one kind of line end and nothing around it, as it can be stored."""
    # PostgreSQL's text holds no NUL.
    return text.replace("\r\n", "\n").replace("\x00", "").strip()


def working_text(item: ReviewItem, text: str) -> str | None:
    """Return the text when it is more than the draft as proposed, else None."""
    text = one_form(text)
    return text if text and text != one_form(draft_text(item)) else None


def store_working_text(item: ReviewItem, text: str) -> ReviewPayload | None:
    """Return the stored text that the next reviewer goes on from, None when it is the draft."""
    working = working_text(item, text)
    return ReviewPayload.objects.create(content=working) if working else None


def _open_item(ticket: Ticket, link: TicketRun) -> ReviewItem:
    run = link.run
    result = (
        RunResult.from_json(run.result.content)
        if run.status == Run.Status.DONE and run.result and run.result.content
        else None
    )
    decision = _decision(run, result)
    offered = decision.outcome == "review" and result is not None and result.proposal is not None
    proposal = proposal_of(result.proposal.text if offered and result and result.proposal else "")
    if ticket.queue is None:
        ticket.queue = _queue(result.queue if result else run.agent.fallback_queue)
    if result is not None:
        ticket.category = ticket.category or result.category
    ticket.save(update_fields=["queue", "category"])
    item = ReviewItem.objects.create(
        ticket=ticket,
        run=run,
        queue=ticket.queue,
        upto_seq=link.upto_seq,
        proposal=ReviewPayload.objects.create(content=proposal),
        digest=digest(proposal),
        reasons=[{"code": reason.code, "text": reason.text} for reason in decision.reasons],
        category=result.category if result else "",
        confidence=result.confidence if result else None,
        priority=PRIORITIES[result.urgency] if result else ReviewItem.Priority.NORMAL,
    )
    audit.record(None, "item.opened", item, after=item.digest, run=run.pk)
    return item


def _decision(run: Run, result: RunResult | None) -> Decision:
    if result is None:
        return decide_failure(run.error_type, run.error_message)
    return decide(result, Policy(review_below_confidence=float(settings.REVIEW_BELOW_CONFIDENCE)))


def _queue(slug: str) -> Queue:
    queue = Queue.objects.filter(slug=slug).first() or Queue.objects.order_by("position").first()
    if queue is None:
        queue = Queue.objects.create(slug="inbox", name="Inbox")
    return queue
