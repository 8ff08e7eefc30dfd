"""What went out, and the record of who did what."""

import secrets
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from review.models.items import Verdict
from review.models.tickets import Ticket


def new_idempotency_key() -> str:
    return f"msg_{secrets.token_hex(16)}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User) -> "DeliveryQuerySet":
        """Those of tickets in the queues the person may see."""
        if user.has_perm("review.view_every_queue"):
            return self
        return self.filter(ticket__queue__members=user.pk)

    def stoppable(self) -> "DeliveryQuerySet":
        """Those that surely have not arrived; a webhook that was tried may have."""
        return self.filter(
            Q(attempts=0) | Q(channel=Delivery.Channel.EMAIL), state=Delivery.State.DUE
        )


class Delivery(models.Model):
    """The outbox: a reply on its way to the customer, or a verdict on its way to the agent."""

    class Kind(models.TextChoices):
        REPLY = "reply", "Reply"
        VERDICT = "verdict", "Word to the agent"

    class State(models.TextChoices):
        DUE = "due", "Waiting to be sent"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        UNKNOWN = "unknown", "Unclear whether it was sent"
        FAILED = "failed", "Not sent"
        UNDONE = "undone", "Undone"
        GIVEN_UP = "given_up", "Given up"

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook"
        RECORD = "record", "this console"

    verdict = models.OneToOneField(Verdict, on_delete=models.PROTECT, related_name="delivery")
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(
        max_length=10, choices=Kind.choices, default=Kind.REPLY, db_default=Kind.REPLY
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    idempotency_key = models.CharField(max_length=80, unique=True, default=new_idempotency_key)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sending_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=500, blank=True, help_text="What the other side said.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DeliveryQuerySet.as_manager()

    # Longer than the time limit of its task, so a `sending` older than this lost its worker.
    SENDING_TIMEOUT: ClassVar[timedelta] = timedelta(seconds=150)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state="due"), name="delivery_due"),
            models.Index(
                fields=["sending_since"], condition=Q(state="sending"), name="delivery_sending"
            ),
            models.Index(
                fields=["ticket"],
                condition=Q(state__in=["failed", "unknown"]),
                name="delivery_unclear",
            ),
            models.Index(fields=["created_at", "id"], name="delivery_newest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["due", "sending", "sent", "unknown", "failed", "undone", "given_up"]
                ),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} ({self.state})"

    @property
    def is_repeatable(self) -> bool:
        """Whether the other side recognises a repetition by its key."""
        return self.channel in {self.Channel.WEBHOOK, self.Channel.RECORD}


class AuditEntry(models.Model):
    """Who did what, and the digests before and after. Append-only."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    actor_name = models.CharField(max_length=150, help_text="As it was then; `system` for none.")
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, help_text="What it was done to, e.g. reviewitem:12.")
    before = models.CharField(max_length=64, blank=True)
    after = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [models.Index(fields=["subject", "id"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.subject}"
