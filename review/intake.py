"""Tickets and messages in: redacted before the first insert, committed with their run request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents.models import Run
from agents.requests import cancel_runs, request_run
from observability.payloads import digest
from review import attachments, audit, carrying_over, correcting
from review.attachments import NewFile
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
from review.search import index_texts, index_ticket

AGENT = "triage"
SUBJECT_LENGTH = 300


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """One turn as it was received."""

    body: str
    sender: Literal["customer", "agent"] = "customer"
    at: datetime | None = None
    external_id: str | None = None
    files: Sequence[NewFile] = ()


@dataclass(frozen=True, kw_only=True)
class NewTicket:
    """A conversation as it was received. messages: in the order they were written, at least one.

    customer_segment: replaces what is known of the customer; empty leaves it as it is.
    """

    external_id: str
    subject: str
    customer_email: str
    customer_name: str = ""
    customer_segment: str = ""
    source: str = "api"
    queue: str = ""
    category: str = ""
    received_at: datetime | None = None
    messages: Sequence[NewMessage] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What became of a submission. run: the one that answers it, None when support spoke last.

    told: ids of the people who were notified that it stopped a reply of theirs.
    """

    ticket: Ticket
    run: Run | None
    is_new: bool
    message: Message | None = None
    told: Sequence[int] = ()


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
        + [[m.sender, *_said(m, c)] for m, c in zip(new.messages, clean, strict=True)]
    )
    source, _ = Source.objects.get_or_create(slug=new.source, defaults={"name": new.source})
    customer = _customer(new.customer_email, name, " ".join(new.customer_segment.split()))
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
    index_ticket(ticket, [one.body for one in clean])
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
        same = known.digest == digest(clean.body) and known.sender == str(new.sender)
        if not same or _files_of(known) != [file.said for file in new.files]:
            raise ConflictingMessage
        return Accepted(ticket=ticket, run=_latest_run(ticket), is_new=False, message=known)
    (message,) = _append(ticket, [new], [clean])
    index_texts(ticket.pk, [clean.body])
    told = _supersede(ticket, message)
    run = None
    if message.sender == Message.Sender.CUSTOMER:
        ticket.status = Ticket.Status.OPEN
        run = _request_triage(ticket)
    else:
        ticket.status = Ticket.Status.ANSWERED
    ticket.save()
    return Accepted(ticket=ticket, run=run, is_new=True, message=message, told=told)


def first_words(body: str, length: int = 80) -> str:
    """Return a subject for a message that came without one."""
    words = " ".join(body.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def conversation(ticket: Ticket) -> dict[str, Any]:
    """Return the ticket as a run's input: subject, the customer and every message in order."""
    return {
        "subject": ticket.subject,
        "customer": {
            "name": ticket.customer.name,
            **({"segment": ticket.customer.segment} if ticket.customer.segment else {}),
        },
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


def _said(message: NewMessage, clean: _Clean) -> list[Any]:
    """Return what the message says, for its digest; one without files has its body alone."""
    files = [file.said for file in message.files]
    return [clean.body, files] if files else [clean.body]


def _files_of(message: Message) -> list[list[str]]:
    files = message.attachments.filter(verdict=None).order_by("pk")
    return [list(file) for file in files.values_list("name", "content_type", "sha256")]


def _customer(email: str, name: str, segment: str) -> Customer:
    customer, _ = Customer.objects.get_or_create(
        email=email.lower(), defaults={"name": name[:200], "segment": segment}
    )
    known = customer.name or name[:200], segment or customer.segment
    if known != (customer.name, customer.segment):
        customer.name, customer.segment = known
        customer.save(update_fields=["name", "segment"])
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
    attachments.keep(
        (row, file) for row, new in zip(rows, messages, strict=True) for file in new.files
    )
    ticket.last_seq = rows[-1].seq
    ticket.customer_seq = max(
        [ticket.customer_seq, *(row.seq for row in rows if row.sender == Message.Sender.CUSTOMER)]
    )
    return rows


def _request_triage(ticket: Ticket) -> Run:
    run = request_run(AGENT, conversation(ticket))
    TicketRun.objects.create(ticket=ticket, run=run, upto_seq=ticket.last_seq)
    return run


def _supersede(ticket: Ticket, message: Message) -> list[int]:
    """Take back what answered the conversation as it was: runs, the open item, replies not gone.

    Return the ids of those whose replies it stopped.

    A reply by webhook that was tried once may have arrived, so it is left to its retries.
    """
    obsolete = ticket.ticket_runs.filter(settled_at__isnull=True)
    cancel_runs(obsolete.values_list("run_id", flat=True))
    obsolete.update(settled_at=timezone.now())
    # An agent whose proposal is overtaken, decided or not, does not get to do it.
    overtaken = ticket.items.filter(
        Q(status=ReviewItem.Status.OPEN) | Q(verdicts__delivery__in=ticket.deliveries.stoppable())
    )
    cancel_runs(overtaken.values_list("run_id", flat=True))
    for item in ticket.items.open().select_for_update(of=("self",)):
        if item.is_correction:  # what it was to put right was sent, and that stands
            correcting.close(item, None)
            continue
        item.status = ReviewItem.Status.SUPERSEDED
        item.save(update_fields=["status"])
        audit.record(None, "item.superseded", item, before=item.digest)
    stopped = list(
        ticket.deliveries.stoppable().select_related("verdict__reviewer", "verdict__item")
    )
    for delivery in stopped:
        delivery.state = Delivery.State.UNDONE
        delivery.detail = carrying_over.OVERTAKEN
        delivery.save(update_fields=["state", "detail"])
        audit.record(None, "delivery.undone", delivery)
        correcting.close_unsent(delivery, None)
    by_customer = message.sender == Message.Sender.CUSTOMER
    return carrying_over.tell_of_stopped(stopped, by_customer=by_customer)


def _latest_run(ticket: Ticket) -> Run | None:
    link = ticket.ticket_runs.select_related("run").order_by("-pk").first()
    return link.run if link else None
