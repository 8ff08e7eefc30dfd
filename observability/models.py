"""Traces: one span a step, in tables partitioned by day."""

from typing import ClassVar

from django.db import models

from observability.payloads import Payload


class SpanPayload(Payload):
    """A span's content: its inputs and outputs."""


class Span(models.Model):
    """One timed piece of work, named and attributed as OpenTelemetry's GenAI conventions say."""

    class Status(models.TextChoices):
        OK = "ok", "OK"
        ERROR = "error", "Error"

    pk = models.CompositePrimaryKey("day", "trace_id", "span_id")
    day = models.DateField(help_text="UTC day the span started; the partition key.")
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16)
    parent_span_id = models.CharField(max_length=16, blank=True)
    name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status.choices)
    error_type = models.CharField(max_length=40, blank=True)
    attributes = models.JSONField(default=dict)
    payload = models.ForeignKey(SpanPayload, on_delete=models.PROTECT, null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["trace_id", "started_at"], name="span_trace")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ended_at__gte=models.F("started_at")),
                name="span_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.span_id}"


class FailureCount(models.Model):
    """How often something failed, for good: what a counter in Prometheus needs.

    kind: model, tool or run. name: the model or tool; of a run, its agent.
    """

    environment = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    error_type = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["environment", "kind", "name", "error_type"], name="failure_count_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.error_type}: {self.count}"
