"""What the item page posts."""

from typing import Any

from django import forms

from review.decisions import Seen


class SeenForm(forms.Form):
    """The claim and the exact proposal the reviewer had before them."""

    claim_token = forms.UUIDField()
    revision = forms.IntegerField(min_value=1)
    digest = forms.CharField(max_length=64)

    def seen(self) -> Seen:
        """Return it as decisions take it; the form must be valid."""
        data: dict[str, Any] = self.cleaned_data
        return Seen(
            claim_token=data["claim_token"], revision=data["revision"], digest=data["digest"]
        )


class DecisionForm(SeenForm):
    """Any of the item's actions. Each uses the fields it needs."""

    text = forms.CharField(required=False, strip=False)
    category = forms.SlugField(required=False, max_length=60)
    note = forms.CharField(required=False, max_length=500)
