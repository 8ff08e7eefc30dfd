"""What the page on tools posts."""

from django import forms

from agents.tools.settings import Limits

MOST = 1_000_000


class _Limit(forms.IntegerField):
    def __init__(self) -> None:
        super().__init__(
            required=False,
            min_value=1,
            max_value=MOST,
            error_messages={
                "invalid": "Give a whole number, or nothing.",
                "min_value": "At least 1. To allow none, switch the tool off.",
                "max_value": f"At most {MOST:,}.",
            },
        )


class LimitsForm(forms.Form):
    """How often a tool may be called, whether at all, and why. Left empty: as the code says."""

    is_enabled = forms.BooleanField(required=False)
    per_run = _Limit()
    per_minute = _Limit()
    per_day = _Limit()
    reason = forms.CharField(
        max_length=500,
        error_messages={"required": "Say why: it stands on the page and in the log."},
    )

    def limits(self) -> Limits:
        """Return what was asked for; the form must be valid."""
        said = self.cleaned_data
        return Limits(
            is_enabled=said["is_enabled"],
            per_run=said["per_run"],
            per_minute=said["per_minute"],
            per_day=said["per_day"],
        )
