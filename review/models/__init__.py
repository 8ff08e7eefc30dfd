"""Tickets, the items that wait for a person, what people said of them, and what went out."""

from review.models.access import ApiToken, IdempotencyKey
from review.models.items import Assessment, ReviewItem, Verdict, VerdictKind
from review.models.outbox import AuditEntry, Delivery, new_idempotency_key
from review.models.tickets import Customer, Message, Queue, ReviewPayload, Source, Ticket, TicketRun

__all__ = [
    "ApiToken",
    "Assessment",
    "AuditEntry",
    "Customer",
    "Delivery",
    "IdempotencyKey",
    "Message",
    "Queue",
    "ReviewItem",
    "ReviewPayload",
    "Source",
    "Ticket",
    "TicketRun",
    "Verdict",
    "VerdictKind",
    "new_idempotency_key",
]
