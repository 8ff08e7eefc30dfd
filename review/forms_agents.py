"""The forms of an agent's page: what it is for, and a change of its status."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from agents.definition_files import MOST_SENTENCES, SENTENCE_LENGTH
from agents.definitions import Definition
from agents.models import Agent
from review.agent_definitions import LIVE_NEEDS_BOTH, definition_of
from review.models import Queue

REQUIRED = {"required": "Fill this in."}


class SentencesField(forms.CharField):
    """A list of sentences, one a line."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> tuple[str, ...]:
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines()]
        sentences = tuple(line for line in lines if line)
        if len(sentences) > MOST_SENTENCES:
            raise forms.ValidationError(f"At most {MOST_SENTENCES} sentences.")
        if any(len(sentence) > SENTENCE_LENGTH for sentence in sentences):
            raise forms.ValidationError(f"At most {SENTENCE_LENGTH} characters a sentence.")
        return sentences


class DefinitionForm(forms.Form):
    """What an agent is for. seen: the definition's digest as the writer had it before them."""

    name = forms.CharField(max_length=80, error_messages=REQUIRED)
    job = forms.CharField(max_length=300, required=False, label="Job, in one sentence")
    metric = forms.CharField(
        max_length=300, required=False, label="Success metric, in one sentence"
    )
    measure = forms.ChoiceField(choices=Agent.Measure.choices, label="Computed from")
    does = SentencesField(label="What it does")
    does_not = SentencesField(label="What it does not do")
    fallback_queue = forms.ChoiceField(label="Queue of what fits no category")
    owner = forms.ChoiceField(required=False, label="Owner")
    seen = forms.CharField(required=False, max_length=64)

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent = agent
        self.fields["fallback_queue"].choices = [  # type: ignore[attr-defined]
            (queue.slug, queue.name) for queue in Queue.objects.order_by("position", "name")
        ]
        people = User.objects.filter(is_active=True).order_by("first_name", "username")
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            ("", "Nobody"),
            *((one.get_username(), one.get_full_name() or one.get_username()) for one in people),
        ]

    @classmethod
    def showing(cls, agent: Agent, seen: str) -> "DefinitionForm":
        """Return the form filled with the agent as it is."""
        said = definition_of(agent)
        initial = {
            "name": said.name,
            "job": said.job,
            "metric": said.metric,
            "measure": said.measure,
            "does": "\n".join(said.does),
            "does_not": "\n".join(said.does_not),
            "fallback_queue": said.fallback_queue,
            "owner": said.owner,
            "seen": seen,
        }
        return cls(initial=initial, agent=agent)

    def clean(self) -> dict[str, Any]:
        """Refuse a live agent without a job or a metric."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.agent.status == Agent.Status.LIVE:
            for name in ("job", "metric"):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, LIVE_NEEDS_BOTH)
        return data

    def definition(self) -> Definition:
        """Return what the valid form says; categories stay as they are."""
        data = self.cleaned_data
        names = ("name", "job", "metric", "measure", "does", "does_not", "fallback_queue", "owner")
        return Definition(slug=self.agent.slug, **{name: data[name] for name in names})
