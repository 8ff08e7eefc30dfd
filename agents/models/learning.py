"""What agents have learnt, and how far a model's stated confidence can be trusted."""

from typing import ClassVar

from django.db import models

from agents.models.definitions import Agent


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
