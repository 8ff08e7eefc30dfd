"""The items that wait for a person, and what people said of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import OrderBy
from django.utils import timezone

from agents.models import Run
from review.models.tickets import Queue, ReviewPayload, Ticket


class ReviewItemQuerySet(models.QuerySet["ReviewItem"]):
    def open(self) -> "ReviewItemQuerySet":
        return self.filter(status=ReviewItem.Status.OPEN)

    def visible_to(self, user: User) -> "ReviewItemQuerySet":
        """Those of the queues the person may see."""
        if user.has_perm("review.view_every_queue"):
            return self
        return self.filter(Q(queue__in=user.queues.all()) | Q(assigned_to=user.pk))

    def held_at(self, now: datetime) -> "ReviewItemQuerySet":
        return self.filter(claim_expires_at__gt=now)

    def free_for(self, user: User, now: datetime) -> "ReviewItemQuerySet":
        """Those that nobody else holds."""
        return self.filter(
            Q(claimed_by__isnull=True) | Q(claim_expires_at__lte=now) | Q(claimed_by=user.pk)
        )

    def unclaimed(self, now: datetime) -> "ReviewItemQuerySet":
        return self.filter(Q(claimed_by__isnull=True) | Q(claim_expires_at__lte=now))

    def mine(self, user: User, now: datetime) -> "ReviewItemQuerySet":
        """Those the person holds, and those handed to them."""
        return self.filter(Q(claimed_by=user.pk, claim_expires_at__gt=now) | Q(assigned_to=user.pk))

    def awake(self, now: datetime) -> "ReviewItemQuerySet":
        """Those that are not put off until later."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now))

    def in_order(self) -> "ReviewItemQuerySet":
        """The order in which Next takes them: urgent first, then the least time left."""
        return self.order_by("-priority", "due_at", "pk")


