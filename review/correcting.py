"""Putting right what was sent: the same item once more, at a revision no other text ever had.

While a correction is open the first reply's verdict stands behind it. If none is needed after all,
the item goes back to the revision, times and labels it had, and that verdict counts again.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents.evals.labels import GroundTruth, give_label
from agents.evals.models import Label
from review import audit, sla
from review.claims import require_claim
from review.errors import CannotCorrect
from review.items import drop_claim
from review.models import AuditEntry, Delivery, ReviewItem, Ticket, Verdict, WorkingText

State = Delivery.State
BEGUN, CLOSED = "item.corrected", "item.correction_closed"
NO_REPLY = "Only a reply that was sent can be corrected."
INSTEAD = {
    State.DUE: "This reply has not left yet. Undo it, or wait until it is sent.",
    State.SENDING: "This reply is leaving just now. Wait a moment.",
    State.FAILED: "This reply was not sent. Try it again, or give it up.",
    State.UNDONE: NO_REPLY,
    State.GIVEN_UP: NO_REPLY,
}
UNCLEAR = "It is unclear whether this reply arrived, so a correction may be the first they read."


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """What a correction puts right. by: the verdict that sent it."""

    by: Verdict
    delivery: Delivery

    @property
    def text(self) -> str:
        """Return the text as it was sent, empty once erased."""
        return str(self.by.final.content or "") if self.by.final else ""


@transaction.atomic
def begin(item_id: int, user: User, *, even_if_unclear: bool = False) -> ReviewItem:
    """Return the item, open once more at a new revision and held by the user.

    One who holds its correction already goes on with it. Raises CannotCorrect, which says what to
    do instead. Locks the ticket, then the item.
    """
    ticket = _locked_ticket(item_id)
    item = _locked_item(item_id)
    now = timezone.now()
    if item.is_correction and item.is_held_by(user.pk, now):
        return item
    verdict = _require_correctable(item, ticket, even_if_unclear)
    was = {
        "revision": item.revision,
        "is_correction": item.is_correction,
        "decided_at": (item.decided_at or now).isoformat(),
        "clock_started_at": item.clock_started_at.isoformat(),
        "due_at": item.due_at.isoformat(),
    }
    item.status, item.decided_at, item.is_correction = ReviewItem.Status.OPEN, None, True
    item.revision = _unused_revision(item)
    item.clock_started_at = now
    item.due_at = sla.due_at(item.queue, item.priority, now)
    item.claimed_by, item.claim_token, item.claimed_at = user, uuid.uuid4(), now
    item.claim_expires_at = now + timedelta(seconds=settings.CLAIM_TTL_S)
    item.save()
    ticket.status = Ticket.Status.OPEN
    ticket.save(update_fields=["status"])
    audit.record(user, BEGUN, item, before=verdict.final_digest, revision=item.revision, was=was)
    return item


@transaction.atomic
def cancel(item_id: int, user: User, claim_token: uuid.UUID) -> ReviewItem:
    """Return the item, closed as it was before its correction: none was needed.

    Raises ClaimLost, AlreadyDecided, Superseded or CannotCorrect.
    """
    ticket = _locked_ticket(item_id)
    item = _locked_item(item_id)
    require_claim(item, user, claim_token)
    if not item.is_correction:
        raise CannotCorrect("This item is no correction. Send a reply, or reject the draft.")
    close(item, user)
    WorkingText.objects.filter(item=item).delete()
    ticket.status = Ticket.Status.ANSWERED
    ticket.save(update_fields=["status"])
    return item


def close(item: ReviewItem, user: User | None) -> None:
    """Close an open correction without one; the verdict before it stands again.

    The caller holds ticket and item. user: None when a newer message is the reason.
    """
    begun = _entries(item, BEGUN).latest("pk")
    was = begun.detail["was"]
    audit.record(user, CLOSED, item, revision=item.revision, back_to=was["revision"])
    _give_labels_back(item, begun.at)
    item.status, item.revision = ReviewItem.Status.DECIDED, was["revision"]
    item.is_correction = was["is_correction"]
    for name in ("decided_at", "clock_started_at", "due_at"):
        setattr(item, name, datetime.fromisoformat(was[name]))
    drop_claim(item)
    item.assigned_to = item.snoozed_until = None
    item.save()


def close_unsent(delivery: Delivery, user: User | None) -> None:
    """Close the correction that this reply was to be, now that it will not leave; else do nothing.

    The caller holds the ticket. user: None when a newer message is the reason.
    """
    item = _locked_item(delivery.verdict.item_id)
    is_of_it = item.is_correction and item.revision == delivery.verdict.revision
    if is_of_it and delivery.kind == Delivery.Kind.REPLY:
        close(item, user)


def corrected(item: ReviewItem) -> Corrected | None:
    """Return what the item's correction puts right; None for an item that is no correction."""
    if not item.is_correction:
        return None
    sent = Delivery.objects.filter(verdict__item=item, state__in=[State.SENT, State.UNKNOWN])
    sent = sent.filter(verdict__revision__lt=item.revision).order_by("-verdict__revision")
    delivery = sent.select_related("verdict__final", "verdict__reviewer").first()
    return Corrected(by=delivery.verdict, delivery=delivery) if delivery else None


