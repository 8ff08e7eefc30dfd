"""Comparisons' orders and pairs, in the administration; all of it written by the code."""

from typing import Any, ClassVar

from django.contrib import admin

from observability.read_only import ReadOnlyAdmin
from review.models import ComparedPair, ComparisonOrder


@admin.register(ComparisonOrder)
class ComparisonOrderAdmin(ReadOnlyAdmin):
    list_display = ("comparison", "live_wished", "skipped_erased", "earlier_live", "worst_usd")
    list_select_related = ("comparison",)


@admin.register(ComparedPair)
class ComparedPairAdmin(ReadOnlyAdmin):
    list_display = ("comparison", "live_run", "shadow", "standing", "badness", "measured_at")
    list_select_related = ("comparison", "live_run", "shadow")
    list_filter: ClassVar[Any] = ("standing", "is_live_traffic")
