"""Tickets, the items that wait for a person, what people said of them, and what went out."""

from review.models.access import ApiToken, IdempotencyKey
from review.models.attachments import Attachment, AttachmentContent
from review.models.desk import Macro, Preferences, Redraft, SavedView, Signature, WorkingText
from review.models.items import Assessment, ReviewItem, Verdict, VerdictKind
from review.models.outbox import AuditEntry, Delivery, new_idempotency_key
from review.models.search import TicketVector, TicketWords
from review.models.service import BusinessHours, Holiday
from review.models.staging import ComparedPair, ComparisonOrder
from review.models.tickets import Customer, Message, Queue, ReviewPayload, Source, Ticket, TicketRun
from review.models.together import CarriedText, Comment, Notification

__all__ = [
    "ApiToken",
    "Assessment",
    "Attachment",
    "AttachmentContent",
    "AuditEntry",
    "BusinessHours",
    "CarriedText",
    "Comment",
    "ComparedPair",
    "ComparisonOrder",
    "Customer",
    "Delivery",
    "Holiday",
    "IdempotencyKey",
    "Macro",
    "Message",
    "Notification",
    "Preferences",
    "Queue",
    "Redraft",
    "ReviewItem",
    "ReviewPayload",
    "SavedView",
    "Signature",
    "Source",
    "Ticket",
    "TicketRun",
    "TicketVector",
    "TicketWords",
    "Verdict",
    "VerdictKind",
    "WorkingText",
    "new_idempotency_key",
]