def _of_a_queue(
    name: str, *columns: str | OrderBy, where: Q | None = None, include: Sequence[str] = ()
) -> models.Index:
    condition = Q(status="open")
    return models.Index(
        "queue",
        *columns,
        condition=condition & where if where else condition,
        include=include,
        name=name,
    )


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

    class Kind(models.TextChoices):
        DRAFT = "draft", "Draft"
        DECISION = "decision", "Decision"
        TOOL_CALL = "tool_call", "Action"
        MEMORY = "memory", "Memory"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="items")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)
    step_key = models.CharField(
        max_length=80,
        blank=True,
        db_default="",
        help_text="The step at which its run waits; of a run's end, none.",
    )
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="items", db_index=False)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    kind = models.CharField(
        max_length=10,
        choices=Kind.choices,
        default=Kind.DRAFT,
        help_text="Of its first action.",
    )
    upto_seq = models.PositiveIntegerField(help_text="The newest message the proposal has seen.")
    proposal = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=1)
    reasons = models.JSONField(default=list, help_text="[{code, text}]: why it came to a person.")
    reason_codes = ArrayField(models.CharField(max_length=60), default=list)
    category = models.SlugField(max_length=60, blank=True, db_index=False)
    confidence = models.FloatField(null=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    is_escalated = models.BooleanField(default=False)
    is_correction = models.BooleanField(
        default=False, help_text="Opened again to put right what was sent."
    )
    needs_second = models.BooleanField(
        default=False, help_text="High stakes: two people countersign the same text."
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The item that a newer message superseded and this one answers anew.",
    )
    clock_started_at = models.DateTimeField(
        default=timezone.now, help_text="When the oldest unanswered message came in."
    )
    due_at = models.DateTimeField(help_text="When the queue's target for a reply is over.")
    snoozed_until = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="assigned_items",
        db_index=False,
        help_text="The one person it was handed to; nobody else is offered it.",
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False
    )
    claimed_at = models.DateTimeField(null=True, help_text="When this claim was first taken.")
    claim_token = models.UUIDField(null=True)
    claim_expires_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    # Read with it for a page: whether the person may act on it, and for a list.
    may_act: bool
    category_name: str | None

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        permissions: ClassVar = [
            ("decide", "Can countersign items"),
            ("view_every_queue", "Can see the items of every queue"),
            ("configure", "Can set what agents run on and may do"),
            ("approve_change", "Can countersign a change to what agents do"),
            ("pause_agents", "Can stop an agent at once"),
            ("manage_team", "Can set service levels and share out work"),
        ]
        # The orders of the inbox and what is rare in it, each over what is open of a queue.
        indexes: ClassVar = [
            _of_a_queue("item_next", F("priority").desc(), "due_at", "id"),
            # With what it includes, what is awake is counted without reading the items.
            _of_a_queue("item_due", "due_at", "id", include=["snoozed_until"]),
            _of_a_queue("item_longest", F("priority").desc(), "opened_at", "id"),
            _of_a_queue("item_confidence", "confidence", "id"),
            _of_a_queue("item_newest", F("opened_at").desc(), F("id").desc()),
            _of_a_queue("item_category", "category", F("priority").desc(), "due_at", "id"),
            _of_a_queue("item_escalated", "due_at", where=Q(is_escalated=True)),
            _of_a_queue("item_snoozed", "snoozed_until", where=Q(snoozed_until__isnull=False)),
            _of_a_queue("item_kind", "kind", where=~Q(kind="draft")),
            GinIndex(
                fields=["reason_codes"],
                fastupdate=False,
                condition=Q(status="open"),
                name="item_reason",
            ),
            models.Index("run", "step_key", name="item_run"),
            models.Index("claimed_by", condition=Q(claimed_by__isnull=False), name="item_claimed"),
            models.Index(
                "assigned_to",
                condition=Q(status="open", assigned_to__isnull=False),
                name="item_assigned",
            ),
            models.Index(
                "queue",
                F("decided_at").desc(),
                F("id").desc(),
                condition=Q(status="decided"),
                name="item_decided",
            ),
            models.Index(
                "queue", F("id").desc(), condition=Q(status="superseded"), name="item_superseded"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "decided", "superseded", "expired", "cancelled"]),
                name="item_status_known",
            ),
            models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(status="open", kind="draft"),
                name="one_open_draft_a_ticket",
            ),
            models.UniqueConstraint(
                fields=["run"], condition=Q(step_key=""), name="one_item_a_run"
            ),
            models.UniqueConstraint(
                fields=["run", "step_key"],
                condition=Q(status="open") & ~Q(step_key=""),
                name="one_open_item_a_pause",
            ),
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

    def is_held_by(self, user_id: int | None, now: datetime) -> bool:
        """Whether this person's claim is in force."""
        return (
            self.claimed_by_id is not None
            and self.claimed_by_id == user_id
            and self.claim_expires_at is not None
            and self.claim_expires_at > now
        )

    @property
    def held_since(self) -> str:
        """Since when it has been held, as the record keeps a time; "" while nobody holds it."""
        return self.claimed_at.isoformat() if self.claimed_at else ""


class VerdictKind(models.TextChoices):
    APPROVE = "approve", "Approved"
    EDIT = "edit", "Edited and sent"
    REJECT = "reject", "Rejected"
    RESPOND = "respond", "Answered the agent"


class Assessment(models.Model):
    """What one reviewer said of an item. Append-only; one of them resolves into the verdict."""

    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="assessments")
    revision = models.PositiveIntegerField()
    action = models.PositiveSmallIntegerField(default=0)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=VerdictKind.choices)
    text = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, null=True)
    digest = models.CharField(max_length=64, blank=True)
    category = models.SlugField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    handled_ms = models.PositiveIntegerField(null=True, help_text="From the claim to this.")
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
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False)
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
        indexes: ClassVar = [
            models.Index("reviewer", F("created_at").desc(), name="verdict_newest")
        ]
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
