"""The administration's site: who may enter, and that every change is on record."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import PROTECT, Exists, ForeignObjectRel, Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from review import audit

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Registrable = type[Model] | Iterable[type[Model]]
else:
    ModelAdmin = admin.ModelAdmin


class Audited(ModelAdmin):
    """Leaves an audit row beside Django's own log, in the same transaction."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return a field that offers what exists: other rows are made on their own pages."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "added", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for row in queryset:
            self._record(request, "deleted", row, [])
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, what: str, row: Model, message: Any) -> None:
        # The fields' names alone: their values may be personal, or a secret.
        fields = [
            name
            for part in (message if isinstance(message, list) else [])
            for name in part.get(what, {}).get("fields", [])
        ]
        action = f"{row._meta.model_name}.{what}"
        audit.record(request.user, action, row, fields=fields)  # type: ignore[arg-type]


class Administration(admin.AdminSite):
    """Django's admin for admins: the same login as everywhere, each change audited."""

    site_header = "Countersign administration"
    site_title = "Countersign administration"
    index_title = "Administration"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # One row at a time: each deletion then says what goes with it and is on record.
        self.disable_action("delete_selected")

    def register(
        self, model_or_iterable: "Registrable", admin_class: Any = None, **options: Any
    ) -> None:
        """Register with an audited form of the class, whichever room or package it is from."""
        given = admin_class or admin.ModelAdmin
        audited = type(given.__name__, (Audited, given), {"__module__": given.__module__})
        super().register(model_or_iterable, audited, **options)

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send people to the one login page. Raises PermissionDenied for those without right."""
        index = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", index))


def is_referred_to(row: Model) -> bool:
    """Whether a record that must stay refers to the row; asks one query."""
    referring = [
        Q(Exists(field.related_model._base_manager.filter(**{field.field.name: row.pk})))
        for field in row._meta.get_fields(include_hidden=True)
        if isinstance(field, ForeignObjectRel) and getattr(field, "on_delete", None) is PROTECT
    ]
    rows = type(row)._base_manager.filter(pk=row.pk)
    return bool(referring) and rows.filter(reduce(or_, referring)).exists()
