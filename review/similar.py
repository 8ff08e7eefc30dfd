"""Past tickets whose customers asked the same, and how people answered them.

The worker makes the vectors; a page only compares those that are stored. What can be found is
what a sent reply has answered: a question that waits itself would help nobody.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.db.models import F
from django.db.models.functions import Left
from pgvector import HalfVector

from agents.local_model.slots import given_name
from review.expressions import NAME, SEES_ITEM, text_of
from review.models import (
    Customer,
    Delivery,
    Message,
    ReviewItem,
    Ticket,
    TicketVector,
    Verdict,
)
from review.quoting import split_quoted

# As many as a scan of the index finds at its usual width; people see a part of them.
NEAREST = 40
SHOWN = 3
# Chosen on the demo company's 727 questions. The embedder finds all letters to one company alike:
# of the nearest from 0.70 on two in five are of the same category, from 0.90 on all are.
LEAST_LIKENESS = 0.7
ALIKE_ACROSS_CATEGORIES = 0.9
FIRST_WORDS = 220
QUESTION_CHARS = 8_000
QUESTION_TURNS = 20
NOBODY = "there"

ASKED = "(SELECT vector FROM review_ticketvector WHERE ticket_id = %(ticket)s)"
# A JSON list of the answered tickets nearest to one ticket's question, the likest first.
FOUND = f"""
SELECT coalesce(jsonb_agg(to_jsonb(found) ORDER BY found.likeness DESC), '[]') FROM (
    SELECT item.id AS item_id, ticket.subject, near.likeness, {NAME} AS by,
        left(final.content #>> '{{}}', {FIRST_WORDS}) AS words, person.id AS by_id,
        coalesce(reply.edit_operations, 0) AS edits, reply.sent_at
    FROM (
        SELECT ticket_id, -(vector <#> {ASKED}) AS likeness FROM review_ticketvector
        WHERE is_answered ORDER BY vector <#> {ASKED} LIMIT {NEAREST}
    ) near
    CROSS JOIN LATERAL (
        SELECT verdict.*, delivery.sent_at FROM review_delivery delivery
        JOIN review_verdict verdict ON verdict.id = delivery.verdict_id
        WHERE delivery.ticket_id = near.ticket_id
            AND delivery.state = 'sent' AND delivery.kind = 'reply'
        ORDER BY delivery.id DESC LIMIT 1
    ) reply
    JOIN review_ticket ticket ON ticket.id = near.ticket_id
    JOIN review_reviewitem item ON item.id = reply.item_id
    JOIN review_reviewpayload final ON final.id = reply.final_id
    JOIN auth_user person ON person.id = reply.reviewer_id
    WHERE near.ticket_id <> %(ticket)s AND {SEES_ITEM}
        AND near.likeness >= CASE ticket.category WHEN %(category)s
            THEN {LEAST_LIKENESS} ELSE {ALIKE_ACROSS_CATEGORIES} END
    ORDER BY near.likeness DESC, near.ticket_id DESC LIMIT {SHOWN}
) found
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A past ticket with the reply to it. likeness: cosine, 1 is the same. words: its first."""

    item_id: int
    subject: str
    likeness: float
    words: str
    edits: int
    by_id: int
    by: str
    sent_at: datetime


def index_tickets(tickets: Sequence[Ticket]) -> None:
    """Store what the tickets' customers ask as vectors, in the caller's transaction."""
    # Imported late: pages compare vectors and never make one.
    from memory.embeddings import embed  # noqa: PLC0415

    vectors = embed([question_of(ticket) for ticket in tickets])
    done = _answered(tickets)
    TicketVector.objects.bulk_create(
        [
            TicketVector(ticket=ticket, vector=HalfVector(vector), is_answered=ticket.pk in done)
            for ticket, vector in zip(tickets, vectors, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["vector", "is_answered"],
    )


def mark_answered(ticket: Ticket) -> None:
    """Let the ticket be found from now on: a reply to what it asks has been sent."""
    TicketVector.objects.filter(ticket=ticket).update(is_answered=True)


def answered(row: Mapping[str, Any]) -> Answered:
    """Return an answered ticket from its JSON."""
    return Answered(
        **{
            **row,
            "words": " ".join((row["words"] or "").split()),
            "sent_at": datetime.fromisoformat(row["sent_at"]),
        }
    )


def question_of(ticket: Ticket) -> str:
    """Return what the customer asks: the subject and what they wrote since support last did."""
    newest = (
        ticket.messages.filter(seq__lte=ticket.customer_seq)
        .order_by("-seq")
        .values_list("sender", Left(text_of("body__content"), QUESTION_CHARS))[:QUESTION_TURNS]
    )
    asked = takewhile(lambda turn: turn[0] == Message.Sender.CUSTOMER, newest)
    written = [split_quoted(text or "").visible for _, text in asked]
    return "\n\n".join([ticket.subject, *reversed(written)])[:QUESTION_CHARS]


def answer_to(item: ReviewItem) -> Verdict | None:
    """Return the verdict whose reply was sent, None where none was."""
    sent = item.verdicts.filter(
        delivery__state=Delivery.State.SENT, delivery__kind=Delivery.Kind.REPLY
    )
    return sent.select_related("reviewer", "final", "delivery").order_by("-revision").first()


def addressed(text: str, *, was: Customer, now: Customer) -> str:
    """Return a sent text as it would greet another customer, without its signature.

    Only the name can be told for certain; the rest of what it says of the first one is left.
    """
    body = re.split(r"^-- $", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip()
    name = given_name(was.name)
    if not name:
        return body
    body = re.sub(rf"\b{re.escape(was.name)}\b", lambda _: now.name or NOBODY, body)
    return re.sub(rf"\b{re.escape(name)}\b", lambda _: given_name(now.name) or NOBODY, body)


def _answered(tickets: Iterable[Ticket]) -> set[int]:
    """Return the ids of those whose newest question a sent reply has answered."""
    sent = Delivery.objects.filter(
        state=Delivery.State.SENT,
        kind=Delivery.Kind.REPLY,
        ticket__in=[ticket.pk for ticket in tickets],
        verdict__item__upto_seq__gte=F("ticket__customer_seq"),
    )
    return set(sent.values_list("ticket", flat=True))
