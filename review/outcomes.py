"""The outbox: a reply leaves once, after its undo window, or says that it did not.

An attempt is claimed by a conditional update, sent outside any transaction, then recorded. A
worker that dies in between leaves `sending`, which turns `unknown`: for mail nobody can know
whether it left, so a person decides. A webhook carries a key that its receiver honours, so it
is sent again.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from observability.payloads import digest
from review import attachments, audit, mail, proposals, similar, webhooks
from review.errors import ErasedFile
from review.models import Delivery, Message, ReviewItem, ReviewPayload, Ticket
from review.reports import Report
from review.search import index_texts

log = logging.getLogger(__name__)

# Standard Webhooks 1.0: waits after the first, second, … attempt; then it has failed.
RETRY_WAITS = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)


def channel_of(ticket: Ticket) -> Delivery.Channel:
    """Return how a reply to this ticket leaves."""
    if ticket.source.is_demo:
        return Delivery.Channel.RECORD
    if ticket.source.webhook_url:
        return Delivery.Channel.WEBHOOK
    if settings.SMTP_HOST:
        return Delivery.Channel.EMAIL
    return Delivery.Channel.RECORD


def channel_to_agent(item: ReviewItem) -> Delivery.Channel:
    """Return how a verdict reaches the agent that waits for it; it can always ask the API.

    One of this installation is resumed and hears of it there.
    """
    source = item.ticket.source
    if source.webhook_url and not source.is_demo and not item.step_key:
        return Delivery.Channel.WEBHOOK
    return Delivery.Channel.RECORD


def due(now: datetime) -> Q:
    """Return the filter of deliveries that a worker should look at."""
    return Q(state=Delivery.State.DUE, due_at__lte=now) | Q(
        state=Delivery.State.SENDING, sending_since__lt=now - Delivery.SENDING_TIMEOUT
    )


def deliver(delivery_id: int) -> Delivery | None:
    """Return the delivery after one attempt at it or its end without one, None when not due.

    Safe to call any number of times.
    """
    delivery = _take(delivery_id)
    if delivery is not None and delivery.state == Delivery.State.SENDING:
        _record(delivery, _attempt(delivery))
    return delivery


def _attempt(delivery: Delivery) -> Report:
    try:
        match delivery.channel:
            case Delivery.Channel.WEBHOOK:
                return webhooks.post(delivery)
            case Delivery.Channel.EMAIL:
                return mail.send(delivery)
        return Report(state="sent", detail="Kept in this console; nothing left it.")
    except ErasedFile as error:
        return Report(state="failed", detail=str(error))
    except Exception as error:
        # Nobody knows how far it came: a person looks, and it is not tried again.
        log.exception("delivery %s broke", delivery.pk)
        return Report(state="unknown", detail=f"Sending broke with {type(error).__name__}.")


def _take(delivery_id: int) -> Delivery | None:
    """Return the delivery, marked `sending` if this call is to send it, else as it ended."""
    now = timezone.now()
    with transaction.atomic():
        # The ticket's lock comes first, as everywhere: a message that arrives now either stops
        # this reply or comes after it.
        ticket_id = Delivery.objects.values_list("ticket_id", flat=True).get(pk=delivery_id)
        ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
        delivery = (
            Delivery.objects.select_related(
                "verdict__item__run", "verdict__final", "ticket__customer", "ticket__source"
            )
            .filter(due(now), pk=delivery_id)
            .first()
        )
        if delivery is None:
            return None
        if delivery.state == Delivery.State.SENDING and not delivery.is_repeatable:
            _close(delivery, Delivery.State.UNKNOWN, "The worker stopped while it was sending.")
            return delivery
        is_stale = ticket.customer_seq > delivery.verdict.item.upto_seq
        if is_stale and Delivery.objects.filter(pk=delivery_id).stoppable().exists():
            _close(delivery, Delivery.State.UNDONE, "A newer message arrived before it left.")
            return delivery
        Delivery.objects.filter(pk=delivery_id).update(
            state=Delivery.State.SENDING, sending_since=now, attempts=F("attempts") + 1
        )
        proposals.conclude(delivery.verdict.item)
        delivery.state = Delivery.State.SENDING
        delivery.attempts += 1
        return delivery


@transaction.atomic
def _record(delivery: Delivery, report: Report) -> None:
    now = timezone.now()
    ticket = Ticket.objects.select_for_update().get(pk=delivery.ticket_id)
    # An attempt that took so long that it was given up as `unknown` still says how it ended.
    if not Delivery.objects.filter(
        pk=delivery.pk,
        state__in=[Delivery.State.SENDING, Delivery.State.UNKNOWN],
        attempts=delivery.attempts,
    ).exists():
        return
    if report.state == "retry":
        waits = RETRY_WAITS[delivery.attempts - 1 : delivery.attempts]
        if waits:
            delivery.state = Delivery.State.DUE
            delivery.due_at = now + max(waits[0], report.retry_after or timedelta())
            delivery.detail = report.said
            delivery.save(update_fields=["state", "due_at", "detail"])
            return
    state = Delivery.State.FAILED if report.state == "retry" else Delivery.State(report.state)
    _close(delivery, state, report.said)
    if state == Delivery.State.SENT and delivery.kind == Delivery.Kind.REPLY:
        append_reply(ticket, delivery, now)


def _close(delivery: Delivery, state: Delivery.State, detail: str) -> None:
    delivery.state = state
    delivery.detail = detail
    delivery.sent_at = timezone.now() if state == Delivery.State.SENT else None
    delivery.save(update_fields=["state", "detail", "sent_at"])
    audit.record(
        None,
        f"delivery.{state}",
        delivery,
        after=delivery.verdict.final_digest,
        detail=detail[:200],
    )


def append_reply(ticket: Ticket, delivery: Delivery, now: datetime) -> None:
    """Add the sent text to the conversation, so that the next run has read it."""
    text = delivery.verdict.final.content if delivery.verdict.final else ""
    ticket.last_seq += 1
    ticket.save(update_fields=["last_seq"])
    message = Message.objects.create(
        ticket=ticket,
        seq=ticket.last_seq,
        sender=Message.Sender.AGENT,
        body=ReviewPayload.objects.create(content=text),
        digest=digest(text),
        at=now,
    )
    index_texts(ticket.pk, [str(text or "")])
    attachments.follow(delivery.verdict, message)
    similar.mark_answered(ticket)
