"""Opening review items: every run that ends is handled once, and none ends in silence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from agents.models import Category, Run
from agents.policies import caught_in_input
from agents.results import RunResult
from observability.payloads import digest
from review import audit, similar, sla
from review.actions import Action, actions_of, one_form
from review.escalation import Decision, Policy, decide, decide_failure
from review.models import (
    Message,
    Queue,
    ReviewItem,
    ReviewPayload,
    Ticket,
    TicketRun,
    WorkingText,
)
from review.sorting import sorted_by

PRIORITIES = {
    "low": ReviewItem.Priority.LOW,
    "normal": ReviewItem.Priority.NORMAL,
    "high": ReviewItem.Priority.HIGH,
}


@transaction.atomic
def settle_run(run_id: int, *, hands_on: bool = True) -> ReviewItem | None:
    """Open the item that an ended run calls for; return it, or None when there is nothing to do.

    hands_on: whether a ticket that asks to act on an order goes to the agent for that before.
    Locks the ticket, so that a message arriving now either supersedes this item or is part of it.
    """
    ticket_id = TicketRun.objects.filter(run_id=run_id).values_list("ticket_id", flat=True).first()
    if ticket_id is None:
        return None
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    link = TicketRun.objects.select_related("run__result", "run__agent", "run__input").get(
        run_id=run_id
    )
    if link.settled_at is not None or link.run.status not in Run.ENDED:
        return None
    link.settled_at = timezone.now()
    link.save(update_fields=["settled_at"])
    is_overtaken = link.run.status == Run.Status.CANCELLED and not link.run.error_type
    if is_overtaken or link.upto_seq < ticket.customer_seq:
        return None  # a newer run speaks for the conversation
    from review import handing_on  # noqa: PLC0415 - both stand on this module
    from review.carrying_over import carry_over  # noqa: PLC0415

    if hands_on and handing_on.hand_on(ticket, link):
        return None
    spoken = handing_on.speaking(link)
    handing_on.replace_stand_in(ticket, spoken.link)
    item = _open_item(ticket, spoken.link)
    handing_on.say_why(item, spoken.reasons)
    carry_over(item)
    return item


def proposal_of(text: str) -> dict[str, Any]:
    """Return a proposal of one action, a draft, as it is stored and digested."""
    return {"actions": [{"kind": "draft", "text": text}]}


def draft_text(item: ReviewItem) -> str:
    """Return the drafted reply of the item's proposal; empty when there is none or it is erased.

    A correction has none: what was drafted is what it puts right.
    """
    return "" if item.is_correction else drafted(item.proposal)


def drafted(proposal: ReviewPayload) -> str:
    """Return the drafted reply of a stored proposal; empty when there is none or it is erased."""
    actions = (proposal.content or {}).get("actions") or [{}]
    return str(actions[0].get("text", ""))


def proposed_actions(item: ReviewItem) -> tuple[Action, ...]:
    """Return what the item asks a person; of an erased proposal, what can only be refused."""
    if item.is_correction:
        return (Action(kind="draft", proposed="", title="Correction", allows=frozenset({"edit"})),)
    actions = actions_of(item.proposal.content)
    if actions or item.kind == ReviewItem.Kind.DRAFT:
        return actions or (Action(kind="draft", proposed="", title="Reply"),)
    return (Action(kind="decision", proposed=None, allows=frozenset({"reject"})),)


def working_draft(item: ReviewItem) -> str:
    """Return the text to go on from: what somebody has written on it, else the draft."""
    working: WorkingText | None = getattr(item, "working", None)
    return working.text if working else draft_text(item)


def working_text(item: ReviewItem, text: str) -> str | None:
    """Return the text when it is more than the draft as proposed, else None."""
    text = one_form(text)
    return text if text and text != one_form(draft_text(item)) else None


def store_working_text(item: ReviewItem, user: User, text: str) -> None:
    """Keep the text for whoever holds the item next, unless it is the draft as proposed.

    What was chosen beside it stays.
    """
    working = working_text(item, text)
    if working is None:
        WorkingText.objects.filter(item=item, choices={}).delete()
        WorkingText.objects.filter(item=item).update(text=draft_text(item))
    else:
        WorkingText.objects.update_or_create(
            item=item, defaults={"text": working, "saved_by": user}
        )


def keep_answers(
    item: ReviewItem, user: User, finals: Sequence[Any], corrected: Mapping[str, Any]
) -> None:
    """Keep what a reviewer would have sent, done and put right, for whoever opens the item next."""
    text, answers = "", list(finals)
    if item.kind == ReviewItem.Kind.DRAFT:
        text, answers[0] = str(finals[0] or ""), None
    kept = {"answers": answers} if any(one is not None for one in answers) else {}
    WorkingText.objects.update_or_create(
        item=item,
        defaults={
            "text": text or draft_text(item),
            "choices": {**corrected, **kept},
            "saved_by": user,
        },
    )


def drop_claim(item: ReviewItem) -> None:
    """Free the (locked) item; the caller saves it."""
    item.claimed_by = item.claim_token = item.claim_expires_at = item.claimed_at = None


def clock_started_at(ticket: Ticket) -> datetime:
    """Return when the oldest message that waits for an answer came in."""
    answered = (
        ticket.messages.filter(sender=Message.Sender.AGENT).aggregate(seq=Max("seq"))["seq"] or 0
    )
    waiting = ticket.messages.filter(seq__gt=answered).order_by("seq").only("created_at").first()
    return waiting.created_at if waiting else timezone.now()


def queue_called(slug: str) -> Queue:
    """Return the queue of this slug, else the first there is."""
    queue = Queue.objects.filter(slug=slug).first() or Queue.objects.order_by("position").first()
    if queue is None:
        queue = Queue.objects.create(slug="inbox", name="Inbox")
    return queue


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
    handed_to = Queue.objects.filter(slug=decision.queue).first() if decision.queue else None
    if handed_to or ticket.queue is None:
        routed = result.queue if result else run.agent.fallback_queue
        ticket.queue = handed_to or queue_called(routed)
    if result is not None:
        ticket.category = ticket.category or result.category
    ticket.save(update_fields=["queue", "category"])
    reasons = [{"code": reason.code, "text": reason.text} for reason in decision.reasons]
    priority = PRIORITIES[result.urgency] if result else ReviewItem.Priority.NORMAL
    started_at = clock_started_at(ticket)
    said: dict[str, Any] = {
        "proposal": ReviewPayload.objects.create(content=proposal),
        "digest": digest(proposal),
        "reasons": reasons,
        "reason_codes": [reason["code"] for reason in reasons],
        "category": result.category if result else "",
        "confidence": result.confidence if result else None,
        "priority": priority,
        "needs_second": decision.needs_second
        or Category.objects.filter(
            agent=sorted_by(run),
            slug=result.category if result else "",
            is_high_stakes=True,
        ).exists(),
    }
    known = ReviewItem.objects.select_for_update().filter(run=run, step_key="").first()
    if known is not None:  # the run was started again by hand
        return _asked_anew(known, said)
    item = ReviewItem.objects.create(
        ticket=ticket,
        run=run,
        queue=ticket.queue,
        clock_started_at=started_at,
        due_at=sla.due_at(ticket.queue, priority, started_at),
        upto_seq=link.upto_seq,
        **said,
        replaces=ticket.items.filter(
            status=ReviewItem.Status.SUPERSEDED, kind=ReviewItem.Kind.DRAFT
        )
        .order_by("-pk")
        .first(),
    )
    audit.record(None, "item.opened", item, after=item.digest, run=run.pk)
    similar.index_tickets([ticket])
    return item


def _asked_anew(item: ReviewItem, said: Mapping[str, Any]) -> ReviewItem:
    """Return the open item with what its run says this time: its next revision."""
    before = item.digest
    for name, value in said.items():
        setattr(item, name, value)
    item.revision += 1
    item.save()
    audit.record(None, "item.revised", item, before=before, after=item.digest, run=item.run_id)
    return item


def _decision(run: Run, result: RunResult | None) -> Decision:
    if result is None:
        return decide_failure(run.error_type, run.error_message, caught_in_input(run))
    return decide(result, Policy(review_below_confidence=float(settings.REVIEW_BELOW_CONFIDENCE)))
