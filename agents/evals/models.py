"""Ground truth: labels from verdicts, and datasets of examples."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.models import Agent, Run
from observability.payloads import Payload

OUT_OF_SCOPE = "oos"


class LabelPayload(Payload):
    """What a label says is right: the sent text, the category."""


class Label(models.Model):
    """Ground truth from a verdict. Append-only; a correction points at the label it replaces."""

    class Task(models.TextChoices):
        DRAFT = "draft", "Draft"
        CLASSIFY = "classify", "Classify"
        ROUTE = "route", "Route"
        EXTRACT = "extract", "Extract"
        EDIT_REASON = "edit_reason", "Reason of the edits"

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="labels")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="labels")
    task = models.CharField(max_length=20, choices=Task.choices)
    expected = models.ForeignKey(LabelPayload, on_delete=models.PROTECT, null=True)
    expected_digest = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=10, help_text="approve, edit, reject or respond.")
    edit_operations = models.PositiveIntegerField(null=True)
    words_kept_ratio = models.FloatField(null=True)
    succeeded = models.BooleanField(
        null=True, help_text="Of a draft: sent with under 3 edits and half its words kept."
    )
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "task"], condition=Q(corrects__isnull=True), name="label_chain_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} label {self.pk} of run {self.run_id}"


class Dataset(models.Model):
    """A named set of examples of one agent."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="datasets")
    name = models.SlugField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "name"], name="dataset_once")
        ]

    def __str__(self) -> str:
        return self.name


class Example(models.Model):
    """A message with what is right for it: its category, and a reply where there is one."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="examples")
    external_id = models.CharField(max_length=120)
    text = models.TextField()
    label = models.CharField(max_length=60, blank=True)
    reply = models.TextField(blank=True, help_text="May hold slots: {name|fallback}.")
    fields = models.JSONField(
        default=dict,
        help_text="articles: slugs the reply rests on; language: ISO 639-1 of the reply.",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "external_id"], name="example_once")
        ]
        indexes: ClassVar = [models.Index(fields=["dataset", "label"], name="example_label")]

    def __str__(self) -> str:
        return f"{self.dataset_id}/{self.external_id}"
