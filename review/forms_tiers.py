"""What the page on models posts."""

from typing import Any

from django import forms

from agents.connections import EMBEDDED, PROVIDERS, TIERS, Connection, asked_for
from agents.errors import CannotConnect

EVERY_TIER = "all"


class ConnectForm(forms.Form):
    """A model, the way to it, and why. The key is never shown again, not even after an error."""

    tier = forms.ChoiceField(
        choices=[*((str(tier), f"Tier {tier}") for tier in TIERS), (EVERY_TIER, "All tiers")],
        initial=EVERY_TIER,
    )
    provider = forms.ChoiceField(choices=[(p.slug, p.name) for p in PROVIDERS])
    name = forms.CharField(required=False, max_length=120)
    endpoint = forms.CharField(required=False, max_length=500)
    key = forms.CharField(required=False, max_length=4096)
    as_fallback = forms.BooleanField(required=False)
    reason = forms.CharField(
        max_length=500, error_messages={"required": "Say why: it stands in the history."}
    )

    def clean(self) -> dict[str, Any]:
        """Add the connection, or say what is wrong with it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        provider = next((p for p in PROVIDERS if p.slug == data.get("provider")), None)
        if provider is None or self.errors:
            return data
        if provider.slug == "embedded":
            self.connection = Connection(model=EMBEDDED)
            return data
        name = data["name"]
        if not name:
            self.add_error("name", "Give the model's name, as its provider writes it.")
            return data
        if provider.needs_endpoint and not data["endpoint"]:
            self.add_error("endpoint", f"{provider.name} has no address of its own: give one.")
            return data
        # What another choice had shown and hidden again is not meant.
        takes_endpoint = provider.needs_endpoint or provider.endpoint or not provider.prefix
        try:
            self.connection = asked_for(
                f"{provider.prefix}/{name}" if provider.prefix else name,
                data["endpoint"] if takes_endpoint else "",
                data["key"] if provider.takes_key else "",
            )
        except CannotConnect as error:
            self.add_error(None, str(error))
        return data

    def tiers(self) -> tuple[int, ...]:
        """Return the tiers it is for; the form must be valid."""
        tier = self.cleaned_data["tier"]
        return TIERS if tier == EVERY_TIER else (int(tier),)
