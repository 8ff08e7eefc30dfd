"""Countersigning: one transaction stores all that a verdict means, or nothing."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents.evals.labels import GroundTruth, give_label
from agents.evals.models import OUT_OF_SCOPE, Label
from observability.payloads import digest
from review import audit, sla
from review.claims import require_claim
from review.edits import Comparison, compare
from review.errors import (
    EmptyReply,
    NowhereToEscalate,
    ProposalChanged,
    ReplyTooLong,
    Superseded,
    TooLateToUndo,
    UnknownCategory,
)
from review.items import draft_text, one_form, store_working_text
from review.models import (
    Assessment,
    Delivery,
    ReviewItem,
    ReviewPayload,
    Ticket,
    Verdict,
    VerdictKind,
    WorkingText,
)
from review.outcomes import channel_of

LONGEST_REPLY = 20_000


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the reviewer had before them: the claim they hold and the exact proposal they read."""

    claim_token: uuid.UUID
    revision: int
    digest: str


@transaction.atomic
def send(item_id: int, reviewer: User, seen: Seen, *, text: str, category: str = "") -> Verdict:
    """Return the verdict that sends `text`: approve when it is the draft itself, else edit.

    category: what the reviewer says the ticket is about; empty leaves that unsaid.
    Raises EmptyReply, ReplyTooLong, ClaimLost, AlreadyDecided, Superseded or ProposalChanged.
    """
    text = one_form(text)
    if not text:
        raise EmptyReply
    if len(text) > LONGEST_REPLY:
        raise ReplyTooLong
    item = _lock(item_id, reviewer, seen)
    draft = draft_text(item)
    comparison = compare(draft, text)
    kind = VerdictKind.APPROVE if text == one_form(draft) else VerdictKind.EDIT
    final = ReviewPayload.objects.create(content=text)
    verdict = _settle(item, reviewer, kind, final=final, comparison=comparison, category=category)
    Delivery.objects.create(
        verdict=verdict,
        ticket=item.ticket,
        channel=channel_of(item.ticket),
        due_at=timezone.now() + timedelta(seconds=settings.UNDO_WINDOW_S),
    )
    item.ticket.status = Ticket.Status.ANSWERED
    item.ticket.save(update_fields=["status", "category"])
    return verdict


@transaction.atomic
def reject(
    item_id: int, reviewer: User, seen: Seen, *, reason: str = "", category: str = ""
) -> Verdict:
    """Return the verdict that sends nothing and closes the ticket. Raises as `send` does."""
    item = _lock(item_id, reviewer, seen)
    verdict = _settle(item, reviewer, VerdictKind.REJECT, category=category, reason=reason)
    item.ticket.status = Ticket.Status.CLOSED
    item.ticket.save(update_fields=["status", "category"])
    return verdict


@transaction.atomic
def escalate(
    item_id: int, reviewer: User, seen: Seen, *, note: str = "", text: str = ""
) -> ReviewItem:
    """Return the item, handed to the queue with more authority and free to be claimed there.

    text: what the reviewer has written so far; the next one goes on from it. Raises
    NowhereToEscalate, and as `send` does.
    """
    item = _lock(item_id, reviewer, seen)
    target = item.queue.escalates_to
    if target is None:
        raise NowhereToEscalate
    who = reviewer.get_full_name() or reviewer.get_username()
    told = f"{who} escalated it from {item.queue.name}"
    item.reasons = [
        *item.reasons,
        {"code": "escalated", "text": f"{told}: {note[:300]}" if note else f"{told}."},
    ]
    item.reason_codes = [reason["code"] for reason in item.reasons]
    audit.record(
        reviewer, "item.escalated", item, before=item.digest, to=target.slug, was=item.queue.slug
    )
    item.queue = item.ticket.queue = target
    item.is_escalated = True
    item.priority = ReviewItem.Priority.HIGH
    item.due_at = sla.due_at(target, item.priority, item.clock_started_at)
    store_working_text(item, reviewer, text)
    _drop_claim(item)
    item.save()
    item.ticket.save(update_fields=["queue"])
    return item


