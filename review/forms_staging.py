"""What a person may ask of staging."""

from decimal import Decimal
from typing import Any

from django import forms

from review.posted import seen_versions
from review.staging.starting import MOST, Asked


class StartForm(forms.Form):
    """How much a comparison is to do. agreed_usd: the cost that was read beside the box."""

    reviewed_items = forms.IntegerField(min_value=0, max_value=MOST)
    live_share_percent = forms.IntegerField(min_value=0, max_value=100, required=False)
    live_wished = forms.IntegerField(min_value=0, max_value=MOST, required=False)
    note = forms.CharField(max_length=500, required=False)
    agreed = forms.BooleanField(required=False)
    agreed_usd = forms.DecimalField(required=False, min_value=Decimal(0))

    def clean(self) -> dict[str, Any]:
        """Require a number of tickets with a share of live traffic, and the share with a number."""
        cleaned = super().clean() or self.cleaned_data
        share, wished = cleaned.get("live_share_percent"), cleaned.get("live_wished")
        if share and not wished:
            self.add_error("live_wished", "Say how many tickets of live traffic are enough.")
        if wished and not share:
            self.add_error("live_share_percent", "Say which share of live traffic to take.")
        return cleaned

    def asked(self) -> Asked:
        """Return what was asked for."""
        cleaned = self.cleaned_data
        return Asked(
            reviewed_items=cleaned["reviewed_items"],
            live_share_percent=cleaned["live_share_percent"] or 0,
            live_wished=cleaned["live_wished"] or 0,
            note=cleaned["note"],
        )


class SeenForm(forms.Form):
    """What was read. versions: the mix beside live, [[kind, id, mark], …] in JSON."""

    versions = forms.CharField(max_length=4_000)

    def clean_versions(self) -> list[list[Any]]:
        """Return the mix; anything else is a page of another release."""
        try:
            return seen_versions(self.cleaned_data["versions"])
        except ValueError as error:
            raise forms.ValidationError("Look at the page again.") from error


class PromoteForm(SeenForm):
    """A promotion."""

    reason = forms.CharField(max_length=500, required=False)


class AnswerForm(SeenForm):
    """A second person's word."""

    approves = forms.BooleanField(required=False)
    said = forms.CharField(max_length=500, required=False)
