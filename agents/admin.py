"""Runs, steps and what they ran on, in the administration; all of it written by the code.

Agents and categories name queues, so their forms stand in `review`.
"""

from django.contrib import admin
from django.urls import reverse

from agents import admin_trust  # noqa: F401 - registers what stands there
from agents.models import Calibration, LocalModelVersion, Run, RunPayload, Step, TierVersion
from observability.read_only import PayloadAdmin, ReadOnlyAdmin, as_text

admin.site.register(RunPayload, PayloadAdmin)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "agent",
        "environment",
        "status",
        "error_type",
        "attempts",
        "created_at",
        "finished_at",
    )
    list_select_related = ("agent",)
    list_filter = ("status", "agent", "created_at")
    search_fields = ("trace_id__exact", "error_type", "error_message")
    search_help_text = "A run's number, its trace's id, or words of its error."
    computed = ("input_text", "result_text")

    def view_on_site(self, run: Run) -> str:
        return reverse("run", args=[run.pk])

    @admin.display(description="input's content")
    def input_text(self, run: Run) -> str:
        return as_text(run.input)

    @admin.display(description="result's content")
    def result_text(self, run: Run) -> str:
        return as_text(run.result)


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "run",
        "key",
        "kind",
        "model",
        "tier",
        "input_tokens",
        "output_tokens",
        "pricing",
        "cost_usd",
        "latency_ms",
    )
    list_select_related = ("run",)
    list_filter = ("kind", "pricing", "finished_at")
    numbers = ("run_id",)
    search_fields = ("key", "model", "run__trace_id__exact")
    search_help_text = "A run's number, its trace's id, or part of a step's key or model."
    computed = ("latency_ms", "input_text", "result_text")

    @admin.display(description="input's content")
    def input_text(self, step: Step) -> str:
        return as_text(step.input)

    @admin.display(description="result's content")
    def result_text(self, step: Step) -> str:
        return as_text(step.result)


@admin.register(TierVersion)
class TierVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "tier",
        "version",
        "environment",
        "model",
        "is_live",
        "reason",
        "created_by",
        "created_at",
    )
    list_display_links = ("tier", "version")
    list_select_related = ("created_by",)
    list_filter = ("is_live", "tier", "environment")
    search_fields = ("model", "reason")


@admin.register(LocalModelVersion)
class LocalModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("trained_at", "agent", "examples", "labels", "trained_in_ms")
    list_select_related = ("agent",)
    list_filter = ("agent", "trained_at")
    search_fields = ("fingerprint__startswith",)


@admin.register(Calibration)
class CalibrationAdmin(ReadOnlyAdmin):
    list_display = ("model", "prompt_version", "agent", "labels", "fitted_at")
    list_select_related = ("agent",)
    list_filter = ("agent", "fitted_at")
    search_fields = ("model", "prompt_version")