def _locked_ticket(item_id: int) -> Ticket:
    ticket_id = ReviewItem.objects.values_list("ticket_id", flat=True).get(pk=item_id)
    return Ticket.objects.select_for_update().get(pk=ticket_id)


def _locked_item(item_id: int) -> ReviewItem:
    items = ReviewItem.objects.select_related("queue", "run__agent", "proposal")
    return items.select_for_update(of=("self",)).get(pk=item_id)


def _require_correctable(item: ReviewItem, ticket: Ticket, even_if_unclear: bool) -> Verdict:
    """Return the verdict to correct. Raises CannotCorrect with what stands against it."""
    if item.status == ReviewItem.Status.OPEN and item.is_correction:
        raise CannotCorrect("Somebody corrects this reply already. Open the item to see who.")
    verdict = item.verdicts.filter(revision=item.revision, action=0).first()
    delivery = Delivery.objects.filter(verdict=verdict, kind=Delivery.Kind.REPLY).first()
    if item.status != ReviewItem.Status.DECIDED or verdict is None or delivery is None:
        raise CannotCorrect(NO_REPLY)
    if (instead := INSTEAD.get(State(delivery.state))) is not None:
        raise CannotCorrect(instead)
    newer = ticket.items.filter(pk__gt=item.pk, kind=ReviewItem.Kind.DRAFT)
    if ticket.customer_seq > item.upto_seq or newer.open().exists():
        raise CannotCorrect("The customer has written since. Put it right in that answer.")
    if newer.filter(verdicts__delivery__state=State.SENT).exists():
        raise CannotCorrect("A later reply was sent on this ticket. Correct that one.")
    if delivery.state == State.UNKNOWN and not even_if_unclear:
        raise CannotCorrect(UNCLEAR)
    return verdict


def _unused_revision(item: ReviewItem) -> int:
    """Return a revision the item never had, not even for a correction that was given up."""
    left = _entries(item, CLOSED).order_by("pk").last()
    return 1 + max(item.revision, left.detail["revision"] if left else 0)


def _entries(item: ReviewItem, action: str) -> Any:
    return AuditEntry.objects.filter(subject=f"reviewitem:{item.pk}", action=action)


def _give_labels_back(item: ReviewItem, begun_at: datetime) -> None:
    """Say again what was said before a correction that was sent, undone and then given up."""
    labels = Label.objects.filter(run=item.run)
    for changed in labels.filter(label__isnull=True, created_at__gt=begun_at).order_by("pk"):
        earlier = (
            labels.filter(task=changed.task, created_at__lte=begun_at)
            .select_related("expected", "given_by")
            .order_by("-pk")
            .first()
        )
        if earlier is not None:
            give_label(_as_said(earlier))


def _as_said(label: Label) -> GroundTruth:
    return GroundTruth(
        run=label.run,
        task=Label.Task(label.task),
        expected=label.expected.content if label.expected else None,
        verdict=label.verdict,
        given_by=label.given_by,
        edit_operations=label.edit_operations,
        words_kept_ratio=label.words_kept_ratio,
        succeeded=label.succeeded,
    )
