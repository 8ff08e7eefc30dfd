"""Candidates compared with what is live, in shadow."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.models.definitions import Agent


class Comparison(models.Model):
    """A frozen mix of versions, run in shadow beside what people have decided and what comes in.

    Its shadow runs are `Run` rows that point here; they are never shown to customers and execute no
    tool that writes.
    """

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="comparisons")
    versions = models.JSONField(help_text="[[kind, id]], kind: tier, routes, prompt or policy.")
    note = models.TextField(blank=True)
    reviewed_items = models.PositiveIntegerField(help_text="How many past items it repeats.")
    live_share_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Of the tickets that come in while it runs, so many are repeated."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(live_share_percent__lte=100), name="share_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return f"comparison {self.pk} ({self.status})"
