"""Spans and their content in the administration."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse

from observability.models import FailureCount, Span, SpanPayload
from observability.read_only import PayloadAdmin, ReadOnlyAdmin, as_text

admin.site.register(SpanPayload, PayloadAdmin)


class SpanList(ChangeList):
    """A list whose rows are addressed by all three parts of their key."""

    def url_for_result(self, result: Any) -> str:
        key = "/".join((result.day.isoformat(), result.trace_id, result.span_id))
        return reverse("admin:observability_span_change", args=[quote(key)])


class SpanAdmin(ReadOnlyAdmin):
    """Spans, newest day first."""

    list_display = ("name", "trace_id", "started_at", "took", "status", "error_type")
    list_display_links = ("name",)
    list_filter = ("status", "day")
    search_fields = ("trace_id__exact",)
    search_help_text = "A trace's id."
    ordering = ("-day", "-trace_id", "-span_id")
    numbers = ()
    computed = ("took", "content")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SpanList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Span | None:
        try:
            day, trace_id, span_id = object_id.split("/")
            key = (date.fromisoformat(day), trace_id, span_id)
        except ValueError:
            return None
        return Span.objects.select_related("payload").filter(pk=key).first()

    @admin.display(description="duration")
    def took(self, span: Span) -> str:
        return f"{(span.ended_at - span.started_at) / timedelta(milliseconds=1):,.1f} ms"

    @admin.display(description="content")
    def content(self, span: Span) -> str:
        return as_text(span.payload)


# Django refuses to register a composite key because its own pages cannot address such a row.
# Ours can, and they only read.
admin.site._registry[Span] = SpanAdmin(Span, admin.site)


@admin.register(FailureCount)
class FailureCountAdmin(ReadOnlyAdmin):
    list_display = ("kind", "name", "error_type", "environment", "count")
    list_filter = ("kind", "environment")
    search_fields = ("name", "error_type")
