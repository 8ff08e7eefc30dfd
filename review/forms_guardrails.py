"""What the page on guardrails posts."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from agents.guardrails.subject import Source, Subject
from agents.models import LONGEST_WAIVER, Agent
from memory.models import Article

LONGEST_TRIED = 20_000
USUAL_WAIVER = timedelta(days=1)
MOST_ARTICLES = 10


class WaiverForm(forms.Form):
    """For whom, until when, and why."""

    agent = forms.ModelChoiceField(
        Agent.objects.order_by("name"), required=False, to_field_name="slug"
    )
    ends_at = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={
            "required": "Say when it is switched on again.",
            "invalid": "Give a day and a time, such as 2026-12-04T17:00.",
        },
    )
    reason = forms.CharField(
        max_length=500,
        error_messages={"required": "Say why: it stands on every page about agents until then."},
    )

    def clean_ends_at(self) -> datetime:
        """Return the end, which is later than now and not too late."""
        ends_at: datetime = self.cleaned_data["ends_at"]
        now = timezone.now()
        if ends_at <= now:
            raise forms.ValidationError("This time has passed: choose a later one.")
        if ends_at > now + LONGEST_WAIVER:
            days = LONGEST_WAIVER.days
            raise forms.ValidationError(f"A guardrail is off for {days} days at most.")
        return ends_at


class TryForm(forms.Form):
    """Texts to try the guardrails on; nothing of it is kept."""

    agent = forms.ModelChoiceField(Agent.objects.order_by("name"), to_field_name="slug")
    message = forms.CharField(required=False, max_length=LONGEST_TRIED, strip=False)
    draft = forms.CharField(required=False, max_length=LONGEST_TRIED, strip=False)
    articles = forms.CharField(required=False, max_length=500)

    def clean(self) -> dict[str, Any]:
        """Ask for something to look at."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not data["message"].strip() and not data["draft"].strip():
            self.add_error(None, "Paste a customer's message, a draft, or both.")
        return data

    def clean_articles(self) -> list[Source]:
        """Return the articles that the draft rests on."""
        slugs = self.cleaned_data["articles"].replace(",", " ").split()[:MOST_ARTICLES]
        found = {one.slug: one for one in Article.objects.filter(slug__in=slugs)}
        missing = [slug for slug in slugs if slug not in found]
        if missing:
            raise forms.ValidationError(f"There is no article {missing[0]}.")
        return [Source(slug=slug, title=found[slug].title, text=found[slug].body) for slug in found]

    def subject(self) -> Subject:
        """Return what the guardrails look at; the form must be valid."""
        data = self.cleaned_data
        message = {"from": "customer", "body": data["message"]}
        return Subject(
            conversation={"subject": "", "messages": [message] if data["message"] else []},
            draft=data["draft"],
            articles=data["articles"],
            cited=[article.slug for article in data["articles"]],
            company=data["agent"].company,
        )
