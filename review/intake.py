"""Tickets and messages in: redacted before the first insert, committed with their run request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from agents.models import Run
from agents.requests import cancel_runs, request_run
from observability.payloads import digest
from review import audit
from review.errors import ConflictingMessage, ConflictingSubmission
from review.models import (
    ApiToken,
    Customer,
    Delivery,
    Message,
    Queue,
    ReviewItem,
    ReviewPayload,
    Source,
    Ticket,
    TicketRun,
)
from review.redaction import redact

AGENT = "triage"
SUBJECT_LENGTH = 300


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """One turn as it was received."""

    body: str
    sender: Literal["customer", "agent"] = "customer"
    at: datetime | None = None
    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewTicket:
    """A conversation as it was received. messages: in the order they were written, at least one."""

    external_id: str
    subject: str
    customer_email: str
    customer_name: str = ""
    source: str = "api"
    queue: str = ""
    category: str = ""
    received_at: datetime | None = None
    messages: Sequence[NewMessage] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What became of a submission. run: the one that answers it, None when support spoke last."""

    ticket: Ticket
    run: Run | None
    is_new: bool
    message: Message | None = None


@dataclass(frozen=True, kw_only=True)
class _Clean:
    body: str
    redacted: dict[str, int]


@transaction.atomic
def accept_ticket(new: NewTicket, *, token: ApiToken | None = None) -> Accepted:
    """Store the ticket, its messages and its run request; a repetition returns the first one.

    Raises ConflictingSubmission when (source, external_id) exists with other content.
    """
    clean = [_clean(message.body) for message in new.messages]
    # Made from the clean body where there is none: a card cut in two is not recognised.
    subject = (redact(new.subject).text or first_words(clean[-1].body))[:SUBJECT_LENGTH]
    name = redact(new.customer_name).text
    request_digest = digest(
        [subject, new.customer_email, name, new.queue, new.category]
        + [[m.sender, c.body] for m, c in zip(new.messages, clean, strict=True)]
    )
    source, _ = Source.objects.get_or_create(slug=new.source, defaults={"name": new.source})
    customer = _customer(new.customer_email, name)
    ticket, is_new = Ticket.objects.get_or_create(
        source=source,
        external_id=new.external_id,
        defaults={
            "request_digest": request_digest,
            "submitted_by": token,
            "customer": customer,
            "subject": subject,
            "queue": Queue.objects.filter(slug=new.queue).first() if new.queue else None,
            "category": new.category,
            "received_at": new.received_at or timezone.now(),
        },
    )
    if not is_new:
        if ticket.request_digest != request_digest:
            raise ConflictingSubmission
        return Accepted(ticket=ticket, run=_latest_run(ticket), is_new=False)
    _append(ticket, new.messages, clean)
    run = None
    if ticket.customer_seq == ticket.last_seq:
        run = _request_triage(ticket)
    else:
        ticket.status = Ticket.Status.ANSWERED
    ticket.save()
    audit.record(None, "ticket.accepted", ticket, after=request_digest, source=source.slug)
    return Accepted(ticket=ticket, run=run, is_new=True)


@transaction.atomic
def add_message(ticket_id: int, new: NewMessage) -> Accepted:
    """Add a turn; the customer's supersedes the open draft and starts a run over the whole.

    Locks the ticket, as decisions do, so a draft is either sent before or superseded, never both.
    Raises ConflictingMessage when the message's external id exists with another body.
    """
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    clean = _clean(new.body)
    if new.external_id and (known := ticket.messages.filter(external_id=new.external_id).first()):
        if known.digest != digest(clean.body) or known.sender != str(new.sender):
            raise ConflictingMessage
        return Accepted(ticket=ticket, run=_latest_run(ticket), is_new=False, message=known)
    (message,) = _append(ticket, [new], [clean])
    _supersede(ticket)
    run = None
    if message.sender == Message.Sender.CUSTOMER:
        ticket.status = Ticket.Status.OPEN
        run = _request_triage(ticket)
    else:
        ticket.status = Ticket.Status.ANSWERED
    ticket.save()
    return Accepted(ticket=ticket, run=run, is_new=True, message=message)


def first_words(body: str, length: int = 80) -> str:
    """Return a subject for a message that came without one."""
    words = " ".join(body.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def conversation(ticket: Ticket) -> dict[str, Any]:
    """Return the ticket as a run's input: subject, customer's name and every message in order."""
    return {
        "subject": ticket.subject,
        "customer": {"name": ticket.customer.name},
        "messages": [
            {
                "from": message.sender,
                "body": message.body.content or "",
                "at": message.at.isoformat(),
            }
            for message in ticket.messages.select_related("body").order_by("seq")
        ],
    }


def _clean(body: str) -> _Clean:
    # PostgreSQL's text holds no NUL; nothing a person wrote is lost with it.
    result = redact(body.replace("\x00", ""))
    return _Clean(body=result.text, redacted={found.kind: found.count for found in result.found})


def _customer(email: str, name: str) -> Customer:
    customer, _ = Customer.objects.get_or_create(email=email.lower(), defaults={"name": name[:200]})
    if name and not customer.name:
        customer.name = name[:200]
        customer.save(update_fields=["name"])
    return customer


def _append(
    ticket: Ticket, messages: Sequence[NewMessage], clean: Sequence[_Clean]
) -> list[Message]:
    payloads = ReviewPayload.objects.bulk_create(ReviewPayload(content=c.body) for c in clean)
    rows = [
        Message(
            ticket=ticket,
            seq=ticket.last_seq + offset,
            sender=message.sender,
            external_id=message.external_id,
            body=payload,
            digest=digest(c.body),
            redacted=c.redacted,
            at=message.at or timezone.now(),
        )
        for offset, (message, c, payload) in enumerate(
            zip(messages, clean, payloads, strict=True), start=1
        )
    ]
    Message.objects.bulk_create(rows)
    ticket.last_seq = rows[-1].seq
    ticket.customer_seq = max(
        [ticket.customer_seq, *(row.seq for row in rows if row.sender == Message.Sender.CUSTOMER)]
    )
    return rows


def _request_triage(ticket: Ticket) -> Run:
    run = request_run(AGENT, conversation(ticket))
    TicketRun.objects.create(ticket=ticket, run=run, upto_seq=ticket.last_seq)
    return run


def _supersede(ticket: Ticket) -> None:
    """Take back what answered the conversation as it was: runs, the open item, replies not gone.

    A reply by webhook that was tried once may have arrived, so it is left to its retries.
    """
    obsolete = ticket.ticket_runs.filter(settled_at__isnull=True)
    cancel_runs(obsolete.values_list("run_id", flat=True))
    obsolete.update(settled_at=timezone.now())
    for item in ticket.items.open():
        item.status = ReviewItem.Status.SUPERSEDED
        item.save(update_fields=["status"])
        audit.record(None, "item.superseded", item, before=item.digest)
    for delivery in ticket.deliveries.stoppable():
        delivery.state = Delivery.State.UNDONE
        delivery.detail = "A newer message arrived before it left."
        delivery.save(update_fields=["state", "detail"])
        audit.record(None, "delivery.undone", delivery)


def _latest_run(ticket: Ticket) -> Run | None:
    link = ticket.ticket_runs.select_related("run").order_by("-pk").first()
    return link.run if link else None
