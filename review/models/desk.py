"""A reviewer's desk: what they are writing, and what they keep at hand."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from agents.models import Run
from review.models.items import ReviewItem
from review.models.tickets import Queue, ReviewPayload


class WorkingText(models.Model):
    """What a reviewer has written on an item and not sent: saved as they type, changed in place.

    The next one to hold the item goes on from it. It goes away with the verdict.
    """

    item = models.OneToOneField(
        ReviewItem, on_delete=models.CASCADE, primary_key=True, related_name="working"
    )
    text = models.TextField(blank=True)
    choices = models.JSONField(
        default=dict,
        help_text="What else is chosen: category, queue, fields, edit_reason, answers.",
    )
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"text on item {self.item_id}"


class Redraft(models.Model):
    """Another draft of an item that a reviewer asked for, with what they asked."""

    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="redrafts")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="+")
    instruction = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"redraft of item {self.item_id}, run {self.run_id}"


class Macro(models.Model):
    """A text that is written often. It may hold slots, as past replies do: {name|there}."""

    name = models.CharField(max_length=80)
    text = models.TextField()
    queue = models.ForeignKey(
        Queue, on_delete=models.CASCADE, null=True, blank=True, help_text="Empty: of every queue."
    )
    category = models.SlugField(max_length=60, blank=True, help_text="Empty: of every category.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="Empty: of the whole team.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "queue", "name"], nulls_distinct=False, name="macro_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Signature(models.Model):
    """What stands under a person's replies, in one queue or, without a queue, in all."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signatures"
    )
    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, null=True, blank=True)
    text = models.CharField(max_length=500)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "queue"], nulls_distinct=False, name="signature_once"
            )
        ]

    def __str__(self) -> str:
        return f"signature of {self.user_id}"


class SavedView(models.Model):
    """Filters and an order of the inbox under a name."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, help_text="The inbox's query string.")
    is_shared = models.BooleanField(default=False, help_text="The whole team sees it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")
        ]

    def __str__(self) -> str:
        return self.name


class Preferences(models.Model):
    """How a person likes the console."""

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", "Comfortable"
        COMPACT = "compact", "Compact"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="preferences",
    )
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"
