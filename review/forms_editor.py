"""What the editor posts beside the text: choices that stand in the item's one form."""

from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.http import QueryDict

from agents.results import RunResult
from review.corrections import (
    LONGEST_VALUE,
    MOST_VALUES,
    Corrections,
    EditReason,
    Fields,
    found_fields,
)
from review.models import ReviewItem

# Those a support team is most likely written to in; a language beyond them stays as it was found.
LANGUAGES = (
    *("en", "de", "fr", "es", "nl", "it", "pt", "da", "sv", "no", "fi", "pl", "cs", "hu", "ro"),
    *("tr", "el", "ru", "uk", "bg", "ar", "he", "hi", "th", "zh", "ja", "ko"),
)
URGENCIES = (("low", "Can wait"), ("normal", "Normal"), ("high", "Urgent"))


def language_choices(present: str) -> list[tuple[str, str]]:
    """Return the languages to choose from by name, the one that was found among them."""
    codes = [*LANGUAGES, *([] if present in LANGUAGES else [present])]
    named = [(code, str(LANG_INFO.get(code, {}).get("name", code))) for code in codes]
    return sorted(named, key=lambda choice: choice[1])


class ListField(forms.CharField):
    """Values parted by commas."""

    def clean(self, value: Any) -> Any:
        """Return the values, each once. Raises ValidationError for too many or too long ones."""
        parts = [" ".join(part.split()) for part in str(super().clean(value)).split(",")]
        values = tuple(dict.fromkeys(part for part in parts if part))
        if len(values) > MOST_VALUES:
            raise forms.ValidationError(f"At most {MOST_VALUES} values, parted by commas.")
        if any(len(part) > LONGEST_VALUE for part in values):
            raise forms.ValidationError(f"A value has at most {LONGEST_VALUE} characters.")
        return values


class CorrectionsForm(forms.Form):
    """Category, queue, extracted fields and the reason of the edits."""

    category = forms.SlugField(required=False, max_length=60)
    queue = forms.SlugField(required=False, max_length=50)
    order_numbers = ListField(required=False, max_length=2_000)
    products = ListField(required=False, max_length=2_000)
    language = forms.RegexField(r"^[a-z]{2,3}$", required=False)
    urgency = forms.ChoiceField(choices=URGENCIES, required=False)
    edit_reason = forms.CharField(required=False)

    def clean_edit_reason(self) -> str:
        """Return the reason; what is none is left out, it never stands in the way."""
        reason = str(self.cleaned_data["edit_reason"])
        return reason if reason in EditReason.values else ""

    def corrections(self) -> Corrections:
        """Return what was chosen, as far as it is valid."""
        data: dict[str, Any] = self.cleaned_data
        return Corrections(
            category=data.get("category", ""),
            queue=data.get("queue", ""),
            fields=self._fields(data) if "language" in self.data else None,
            edit_reason=data.get("edit_reason", ""),
        )

    def _fields(self, data: dict[str, Any]) -> Fields | None:
        names = ("order_numbers", "products", "language", "urgency")
        if any(name in self.errors for name in names):
            return None
        return Fields.of({name: data[name] for name in names})


def choices_in(data: QueryDict, item: ReviewItem, result: RunResult | None) -> dict[str, Any]:
    """Return the posted choices that differ from the item as it was proposed."""
    form = CorrectionsForm(data)
    form.is_valid()
    return form.corrections().changed(item, found_fields(result))


class WorkingForm(CorrectionsForm):
    """The text as it stands, saved while somebody types."""

    claim_token = forms.UUIDField()
    text = forms.CharField(required=False, strip=False)
