"""Agents: one job each, and the categories they know."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Agent(models.Model):
    """One job with one success metric, and what the company tells it about itself."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        STAGING = "staging", "Staging"
        LIVE = "live", "Live"
        PAUSED = "paused", "Paused"

    class Measure(models.TextChoices):
        """What the success metric is computed from."""

        DRAFTS = "drafts", "Drafts sent with fewer than three edits"
        ACTIONS = "actions", "Actions countersigned as proposed"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    job = models.CharField(max_length=300, blank=True)
    metric = models.CharField(max_length=300, blank=True)
    measure = models.CharField(max_length=10, choices=Measure.choices, default=Measure.DRAFTS)
    does = models.JSONField(default=list, blank=True, help_text="What it does, a sentence each.")
    does_not = models.JSONField(
        default=list, blank=True, help_text="What it does not do, a sentence each."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who answers for it.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    status_note = models.CharField(max_length=300, blank=True, help_text="Why, for who is asked.")
    status_changed_at = models.DateTimeField(null=True, blank=True)
    run_timeout_s = models.PositiveIntegerField(
        default=600,
        help_text="Working time of a run; what it waits for a person or a worker not counted.",
    )
    approval_ttl_h = models.PositiveIntegerField(
        default=168, help_text="Hours until a question nobody answered expires. It never approves."
    )
    company = models.JSONField(
        default=dict,
        help_text="name, support_name, products [{name, aliases}], order_number_patterns [regex]",
    )
    fallback_queue = models.SlugField(help_text="Queue of what fits no category.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "staging", "live", "paused"]),
                name="agent_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="live") | ~Q(job="") & ~Q(metric=""),
                name="live_has_job_and_metric",
            ),
        ]

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
