"""What bounds agents and what they did, in the administration; all of it written by the code."""

from typing import Any, ClassVar

from django.contrib import admin

from agents.models import (
    Comparison,
    Effect,
    Pause,
    PolicyVersion,
    Promotion,
    PromptVersion,
    Reservation,
    RouteVersion,
    Spend,
    ToolSetting,
    ToolUse,
    Waiver,
)
from observability.read_only import ReadOnlyAdmin, as_text


class VersionAdmin(ReadOnlyAdmin):
    """Versions of one kind, newest first."""

    list_display = (
        "__str__",
        "environment",
        "is_live",
        "reason",
        "created_by",
        "approved_by",
        "created_at",
    )
    list_select_related = ("created_by", "approved_by")
    list_filter: ClassVar[Any] = ("is_live", "environment")
    search_fields: ClassVar[Any] = ("reason",)


@admin.register(RouteVersion)
class RouteVersionAdmin(VersionAdmin):
    pass


@admin.register(PromptVersion)
class PromptVersionAdmin(VersionAdmin):
    list_filter = ("is_live", "environment", "agent", "task")
    search_fields = ("reason", "text")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(VersionAdmin):
    list_filter = ("is_live", "environment", "agent")


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin):
    list_display = ("id", "environment", "outcome", "note", "asked_by", "decided_by", "asked_at")
    list_select_related = ("asked_by", "decided_by")
    list_filter = ("outcome", "environment")
    search_fields = ("note", "said")


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ("id", "agent", "status", "reviewed_items", "live_share_percent", "started_at")
    list_select_related = ("agent",)
    list_filter = ("status", "agent")
    search_fields = ("note",)


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "step_key", "opened_at", "expires_at", "answered_at")
    list_select_related = ("run",)
    numbers = ("run_id",)
    search_fields = ("step_key",)
    computed = ("proposal_text", "answer_text")

    @admin.display(description="proposal's content")
    def proposal_text(self, pause: Pause) -> str:
        return as_text(pause.proposal)

    @admin.display(description="answer's content")
    def answer_text(self, pause: Pause) -> str:
        return as_text(pause.answer)


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "run",
        "tool",
        "state",
        "takes_key",
        "attempts",
        "intended_at",
        "ended_at",
    )
    list_select_related = ("run",)
    list_filter = ("state", "tool")
    numbers = ("run_id",)
    search_fields = ("idempotency_key", "tool", "detail")
    computed = ("arguments_text", "result_text")

    @admin.display(description="arguments' content")
    def arguments_text(self, effect: Effect) -> str:
        return as_text(effect.arguments)

    @admin.display(description="result's content")
    def result_text(self, effect: Effect) -> str:
        return as_text(effect.result)


@admin.register(Spend)
class SpendAdmin(ReadOnlyAdmin):
    list_display = ("scope", "spent_usd", "reserved_usd")
    search_fields = ("scope",)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "model", "reserved_usd", "spent_usd", "reserved_at", "settled_at")
    list_select_related = ("run",)
    numbers = ("run_id",)
    search_fields = ("model",)


@admin.register(ToolSetting)
class ToolSettingAdmin(ReadOnlyAdmin):
    list_display = ("agent", "tool", "is_enabled", "per_run", "per_minute", "per_day", "changed_at")
    list_select_related = ("agent",)
    search_fields = ("tool", "reason")


@admin.register(ToolUse)
class ToolUseAdmin(ReadOnlyAdmin):
    list_display = ("agent", "tool", "window", "started_at", "is_shadow", "calls")
    list_select_related = ("agent",)
    list_filter = ("window", "is_shadow", "agent")
    search_fields = ("tool",)


@admin.register(Waiver)
class WaiverAdmin(ReadOnlyAdmin):
    list_display = (
        "guardrail",
        "agent",
        "reason",
        "starts_at",
        "ends_at",
        "ended_at",
        "created_by",
    )
    list_select_related = ("agent", "created_by")
    search_fields = ("guardrail", "reason")