@transaction.atomic
def undo(verdict_id: int, reviewer: User) -> ReviewItem:
    """Return the item, open again at its next revision and held by the reviewer.

    The verdict stays on record; its delivery never leaves. Raises TooLateToUndo.
    """
    verdict = Verdict.objects.select_related("item", "final").get(pk=verdict_id)
    ticket = Ticket.objects.select_for_update().get(pk=verdict.item.ticket_id)
    item = ReviewItem.objects.select_for_update(of=("self",)).get(pk=verdict.item_id)
    is_latest = item.revision == verdict.revision and item.status == ReviewItem.Status.DECIDED
    stopped = is_latest and Delivery.objects.filter(verdict=verdict).stoppable().update(
        state=Delivery.State.UNDONE, detail="Undone by its reviewer."
    )
    if not stopped or ticket.customer_seq > item.upto_seq:
        raise TooLateToUndo
    item.status = ReviewItem.Status.OPEN
    WorkingText.objects.update_or_create(
        item=item,
        defaults={
            "text": str(verdict.final.content or "") if verdict.final else "",
            "saved_by": reviewer,
        },
    )
    item.revision += 1
    item.decided_at = None
    item.claimed_by, item.claim_token = reviewer, uuid.uuid4()
    item.claimed_at = timezone.now()
    item.claim_expires_at = item.claimed_at + timedelta(seconds=settings.CLAIM_TTL_S)
    item.save()
    ticket.status = Ticket.Status.OPEN
    ticket.save(update_fields=["status"])
    audit.record(reviewer, "verdict.undone", verdict, before=verdict.final_digest)
    return item


def _lock(item_id: int, reviewer: User, seen: Seen) -> ReviewItem:
    """Return the item, locked with its ticket, if the reviewer may decide on what they saw.

    The ticket is locked first, as intake does, so the two never wait for each other.
    """
    ticket_id = ReviewItem.objects.values_list("ticket_id", flat=True).get(pk=item_id)
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    item = (
        ReviewItem.objects.select_related("queue__escalates_to", "proposal", "run__agent")
        .select_for_update(of=("self",))
        .get(pk=item_id)
    )
    item.ticket = ticket
    require_claim(item, reviewer, seen.claim_token)
    if ticket.customer_seq > item.upto_seq:
        raise Superseded
    if (item.revision, item.digest) != (seen.revision, seen.digest):
        raise ProposalChanged
    return item


def _settle(
    item: ReviewItem,
    reviewer: User,
    kind: VerdictKind,
    *,
    final: ReviewPayload | None = None,
    comparison: Comparison | None = None,
    category: str = "",
    reason: str = "",
) -> Verdict:
    """Write assessment, verdict, labels and audit row, and close the item."""
    if category and category != OUT_OF_SCOPE:
        known = item.run.agent.categories.filter(slug=category).exists()
        if not known:
            raise UnknownCategory
    now = timezone.now()
    final_digest = digest(final.content) if final else ""
    assessment = Assessment.objects.create(
        item=item,
        revision=item.revision,
        reviewer=reviewer,
        kind=kind,
        text=final,
        digest=final_digest,
        category=category,
        reason=reason,
        handled_ms=int((now - item.claimed_at).total_seconds() * 1000) if item.claimed_at else None,
    )
    verdict = Verdict.objects.create(
        item=item,
        revision=item.revision,
        kind=kind,
        assessment=assessment,
        reviewer=reviewer,
        proposed=item.proposal,
        proposed_digest=item.digest,
        final=final,
        final_digest=final_digest,
        edit_operations=comparison.operations if comparison else None,
        words_kept_ratio=comparison.words_kept_ratio if comparison else None,
        succeeded=bool(comparison and comparison.succeeds) if draft_text(item) else None,
        reason=reason,
    )
    _label(item, verdict, category)
    audit.record(
        reviewer,
        f"verdict.{kind}",
        item,
        before=item.digest,
        after=final_digest,
        verdict=verdict.pk,
        revision=item.revision,
        edit_operations=verdict.edit_operations,
    )
    item.status = ReviewItem.Status.DECIDED
    item.decided_at = now
    WorkingText.objects.filter(item=item).delete()
    if category:
        item.ticket.category = category
    _drop_claim(item)
    item.save()
    return verdict


def _label(item: ReviewItem, verdict: Verdict, category: str) -> None:
    common: dict[str, Any] = {
        "run": item.run,
        "verdict": verdict.kind,
        "given_by": verdict.reviewer,
    }
    give_label(
        GroundTruth(
            task=Label.Task.DRAFT,
            expected=verdict.final.content if verdict.final else None,
            edit_operations=verdict.edit_operations,
            words_kept_ratio=verdict.words_kept_ratio,
            succeeded=verdict.succeeded,
            **common,
        )
    )
    # The list stands on the agent's own guess: left there, it is no statement of the reviewer's.
    if category and category != item.category:
        give_label(GroundTruth(task=Label.Task.CLASSIFY, expected=category, **common))


def _drop_claim(item: ReviewItem) -> None:
    item.claimed_by = item.claim_token = item.claim_expires_at = item.claimed_at = None
