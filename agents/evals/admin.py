"""Labels, datasets and examples in the administration."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from agents.evals.models import Dataset, Example, Label, LabelPayload
from observability.read_only import (
    BoundedPaginator,
    ModelAdmin,
    PayloadAdmin,
    ReadOnlyAdmin,
    as_text,
)

admin.site.register(LabelPayload, PayloadAdmin)


@admin.register(Label)
class LabelAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "task",
        "run",
        "verdict",
        "edit_operations",
        "succeeded",
        "given_by",
        "created_at",
    )
    list_select_related = ("run", "given_by")
    list_filter = ("task", "succeeded", "agent", "created_at")
    numbers = ("pk", "run_id")
    search_fields = ("verdict", "given_by__username")
    search_help_text = "A label's or a run's number, a verdict, or who gave it."
    computed = ("text",)

    @admin.display(description="what is right")
    def text(self, label: Label) -> str:
        return as_text(label.expected)


@admin.register(Dataset)
class DatasetAdmin(ModelAdmin):
    list_display = ("name", "agent", "created_at")
    list_select_related = ("agent",)
    list_filter = ("agent",)
    search_fields = ("name",)
    autocomplete_fields = ("agent",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say how many examples go, rather than list them."""
        named = [f"{dataset} with {dataset.examples.count():,} examples" for dataset in objs]
        return named, {}, set(), []


if TYPE_CHECKING:
    ExampleModelForm = forms.ModelForm[Example]
else:
    ExampleModelForm = forms.ModelForm


class ExampleForm(ExampleModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fields"].required = False

    def clean_fields(self) -> dict[str, Any]:
        fields = self.cleaned_data["fields"] or {}
        if not isinstance(fields, dict) or not isinstance(fields.get("articles", []), list):
            raise ValidationError('Give an object, such as {"articles": ["return-policy"]}.')
        return fields


@admin.register(Example)
class ExampleAdmin(ModelAdmin):
    form = ExampleForm
    list_display = ("external_id", "dataset", "label", "text")
    list_select_related = ("dataset",)
    list_filter = ("dataset",)
    search_fields = ("external_id", "label", "text")
    autocomplete_fields = ("dataset",)
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
