"""Agents, their tiers, and the journal of what they did."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from observability.payloads import Payload

HEARTBEAT_INTERVAL = timedelta(seconds=5)
HEARTBEAT_TIMEOUT = timedelta(seconds=20)
MOST_ATTEMPTS = 3


def new_trace_id() -> str:
    """Return a random W3C trace id: 32 hex digits."""
    return uuid.uuid4().hex


class RunPayload(Payload):
    """What a run or a step received or gave: conversations, prompts, answers."""


class Agent(models.Model):
    """One job with one success metric, and what the company tells it about itself."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    job = models.CharField(max_length=300)
    metric = models.CharField(max_length=300)
    does_not = models.JSONField(default=list, help_text="What it does not do, a sentence each.")
    company = models.JSONField(
        default=dict,
        help_text="name, support_name, products [{name, aliases}], order_number_patterns [regex]",
    )
    fallback_queue = models.SlugField(help_text="Queue of what fits no category.")

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A kind of request the agent can name, and the queue it belongs to."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="categories")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=400)
    guidance = models.TextField(blank=True, help_text="How to answer it, for the draft prompt.")
    queue = models.SlugField()
    is_high_stakes = models.BooleanField(
        default=False, help_text="Two people countersign the same reply before it is sent."
    )

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "categories"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "slug"], name="category_once")
        ]

    def __str__(self) -> str:
        return self.name


class TierVersion(models.Model):
    """What a tier runs on, and why. A change is a new version; one is live per environment."""

    environment = models.CharField(max_length=20)
    tier = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField()
    model = models.CharField(max_length=120)
    fallbacks = models.JSONField(default=list)
    endpoints = models.JSONField(
        default=dict, help_text="Model → base URL, where it is not at its provider's own."
    )
    temperature = models.FloatField()
    max_tokens = models.PositiveIntegerField()
    timeout_s = models.PositiveIntegerField()
    reason = models.TextField()
    is_live = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)

    class Meta:
        ordering: ClassVar = ["environment", "tier", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment", "tier", "version"], name="tier_version_once"
            ),
            models.UniqueConstraint(
                fields=["environment", "tier"], condition=Q(is_live=True), name="one_live_tier"
            ),
            models.CheckConstraint(condition=Q(tier__in=[1, 2, 3]), name="tier_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="tier_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"tier {self.tier} v{self.version} ({self.environment}): {self.model}"

    @property
    def models(self) -> list[str]:
        """The model and its fallbacks, in the order they are tried."""
        return [self.model, *self.fallbacks]


class LocalModelVersion(models.Model):
    """A training of the embedded classifier; its artefact is rebuilt from the examples if lost."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the examples it learnt.")
    examples = models.PositiveIntegerField()
    labels = models.PositiveIntegerField(help_text="How many of them came from verdicts.")
    trained_in_ms = models.PositiveIntegerField()
    trained_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-trained_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "fingerprint"], name="local_model_once")
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.fingerprint[:8]}"


class Calibration(models.Model):
    """What a model's stated confidence is worth, learnt from labels of its own calls.

    Platt scaling: the chance of being right is `sigmoid(slope · logit(stated) + intercept)`.
    """

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE)
    model = models.CharField(max_length=120)
    prompt_version = models.CharField(max_length=120)
    labels = models.PositiveIntegerField(help_text="How many it was fitted on.")
    slope = models.FloatField()
    intercept = models.FloatField()
    fitted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent", "model", "prompt_version"], name="calibration_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} with {self.prompt_version}"


class Run(models.Model):
    """One execution of an agent on one input."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting for a person"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="runs")
    environment = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    input = models.ForeignKey(RunPayload, on_delete=models.PROTECT, related_name="+")
    input_digest = models.CharField(max_length=64)
    result = models.ForeignKey(RunPayload, on_delete=models.PROTECT, null=True, related_name="+")
    result_digest = models.CharField(max_length=64, blank=True)
    error_type = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    trace_id = models.CharField(max_length=32, default=new_trace_id, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(default=timezone.now)
    hinted_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Also fences late writers.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(status="queued"), name="run_due"),
            models.Index(
                fields=["heartbeat_at"], condition=Q(status="running"), name="run_heartbeat"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    status__in=["queued", "running", "waiting", "done", "failed", "cancelled"]
                ),
                name="run_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="running") | Q(heartbeat_at__isnull=False),
                name="running_has_heartbeat",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(result__isnull=False), name="done_has_result"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error_type=""), name="failed_has_error"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.status})"


class Step(models.Model):
    """One journaled unit of a run, written when it ended. A restarted run replays it."""

    class Kind(models.TextChoices):
        MODEL = "model", "Model call"
        RETRIEVAL = "retrieval", "Retrieval"
        CHECK = "check", "Check"
        DECISION = "decision", "Decision"

    class Pricing(models.TextChoices):
        PRICED = "priced", "Priced"
        LOCAL = "local", "Local"
        UNPRICED = "unpriced", "Unpriced"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    attempt = models.PositiveSmallIntegerField(help_text="The run's attempt that wrote it.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    input = models.ForeignKey(RunPayload, on_delete=models.PROTECT, null=True, related_name="+")
    result = models.ForeignKey(RunPayload, on_delete=models.PROTECT, related_name="+")
    result_digest = models.CharField(max_length=64)
    # Set on model calls; every one has them all, with cost_usd null only when unpriced.
    tier = models.PositiveSmallIntegerField(null=True)
    model = models.CharField(max_length=120, blank=True)
    prompt_version = models.CharField(max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(
        null=True, help_text="Of the input tokens, those the provider had in its cache."
    )
    pricing = models.CharField(max_length=10, choices=Pricing.choices, blank=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "key"], name="step_once"),
            models.CheckConstraint(
                condition=~Q(kind="model")
                | (
                    Q(tier__isnull=False)
                    & ~Q(model="")
                    & ~Q(prompt_version="")
                    & ~Q(pricing="")
                    & Q(input_tokens__isnull=False)
                    & Q(output_tokens__isnull=False)
                ),
                name="model_call_is_accounted",
            ),
            models.CheckConstraint(
                condition=Q(pricing="")
                | Q(pricing="unpriced") & Q(cost_usd__isnull=True)
                | Q(pricing__in=["priced", "local"]) & Q(cost_usd__isnull=False),
                name="unpriced_is_never_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.key}"

    @property
    def latency_ms(self) -> int:
        """Wall time of the step."""
        return round((self.finished_at - self.started_at).total_seconds() * 1000)
