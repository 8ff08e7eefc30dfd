"""What the page of a queue's service level posts."""

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import available_timezones

from django import forms

from review.models import Queue
from review.service import writing
from review.service.levels import Levels

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TARGETS = (
    ("urgent", "Urgent", "escalated or marked urgent"),
    ("normal", "Usual", "everything else"),
    ("low", "Can wait", "marked as low"),
)

T = TypeVar("T")


class WrittenField(forms.CharField):
    """A text that is read by a function of review.service.writing."""

    def __init__(self, read: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.read = read

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return self.read(text)
        except writing.NotUnderstood as error:
            raise forms.ValidationError(str(error)) from error


class LevelsForm(forms.Form):
    """Targets, time zone, hours and holidays of one queue."""

    time_zone = forms.CharField(max_length=60)
    is_always_open = forms.ChoiceField(
        choices=[("1", "Always"), ("", "In these hours")], required=False
    )
    holidays = WrittenField(writing.holidays, required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, hint in TARGETS:
            self.fields[name] = WrittenField(
                writing.minutes, label=label, help_text=hint, max_length=20
            )
        for weekday, label in enumerate(WEEKDAYS):
            self.fields[f"day_{weekday}"] = WrittenField(
                _hours_of(weekday), label=label, required=False, max_length=120
            )

    @classmethod
    def showing(cls, levels: Levels) -> "LevelsForm":
        """Return the form, filled in as the service level is."""
        days = {
            f"day_{weekday}": writing.hours([one for one in levels.week if one.weekday == weekday])
            for weekday in range(7)
        }
        return cls(
            initial={
                "urgent": writing.duration(levels.urgent_min),
                "normal": writing.duration(levels.normal_min),
                "low": writing.duration(levels.low_min),
                "time_zone": levels.time_zone,
                "is_always_open": "" if levels.week else "1",
                "holidays": writing.holiday_lines(levels.holidays),
                **days,
            }
        )

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        known = {zone.lower(): zone for zone in available_timezones()}
        if name.lower() not in known:
            raise forms.ValidationError(
                f"There is no time zone “{name}”. Write it as in Europe/Berlin or UTC."
            )
        return known[name.lower()]

    def clean(self) -> dict[str, Any]:
        """Refuse a week without an open hour; what is written stays unread while always open."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        days = [f"day_{weekday}" for weekday in range(7)]
        if data.get("is_always_open"):
            for day in days:
                self.errors.pop(day, None)
        elif not any(data.get(day) or day in self.errors for day in days):
            self.add_error(
                "is_always_open",
                "This queue would never be open, and nothing ever due. Write some hours, or "
                "choose Always.",
            )
        return data

    def levels(self) -> Levels:
        """Return what was written; the form must be valid."""
        data = self.cleaned_data
        days = [] if data["is_always_open"] else [data[f"day_{weekday}"] for weekday in range(7)]
        return Levels(
            urgent_min=data["urgent"],
            normal_min=data["normal"],
            low_min=data["low"],
            time_zone=data["time_zone"],
            week=tuple(stretch for day in days for stretch in day),
            holidays=data["holidays"],
        )

    def targets(self) -> list[forms.BoundField]:
        return [self[name] for name, _, _ in TARGETS]

    def days(self) -> list[forms.BoundField]:
        return [self[f"day_{weekday}"] for weekday in range(7)]


class CopyForm(forms.Form):
    """The queue whose hours and holidays are taken over."""

    queue = forms.ModelChoiceField(
        Queue.objects.all(),
        to_field_name="slug",
        error_messages={"invalid_choice": "There is no such queue."},
    )


def _hours_of(weekday: int) -> Callable[[str], Any]:
    return lambda text: writing.stretches(weekday, text)
