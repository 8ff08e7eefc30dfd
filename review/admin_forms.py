"""Forms of the administration whose fields name rows of another room, or hold a secret."""

import base64
import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from agents.models import Agent, Category
from review.agent_definitions import LIVE_NEEDS_BOTH
from review.models import Queue, Source

if TYPE_CHECKING:
    AgentModelForm = forms.ModelForm[Agent]
    CategoryModelForm = forms.ModelForm[Category]
    SourceModelForm = forms.ModelForm[Source]
else:
    AgentModelForm = CategoryModelForm = SourceModelForm = forms.ModelForm


SIGNING_PREFIX = "whsec_"
SHORTEST_KEY = 24  # bytes, as Standard Webhooks asks


class IndentedJSONField(forms.JSONField):
    """JSON that a person can read and change."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class QueueSlugField(forms.ChoiceField):
    """A queue, stored as its slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=self._queues, **options)

    @staticmethod
    def _queues() -> list[tuple[str, str]]:
        return list(Queue.objects.values_list("slug", "name"))


class AgentForm(AgentModelForm):
    """An agent's texts, and what the company tells it about itself.

    Its status is none of them: it changes on the agent's own page, with a note and on the record.
    """

    does_not = IndentedJSONField(required=False, help_text="What it does not do, a sentence each.")
    company = IndentedJSONField(
        help_text="name, support_name, products [{name, aliases}], order_number_patterns [regex];"
        " optional: website, allowed_links [host], reference_patterns {kind: [regex]}"
    )
    fallback_queue = QueueSlugField(help_text="Queue of what fits no category.")

    class Meta:
        model = Agent
        fields: ClassVar = ["name", "job", "metric", "does_not", "company", "fallback_queue"]

    def clean(self) -> dict[str, Any]:
        """Refuse a live agent without a job or a metric: the database would."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        is_whole = data.get("job", "job") and data.get("metric", "metric")
        if self.instance.status == Agent.Status.LIVE and not is_whole:
            raise ValidationError(LIVE_NEEDS_BOTH)
        return data

    def clean_does_not(self) -> list[str]:
        sentences = self.cleaned_data["does_not"] or []
        if not _are_texts(sentences):
            raise ValidationError("Give a list of sentences.")
        return list(sentences)

    def clean_company(self) -> dict[str, Any]:
        """Return what every run reads; a mistake here would fail each of them."""
        company = self.cleaned_data["company"]
        if not isinstance(company, dict):
            raise ValidationError("Give an object with the names of the company's facts.")
        if not all(isinstance(company.get(name, ""), str) for name in ("name", "support_name")):
            raise ValidationError("“name” and “support_name” are texts.")
        patterns, products = company.get("order_number_patterns", []), company.get("products", [])
        if not _are_texts(patterns):
            raise ValidationError("“order_number_patterns” is a list of regular expressions.")
        references = company.get("reference_patterns", {})
        if not isinstance(references, dict) or not all(map(_are_texts, references.values())):
            raise ValidationError("“reference_patterns” are lists of regular expressions by kind.")
        if not _are_texts(company.get("allowed_links", [])):
            raise ValidationError("“allowed_links” is a list of hosts such as example.com.")
        for pattern in chain(patterns, *references.values()):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValidationError(f"{pattern} is no regular expression: {error}.") from error
        if not isinstance(products, list) or not all(map(_is_product, products)):
            raise ValidationError("“products” is a list of objects with “name” and “aliases”.")
        return company


class CategoryForm(CategoryModelForm):
    """A category with its queue."""

    queue = QueueSlugField()

    class Meta:
        model = Category
        fields: ClassVar = [
            "agent",
            "slug",
            "name",
            "description",
            "guidance",
            "queue",
            "is_high_stakes",
        ]


class SourceForm(SourceModelForm):
    """A source whose webhook secret can be set and never be read."""

    webhook_url = forms.URLField(required=False, assume_scheme="https")
    webhook_secret = forms.CharField(
        required=False,
        max_length=120,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="whsec_ and base64. Never shown: leave it empty to keep the one that is set.",
    )

    class Meta:
        model = Source
        fields: ClassVar = ["slug", "name", "webhook_url", "webhook_secret"]

    def clean_webhook_secret(self) -> str:
        secret: str = self.cleaned_data["webhook_secret"]
        if not secret:
            return self.instance.webhook_secret
        try:
            key = base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
        except ValueError:
            key = b""
        if not secret.startswith(SIGNING_PREFIX) or len(key) < SHORTEST_KEY:
            raise ValidationError("A secret is whsec_ and at least 24 bytes in base64.")
        return secret


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _is_product(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and _are_texts(value.get("aliases", []))
    )
