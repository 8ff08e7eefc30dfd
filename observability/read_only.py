"""Looking at rows in the administration that only the code may write."""

import json
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from observability.payloads import Payload

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    BasePaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    BasePaginator = Paginator

MOST_COUNTED = 10_000


class BoundedPaginator(BasePaginator):
    """Counts, and leads to, at most the first MOST_COUNTED rows of a large table."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Model] = self.object_list[:MOST_COUNTED]  # type: ignore[assignment]
        return rows.count()


class ReadOnlyAdmin(ModelAdmin):
    """Shows every column of a row; nobody adds, changes or deletes one here.

    hidden: columns kept from the page. computed: methods shown after the columns.
    numbers: columns in which a search for a number looks first, by their index.
    """

    hidden: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ("pk",)
    computed: ClassVar[tuple[str, ...]] = ()
    actions = None
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        columns = (field.name for field in self.opts.concrete_fields)
        return [*(name for name in columns if name not in self.hidden), *self.computed]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        number = search_term.strip()
        if self.numbers and number.isascii() and number.isdecimal():
            wanted = [Q((column, int(number))) for column in self.numbers]
            found = queryset.filter(reduce(or_, wanted))
            if found.exists():
                return found, False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)


class PayloadAdmin(ReadOnlyAdmin):
    """Payload rows: their content, or that it was erased."""

    list_display = ("id", "created_at", "erased_at")
    list_filter = ("created_at", ("erased_at", admin.EmptyFieldListFilter))
    search_fields = ("=id",)
    hidden = ("content",)
    computed = ("text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payload]:
        return super().get_queryset(request).defer("content")

    @admin.display(description="content")
    def text(self, row: Payload) -> str:
        return as_text(row)


def as_text(payload: Payload | None) -> str:
    """Return the content as it reads on a page, or `[erased]`; empty where there is none."""
    if payload is None:
        return ""
    if payload.erased_at is not None:
        return "[erased]"
    content = payload.content
    text = content if isinstance(content, str) else json.dumps(content, indent=2, default=str)
    return format_html('<pre class="payload">{}</pre>', text)
