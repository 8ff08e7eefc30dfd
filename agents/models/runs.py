"""Runs, the journal of their steps, what they wait for and what they did to the world."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models.definitions import Agent
from observability.payloads import Payload

HEARTBEAT_INTERVAL = timedelta(seconds=5)
HEARTBEAT_TIMEOUT = timedelta(seconds=20)
MOST_CRASHES = 3


def new_trace_id() -> str:
    """Return a random W3C trace id: 32 hex digits."""
    return uuid.uuid4().hex


class RunPayload(Payload):
    """What a run or a step received or gave: conversations, prompts, answers."""


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
    crashes = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Workers that died on it since it was last started by hand.",
    )
    deadline_at = models.DateTimeField(
        null=True, help_text="When its working time is over; set when it is first taken."
    )
    shadow_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="shadows",
        help_text="The run whose input it repeats in staging, unseen by customers.",
    )
    comparison = models.ForeignKey(
        "agents.Comparison", on_delete=models.PROTECT, null=True, related_name="runs"
    )

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
            models.UniqueConstraint(fields=["comparison", "shadow_of"], name="one_shadow_each"),
            models.CheckConstraint(
                condition=Q(comparison__isnull=True) | Q(shadow_of__isnull=False),
                name="compared_is_a_shadow",
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
        TOOL = "tool", "Tool call"

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
    tool = models.CharField(max_length=60, blank=True, db_default="")
    # Set on model calls; every one has them all, with cost_usd null only when unpriced.
    tier = models.PositiveSmallIntegerField(null=True)
    model = models.CharField(max_length=120, blank=True)
    prompt_version = models.CharField(max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(
        null=True, help_text="Of the input tokens, those the provider had in its cache."
    )
    reasoning_tokens = models.PositiveIntegerField(
        null=True, help_text="Of the output tokens, those that no answer holds."
    )
    rendered_digest = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="SHA-256 of the prompt as it was sent.",
    )
    price_version = models.CharField(
        max_length=60,
        blank=True,
        db_default="",
        help_text="Whose prices: litellm's version and its table's hash.",
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


class Pause(models.Model):
    """A step of a run that waits for a person's word, and the word once it is there.

    The digest, of the actions proposed, binds the answer to what was asked: an answer to anything
    else counts for nothing. One at a time is unanswered in a run.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="pauses")
    step_key = models.CharField(max_length=80)
    proposal = models.ForeignKey(RunPayload, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    opened_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.ForeignKey(RunPayload, on_delete=models.PROTECT, null=True, related_name="+")
    answer_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(answered_at__isnull=True), name="pause_expiry"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "step_key"], name="pause_once"),
            models.UniqueConstraint(
                fields=["run"], condition=Q(answered_at__isnull=True), name="one_open_pause"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer__isnull=True)
                | Q(answered_at__isnull=False, answer__isnull=False),
                name="answer_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"pause of run {self.run_id} at {self.step_key}"


class Effect(models.Model):
    """One call of a tool that changes something: meant before it is made, known afterwards.

    Its row is committed before the call. A worker that dies in between leaves `intended`: with a
    key that the tool honours the call is made again under the same one, without a key it is
    `unknown`, and a person finds out.
    """

    class State(models.TextChoices):
        INTENDED = "intended", "Intended"
        DONE = "done", "Done"
        FAILED = "failed", "Not done"
        UNKNOWN = "unknown", "Unclear whether it was done"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="effects")
    step_key = models.CharField(max_length=80)
    tool = models.CharField(max_length=60)
    arguments = models.ForeignKey(RunPayload, on_delete=models.PROTECT, related_name="+")
    bound_digest = models.CharField(
        max_length=64, help_text="Of tool, arguments and revision, as they were approved."
    )
    idempotency_key = models.CharField(max_length=120, unique=True)
    takes_key = models.BooleanField(help_text="Whether the other side honours the key.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.INTENDED)
    attempts = models.PositiveSmallIntegerField(default=0)
    result = models.ForeignKey(RunPayload, on_delete=models.PROTECT, null=True, related_name="+")
    detail = models.CharField(max_length=500, blank=True)
    intended_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state"], condition=~Q(state="done"), name="effect_not_done"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "step_key"], name="effect_once"),
            models.CheckConstraint(
                condition=Q(state__in=["intended", "done", "failed", "unknown"]),
                name="effect_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(result__isnull=False, ended_at__isnull=False),
                name="done_effect_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool} of run {self.run_id} ({self.state})"
