"""What the team's board posts: from where to where work is shared out."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import User

from review.models import Queue
from review.team.sharing import MOST, Source, Target, takers

PEOPLE = "people"
ANYBODY = "anybody"


class SharingForm(forms.Form):
    """How many of the most urgent items go from where to where.

    source: `queue:SLUG` or `person:ID`. to: `queue:SLUG`, `people` or `anybody`.
    """

    source = forms.CharField(max_length=80)
    to = forms.CharField(max_length=80)
    count = forms.IntegerField(
        min_value=1,
        max_value=MOST,
        error_messages={
            "invalid": "Give a number.",
            "min_value": "Give a number from 1 on.",
            "max_value": f"At most {MOST} at a time.",
        },
    )
    people = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.choosable: list[User] = []

    def clean_source(self) -> Source:
        kind, _, key = str(self.cleaned_data["source"]).partition(":")
        source = Source()
        if kind == "queue":
            source = Source(queue=Queue.objects.filter(slug=key).first())
        elif kind == "person" and key.isdecimal() and len(key) < 10:
            source = Source(person=User.objects.filter(pk=int(key)).first())
        if source == Source():
            raise forms.ValidationError("Choose where they come from.")
        self.choosable = takers(source, self.now)
        return source

    def clean_to(self) -> Queue | str:
        kind, _, key = str(self.cleaned_data["to"]).partition(":")
        if kind in {PEOPLE, ANYBODY}:
            return kind
        queue = Queue.objects.filter(slug=key).first() if kind == "queue" else None
        if queue is None:
            raise forms.ValidationError("Choose where they go.")
        return queue

    def clean_people(self) -> list[User]:
        chosen = self.cleaned_data["people"] or []
        return [person for person in self.choosable if str(person.pk) in chosen]

    def clean(self) -> dict[str, Any]:
        """Refuse what moves nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        source, to = data.get("source"), data.get("to")
        if source and source.queue and to in (source.queue, ANYBODY):
            self.add_error("to", "They are there already. Choose another place.")
        return data

    def target(self) -> Target:
        """Return where they go; the form must be valid."""
        to = self.cleaned_data["to"]
        if isinstance(to, Queue):
            return Target(queue=to)
        return Target(people=self.cleaned_data["people"] if to == PEOPLE else ())

    def shares(self, written: list[str]) -> dict[int, User | None]:
        """Return to whom each item goes, as a preview wrote it: `12:5`, or `12:` for nobody.

        What names somebody who may not have it is left out.
        """
        people = {str(person.pk): person for person in self.choosable}
        found: dict[int, User | None] = {}
        for share in written[:MOST]:
            item_id, _, person_id = share.partition(":")
            is_known = person_id in people if self.cleaned_data["to"] == PEOPLE else not person_id
            if item_id.isdecimal() and len(item_id) < 19 and is_known:
                found[int(item_id)] = people.get(person_id)
        return found
