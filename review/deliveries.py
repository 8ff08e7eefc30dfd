"""What a person does about a reply that was not sent, or of which nobody knows whether it was.

Nothing here sends: a retry makes the delivery due again, under the same idempotency key, and the
outbox makes one attempt. A delivery that the first look found in another state is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from review import audit, correcting, outcomes
from review.errors import (
    CorrectedSince,
    CustomerWroteSince,
    DeliveryChanged,
    ErasedReply,
    MayArriveTwice,
    ReasonMissing,
    ReviewError,
)
from review.models import Delivery, Ticket

State = Delivery.State
TROUBLED = (State.FAILED, State.UNKNOWN)
LONGEST_NOTE = 200


@dataclass(frozen=True, kw_only=True)
class Retried:
    """What came of a retry of many. refused: each delivery left as it was, and why."""

    retried: Sequence[Delivery]
    refused: Sequence[tuple[Delivery, ReviewError]]


@transaction.atomic
def retry(delivery_id: int, user: User, *, even_twice: bool = False) -> Delivery:
    """Return the delivery, due at once; one that is on its way already is left so.

    even_twice: the person accepts that an unclear mail may arrive a second time. Raises
    MayArriveTwice without that, CustomerWroteSince, CorrectedSince, ErasedReply or DeliveryChanged.
    """
    ticket, delivery = _lock(delivery_id)
    if delivery.state in {State.DUE, State.SENDING}:
        return delivery
    _require_troubled(delivery)
    verdict = delivery.verdict
    if ticket.customer_seq > verdict.item.upto_seq:
        raise CustomerWroteSince
    if delivery.kind == Delivery.Kind.REPLY:
        if verdict.revision != verdict.item.revision:
            raise CorrectedSince
        if verdict.final is None or verdict.final.content is None:
            raise ErasedReply
    if is_ambiguous(delivery) and not even_twice:
        raise MayArriveTwice
    was = delivery.state
    delivery.state, delivery.due_at = State.DUE, timezone.now()
    delivery.save(update_fields=["state", "due_at"])
    _record(user, "delivery.retried", delivery, was=was, detail=delivery.detail[:LONGEST_NOTE])
    return delivery


@transaction.atomic
def mark_sent(delivery_id: int, user: User, *, note: str = "") -> Delivery:
    """Return the delivery as sent, its text part of the conversation. Raises DeliveryChanged.

    For a person who has found it in the mail server's log, or has sent it by other means.
    """
    ticket, delivery = _lock(delivery_id)
    if delivery.state == State.SENT:
        return delivery
    _require_troubled(delivery)
    was, now = delivery.state, timezone.now()
    delivery.state, delivery.sent_at = State.SENT, now
    delivery.detail = _said("Marked as sent", user, note)
    delivery.save(update_fields=["state", "sent_at", "detail"])
    if delivery.kind == Delivery.Kind.REPLY:
        outcomes.append_reply(ticket, delivery, now)
    _record(user, "delivery.marked_sent", delivery, was=was, detail=note[:LONGEST_NOTE])
    return delivery


@transaction.atomic
def give_up(delivery_id: int, user: User, *, reason: str) -> Delivery:
    """Return the delivery, closed without having been sent. Raises ReasonMissing, DeliveryChanged.

    Its ticket counts as closed without a reply, unless something newer is open on it. If it was a
    correction, what it was to put right stands again.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    ticket, delivery = _lock(delivery_id)
    if delivery.state == State.GIVEN_UP:
        return delivery
    _require_troubled(delivery)
    was, item = delivery.state, delivery.verdict.item
    delivery.state = State.GIVEN_UP
    delivery.detail = _said("Given up", user, reason)
    delivery.save(update_fields=["state", "detail"])
    is_newest = ticket.customer_seq <= item.upto_seq and not item.is_correction
    if delivery.kind == Delivery.Kind.REPLY and is_newest:
        ticket.status = Ticket.Status.CLOSED
        ticket.save(update_fields=["status"])
    correcting.close_unsent(delivery, user)
    _record(user, "delivery.given_up", delivery, was=was, detail=reason[:LONGEST_NOTE])
    return delivery


def retry_all(delivery_ids: Sequence[int], user: User) -> Retried:
    """Return what came of retrying each, in a transaction of its own: one refusal stops no other.

    An unclear mail is never among them: whether it may arrive twice is asked one by one.
    """
    retried, refused = [], []
    for delivery_id in delivery_ids:
        try:
            retried.append(retry(delivery_id, user))
        except ReviewError as error:
            delivery = Delivery.objects.select_related("ticket__customer").get(pk=delivery_id)
            refused.append((delivery, error))
    return Retried(retried=retried, refused=refused)


def is_ambiguous(delivery: Delivery) -> bool:
    """Return whether sending it again may reach the customer twice."""
    return delivery.state == State.UNKNOWN and not delivery.is_repeatable


def _lock(delivery_id: int) -> tuple[Ticket, Delivery]:
    """Return ticket and delivery, locked in the order in which everything locks them."""
    ticket_id = Delivery.objects.values_list("ticket_id", flat=True).get(pk=delivery_id)
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    delivery = (
        Delivery.objects.select_related("verdict__item", "verdict__final")
        .select_for_update(of=("self",))
        .get(pk=delivery_id)
    )
    delivery.ticket = ticket
    return ticket, delivery


def _require_troubled(delivery: Delivery) -> None:
    if delivery.state not in TROUBLED:
        raise DeliveryChanged


def _said(what: str, user: User, note: str) -> str:
    who = user.get_full_name() or user.get_username()
    note = note.strip()[:LONGEST_NOTE]
    return f"{what} by {who}: {note}" if note else f"{what} by {who}."


def _record(user: User, action: str, delivery: Delivery, **detail: str) -> None:
    audit.record(user, action, delivery, after=delivery.verdict.final_digest, **detail)
