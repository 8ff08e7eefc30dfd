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
