"""Queues, sources, customers, and what they wrote."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import Run
from observability.payloads import Payload
from review.models.access import ApiToken


class ReviewPayload(Payload):
    """Bodies of messages, drafts as proposed, texts as sent."""


class Queue(models.Model):
    """A team's share of the work. Who is a member sees its items."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    escalates_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC", help_text="As in Europe/Berlin.")
    target_urgent_min = models.PositiveIntegerField(
        default=60, help_text="Working minutes to an urgent message's reply."
    )
    target_normal_min = models.PositiveIntegerField(
        default=480, help_text="Working minutes to a reply."
    )
    target_low_min = models.PositiveIntegerField(
        default=1440, help_text="Working minutes to a reply to what can wait."
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="queues", blank=True)

    class Meta:
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """Where tickets come from, and the webhook that takes the replies back."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    webhook_url = models.URLField(blank=True)
    webhook_secret = models.CharField(max_length=120, blank=True, help_text="whsec_… (base64).")
    is_demo = models.BooleanField(
        default=False, help_text="Its replies stay in the console, and remove_demo takes it away."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(webhook_url="") | ~Q(webhook_secret=""), name="webhook_is_signed"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """A person who writes to the company."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    segment = models.CharField(
        max_length=40, blank=True, db_default="", help_text="As the company sorts them, as in VIP."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or self.email


class Ticket(models.Model):
    """An inbound customer conversation."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed without a reply"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="tickets")
    external_id = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64, help_text="Of the redacted first submission.")
    submitted_by = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets")
    subject = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, null=True)
    category = models.SlugField(max_length=60, blank=True, db_index=False)
    last_seq = models.PositiveIntegerField(default=0, help_text="Sequence of the newest message.")
    customer_seq = models.PositiveIntegerField(
        default=0, help_text="Sequence of the customer's newest message."
    )
    received_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "external_id"], name="ticket_once")
        ]

    def __str__(self) -> str:
        return self.subject


class Message(models.Model):
    """One turn of a conversation. Append-only."""

    class Sender(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        AGENT = "agent", "Support"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveIntegerField()
    sender = models.CharField(max_length=10, choices=Sender.choices)
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 - unique where given
    body = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    redacted = models.JSONField(default=dict, help_text="Kinds of secrets removed, with counts.")
    at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="message_seq"),
            models.UniqueConstraint(fields=["ticket", "external_id"], name="message_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}.{self.seq}"


class TicketRun(models.Model):
    """A run over a ticket's conversation up to one message; settled once its end is handled."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="ticket_runs")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="+")
    upto_seq = models.PositiveIntegerField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["run"], condition=Q(settled_at__isnull=True), name="ticket_run_unsettled"
            )
        ]

    def __str__(self) -> str:
        return f"ticket {self.ticket_id}, run {self.run_id}"
