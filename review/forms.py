"""What the item page posts."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import User

from review.errors import IncompleteForm, UnfitMoment
from review.forms_editor import CorrectionsForm
from review.handing import laters
from review.models import Queue
from review.seen import Seen

LONGEST_NOTE = 500
EXTRACTED = frozenset({"order_numbers", "products", "language", "urgency"})

REJECT_REASONS = (
    ("spam", "Spam or advertising"),
    ("no_reply", "Needs no reply"),
    ("duplicate", "Asked twice"),
    ("elsewhere", "Settled elsewhere"),
    ("wrong", "The proposal is wrong"),
)


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


class DecisionForm(CorrectionsForm, SeenForm):
    """What every action of the item posts: what was seen, the text, and what was put right."""

    text = forms.CharField(required=False, strip=False)

    def blocking_error(self) -> IncompleteForm | None:
        """Return what stands against any action. The extracted fields never do: a message may
        hold more of them than anybody would correct."""
        for name, errors in self.errors.items():
            if name not in EXTRACTED:
                said = name.replace("_", " ")
                return IncompleteForm(f"Nothing was saved. {said}: {errors[0]}")
        return None


class RejectForm(DecisionForm):
    """Why nothing is sent or done: one of the reasons, own words, or both."""

    reject_reason = forms.ChoiceField(choices=REJECT_REASONS, required=False)
    reject_note = forms.CharField(required=False, max_length=LONGEST_NOTE - 40)

    def reason(self) -> str:
        """Return the reason as a person reads it, "" for none."""
        named = dict(REJECT_REASONS).get(self.cleaned_data["reject_reason"], "")
        return ": ".join(part for part in (named, self.cleaned_data["reject_note"]) if part)


class EscalateForm(DecisionForm):
    """To whom, as `queue:SLUG` or `person:ID`; empty is the queue with more authority."""

    escalate_to = forms.RegexField(r"^(queue:[-\w]{1,50}|person:\d{1,18})$", required=False)
    escalate_note = forms.CharField(required=False, max_length=LONGEST_NOTE)

    def target(self) -> Queue | User | None:
        """Return the queue or the person. Raises their DoesNotExist."""
        kind, _, name = self.cleaned_data["escalate_to"].partition(":")
        if kind == "person":
            return User.objects.get(pk=int(name))
        return Queue.objects.get(slug=name) if kind == "queue" else None


class SnoozeForm(DecisionForm):
    """Until when: one of the times on offer, or any other, by the queue's clock."""

    snooze = forms.CharField(required=False, max_length=20)
    snooze_until = forms.CharField(required=False, max_length=30)

    def moment(self, zone: ZoneInfo, now: datetime) -> datetime:
        """Return the time that was chosen. Raises UnfitMoment where none was."""
        for later in laters(now, zone):
            if later.code == self.cleaned_data["snooze"]:
                return later.at
        try:
            return datetime.fromisoformat(self.cleaned_data["snooze_until"]).replace(tzinfo=zone)
        except ValueError as error:
            raise UnfitMoment from error


class AssignForm(DecisionForm):
    """To whom it is handed."""

    assign_to = forms.ModelChoiceField(User.objects.filter(is_active=True))
    assign_note = forms.CharField(required=False, max_length=LONGEST_NOTE)
