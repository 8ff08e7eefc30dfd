"""What agents run on, version by version: tiers, routes, prompts, escalation rules.

A change is a new row; a row never changes but for `is_live`, which says that it is the one in force
in its environment. Staging holds only what differs from live: where it has no version of its own in
force, live's counts.
"""

from datetime import date, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.models.definitions import Agent

DRAFT = "draft"
STAGING = "staging"
LIVE = "live"
LOOK_AGAIN_AFTER = timedelta(days=183)


def in_six_months() -> date:
    """Return the date by which somebody should look at a tier again."""
    return date.today() + LOOK_AGAIN_AFTER  # noqa: DTZ011 - a day more or less is no matter


class Version(models.Model):
    """A version of one thing in one environment, and how it came there."""

    environment = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    is_live = models.BooleanField(default=False, help_text="In force in its environment.")
    reason = models.TextField(help_text="Why it is as it is.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The second person, where one was needed.",
    )
    came_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The version whose content it has: of another environment, or an earlier one.",
    )

    # What names the thing, beside the environment.
    KEY: ClassVar[tuple[str, ...]] = ()
    # What is copied to another environment, or back.
    CONTENT: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @property
    def key(self) -> dict[str, Any]:
        """Return what names the thing, as a filter takes it."""
        return {name: getattr(self, name) for name in self.KEY}

    @property
    def content(self) -> dict[str, Any]:
        """Return what this version says."""
        return {name: getattr(self, name) for name in self.CONTENT}


def _constraints(name: str, *key: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(
            fields=["environment", *key, "version"], name=f"{name}_version_once"
        ),
        models.UniqueConstraint(
            fields=["environment", *key], condition=Q(is_live=True), name=f"one_live_{name}"
        ),
        models.CheckConstraint(condition=~Q(reason=""), name=f"{name}_has_a_reason"),
    ]


class TierVersion(Version):
    """What a tier runs on, its limits, and why."""

    KEY = ("tier",)
    CONTENT = (
        "model",
        "fallbacks",
        "endpoints",
        "temperature",
        "max_tokens",
        "timeout_s",
        "retries",
        "max_concurrent",
        "budget_run_usd",
        "budget_day_usd",
    )

    tier = models.PositiveSmallIntegerField()
    model = models.CharField(max_length=120)
    fallbacks = models.JSONField(default=list)
    endpoints = models.JSONField(
        default=dict, help_text="Model → base URL, where it is not at its provider's own."
    )
    temperature = models.FloatField()
    max_tokens = models.PositiveIntegerField()
    timeout_s = models.PositiveIntegerField()
    retries = models.PositiveSmallIntegerField(
        default=1, help_text="How often a call is tried again after every model failed."
    )
    max_concurrent = models.PositiveIntegerField(
        null=True, help_text="Calls to one model at a time, of all workers; null: no limit."
    )
    budget_run_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    budget_day_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    look_again_on = models.DateField(default=in_six_months)

    class Meta:
        ordering: ClassVar = ["environment", "tier", "-version"]
        constraints: ClassVar = [
            *_constraints("tier", "tier"),
            models.CheckConstraint(condition=Q(tier__in=[1, 2, 3]), name="tier_known"),
        ]

    def __str__(self) -> str:
        return f"tier {self.tier} v{self.version} ({self.environment}): {self.model}"

    @property
    def models(self) -> list[str]:
        """The model and its fallbacks, in the order they are tried."""
        return [self.model, *self.fallbacks]


class RouteVersion(Version):
    """Which tier each task type runs on: {task: tier}."""

    CONTENT = ("routes",)

    routes = models.JSONField()

    class Meta:
        ordering: ClassVar = ["environment", "-version"]
        constraints: ClassVar = _constraints("route")

    def __str__(self) -> str:
        return f"routes v{self.version} ({self.environment})"


class PromptVersion(Version):
    """The edited prompt of a task; where none is in force, the agent's file counts."""

    KEY = ("agent_id", "task")
    CONTENT = ("text",)

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="prompt_versions")
    task = models.CharField(max_length=40)
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["agent", "task", "environment", "-version"]
        constraints: ClassVar = _constraints("prompt", "agent", "task")

    def __str__(self) -> str:
        return f"prompt {self.task} v{self.version} ({self.environment})"


class PolicyVersion(Version):
    """An agent's escalation rules, in order; `agents.rules` says what a rule is."""

    KEY = ("agent_id",)
    CONTENT = ("rules",)

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="policy_versions")
    rules = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["agent", "environment", "-version"]
        constraints: ClassVar = _constraints("policy", "agent")

    def __str__(self) -> str:
        return f"policy v{self.version} ({self.environment})"


class Promotion(models.Model):
    """A wish to put versions into force, and what a second person said of it."""

    class Outcome(models.TextChoices):
        ASKED = "asked", "Waits for a second person"
        DONE = "done", "In force"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    versions = models.JSONField(help_text="[[kind, id]], kind: tier, routes, prompt or policy.")
    beside = models.JSONField(
        default=list, help_text="What live had of each when it was asked; empty: not kept."
    )
    environment = models.CharField(max_length=20, help_text="Where they are to be in force.")
    note = models.TextField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    said = models.TextField(blank=True, help_text="The second person's note.")

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(note=""), name="promotion_has_a_note"),
            models.CheckConstraint(
                condition=Q(outcome="asked", decided_at__isnull=True)
                | ~Q(outcome="asked") & Q(decided_at__isnull=False),
                name="promotion_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"promotion {self.pk} ({self.outcome})"
