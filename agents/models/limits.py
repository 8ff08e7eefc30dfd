"""What bounds an agent: money reserved and spent, calls of tools, guardrails and their waivers."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from agents.models.definitions import Agent
from agents.models.runs import Run

LONGEST_WAIVER = timedelta(days=14)


class Spend(models.Model):
    """How much of a budget is gone, and how much is held back for calls under way.

    One row a scope: `live/2/2026-11-30` is a tier's day, `run/17/2` a run's part of a tier.
    """

    scope = models.CharField(max_length=80, unique=True)
    reserved_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    spent_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reserved_usd__gte=0, spent_usd__gte=0), name="spend_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.spent_usd} spent, {self.reserved_usd} reserved"


class Reservation(models.Model):
    """The worst price of one model call, held back before it and settled after it.

    One whose worker died is settled as spent in full: nobody knows what the provider will charge.
    """

    scopes = models.JSONField(help_text="The scopes it is held back from.")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="reservations")
    model = models.CharField(max_length=120)
    reserved_usd = models.DecimalField(max_digits=14, decimal_places=8)
    spent_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    reserved_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["reserved_at"],
                condition=Q(settled_at__isnull=True),
                name="reservation_unsettled",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, spent_usd__isnull=True)
                | Q(settled_at__isnull=False, spent_usd__isnull=False),
                name="settlement_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reserved_usd} for {self.model}"


class ToolSetting(models.Model):
    """What an admin has set for a tool of an agent, in place of what its code says."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="tool_settings")
    tool = models.CharField(max_length=60)
    is_enabled = models.BooleanField(default=True)
    per_run = models.PositiveIntegerField(null=True)
    per_minute = models.PositiveIntegerField(null=True)
    per_day = models.PositiveIntegerField(null=True)
    reason = models.TextField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "tool"], name="tool_setting_once"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} of agent {self.agent_id}"


class ToolUse(models.Model):
    """How often a tool was called in one minute or day: counted and held by one statement.

    Shadow runs are counted apart, so that they use up nothing of live's.
    """

    class Window(models.TextChoices):
        MINUTE = "minute", "Minute"
        DAY = "day", "Day"

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    tool = models.CharField(max_length=60)
    window = models.CharField(max_length=10, choices=Window.choices)
    started_at = models.DateTimeField()
    is_shadow = models.BooleanField(default=False, help_text="Called by shadow runs.")
    calls = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent", "tool", "window", "started_at", "is_shadow"], name="tool_use_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.calls} a {self.window}"


class Waiver(models.Model):
    """A guardrail switched off for a time, by whom and why. It re-arms by itself.

    agent: None for every agent.
    """

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, related_name="waivers")
    guardrail = models.SlugField(max_length=40)
    reason = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, help_text="When somebody ended it early.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="waiver_end")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_a_reason"),
            models.CheckConstraint(
                condition=Q(
                    ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + LONGEST_WAIVER
                ),
                name="waiver_is_short",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardrail} waived until {self.ends_at:%Y-%m-%d %H:%M}"
