"""Tickets, the items that wait for a person, what people said of them, and what went out."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from agents.models import Run
from observability.payloads import Payload

if TYPE_CHECKING:
    from datetime import datetime


class ReviewPayload(Payload):
    """Bodies of messages, drafts as proposed, texts as sent."""


class Queue(models.Model):
    """A team's share of the work. Who is a member sees its items."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    escalates_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
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
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or self.email


class ApiToken(models.Model):
    """A bearer token, kept as its SHA-256; the token itself is shown once."""

    class Scope(models.TextChoices):
        SUBMIT = "submit", "Submit tickets and read its own"
        READ = "read", "Read every ticket and the metrics"
        LABELS = "labels", "Read and write labels"
        TRACES = "traces", "Write traces"
        ADMIN = "admin", "Everything"

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def allows(self, *scopes: str) -> bool:
        """Whether it carries one of the scopes."""
        return self.Scope.ADMIN in self.scopes or any(scope in self.scopes for scope in scopes)


class IdempotencyKey(models.Model):
    """A request that was answered, so that its repetition gets the same answer."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    response = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return self.key


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
    category = models.SlugField(max_length=60, blank=True)
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


class ReviewItemQuerySet(models.QuerySet["ReviewItem"]):
    def open(self) -> "ReviewItemQuerySet":
        return self.filter(status=ReviewItem.Status.OPEN)

    def visible_to(self, user: User) -> "ReviewItemQuerySet":
        """Those of the queues the person may see."""
        if user.has_perm("review.view_every_queue"):
            return self
        return self.filter(queue__members=user.pk)

    def claimed_at(self, now: "datetime") -> "ReviewItemQuerySet":
        return self.filter(claim_expires_at__gt=now)

    def free_for(self, user: User, now: "datetime") -> "ReviewItemQuerySet":
        """Those that nobody else holds."""
        return self.filter(
            Q(claimed_by__isnull=True) | Q(claim_expires_at__lte=now) | Q(claimed_by=user.pk)
        )

    def in_order(self) -> "ReviewItemQuerySet":
        """The order in which Next takes them: urgent first, then the longest waiting."""
        return self.order_by("-priority", "opened_at", "pk")


class ReviewItem(models.Model):
    """A proposal that waits for a person: an ordered list of actions, usually one draft."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DECIDED = "decided", "Decided"
        SUPERSEDED = "superseded", "Superseded"
        EXPIRED = "expired", "Expired"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.IntegerChoices):
        LOW = 0, "Low"
        NORMAL = 1, "Normal"
        HIGH = 2, "Urgent"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="items")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="items")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    upto_seq = models.PositiveIntegerField(help_text="The newest message the proposal has seen.")
    proposal = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    working = models.ForeignKey(
        ReviewPayload,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="A text that a reviewer began and left: the next one goes on from it.",
    )
    revision = models.PositiveIntegerField(default=1)
    reasons = models.JSONField(default=list, help_text="[{code, text}]: why it came to a person.")
    category = models.SlugField(max_length=60, blank=True)
    confidence = models.FloatField(null=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    is_escalated = models.BooleanField(default=False)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    claim_token = models.UUIDField(null=True)
    claim_expires_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        permissions: ClassVar = [
            ("decide", "Can countersign items"),
            ("view_every_queue", "Can see the items of every queue"),
        ]
        indexes: ClassVar = [
            models.Index(
                "queue",
                F("priority").desc(),
                "opened_at",
                "id",
                condition=Q(status="open"),
                name="item_next",
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "decided", "superseded", "expired", "cancelled"]),
                name="item_status_known",
            ),
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(status="open"), name="one_open_item_a_ticket"
            ),
            models.UniqueConstraint(fields=["run"], name="one_item_a_run"),
            models.CheckConstraint(
                condition=Q(
                    claimed_by__isnull=True, claim_token__isnull=True, claim_expires_at__isnull=True
                )
                | Q(
                    claimed_by__isnull=False,
                    claim_token__isnull=False,
                    claim_expires_at__isnull=False,
                ),
                name="claim_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status="decided") | Q(decided_at__isnull=False),
                name="decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.pk} ({self.status})"

    def is_held_by(self, user_id: int | None, now: "datetime") -> bool:
        """Whether this person's claim is in force."""
        return (
            self.claimed_by_id is not None
            and self.claimed_by_id == user_id
            and self.claim_expires_at is not None
            and self.claim_expires_at > now
        )


class VerdictKind(models.TextChoices):
    APPROVE = "approve", "Approved"
    EDIT = "edit", "Edited and sent"
    REJECT = "reject", "Rejected"
    RESPOND = "respond", "Answered the agent"


class Assessment(models.Model):
    """What one reviewer said of an item. Append-only; one of them resolves into the verdict."""

    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="assessments")
    revision = models.PositiveIntegerField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=VerdictKind.choices)
    text = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, null=True)
    digest = models.CharField(max_length=64, blank=True)
    category = models.SlugField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} of item {self.item_id}"


class Verdict(models.Model):
    """The resolved decision on one action of one revision of an item. Append-only."""

    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="verdicts")
    revision = models.PositiveIntegerField()
    action = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=VerdictKind.choices)
    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    proposed = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, related_name="+")
    proposed_digest = models.CharField(max_length=64)
    final = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, null=True, related_name="+")
    final_digest = models.CharField(max_length=64, blank=True)
    edit_operations = models.PositiveIntegerField(null=True)
    words_kept_ratio = models.FloatField(null=True)
    succeeded = models.BooleanField(null=True, help_text="Unset when there was no draft to judge.")
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "revision", "action"], name="verdict_once"),
            models.CheckConstraint(
                condition=Q(kind="reject", final__isnull=True)
                | ~Q(kind="reject") & Q(final__isnull=False, edit_operations__isnull=False),
                name="verdict_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of item {self.item_id} rev {self.revision}"


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
    """The outbox: a reply on its way to the customer."""

    class State(models.TextChoices):
        DUE = "due", "Waiting to be sent"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        UNKNOWN = "unknown", "Unclear whether it was sent"
        FAILED = "failed", "Not sent"
        UNDONE = "undone", "Undone"

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook"
        RECORD = "record", "this console"

    verdict = models.OneToOneField(Verdict, on_delete=models.PROTECT, related_name="delivery")
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="deliveries")
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
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["due", "sending", "sent", "unknown", "failed", "undone"]),
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
