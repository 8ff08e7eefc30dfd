"""What the forms of a tier, of the routes and of a preset post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils import timezone

from agents.connections import TIERS, Connection, asked_for
from agents.errors import CannotConnect
from agents.models import STAGING, TierVersion
from agents.models.versions import in_six_months
from agents.price_list import unpriced
from review.posted import whole_number
from review.tiers.changing import TierSettings
from review.tiers.presets import Preset
from review.tiers.words import HELD

FURTHEST = timedelta(days=731)
SAY_WHY = "Say why: it stands in the history."


def _reason() -> forms.CharField:
    return forms.CharField(
        max_length=500,
        error_messages={"required": SAY_WHY, "max_length": "Say it in at most 500 characters."},
    )


def _number(kind: type[Any], least: float, most: float, says: str, **given: Any) -> Any:
    """Return a field that takes a number from `least` to `most`, or says this sentence."""
    wrong = ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits")
    return kind(
        validators=[MinValueValidator(least, says), MaxValueValidator(most, says)],
        error_messages=dict.fromkeys(wrong, says),
        **given,
    )


def _usd(says: str) -> forms.DecimalField:
    field: forms.DecimalField = _number(
        forms.DecimalField,
        0.000001,
        100_000,
        says,
        max_digits=12,
        decimal_places=6,
        required=False,
    )
    return field


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the form: a model and where it is asked. problem: what is wrong with it."""

    model: str = ""
    endpoint: str = ""
    problem: str = ""


class TierForm(forms.Form):
    """What a tier is to be. Keys are never shown again, not even after an error."""

    temperature = _number(
        forms.FloatField, 0, 2, "Give a temperature from 0 (the same each time) to 2."
    )
    max_tokens = _number(forms.IntegerField, 16, 200_000, "Give a whole number from 16 to 200000.")
    timeout_s = _number(forms.IntegerField, 1, 600, "Give whole seconds from 1 to 600.")
    retries = _number(forms.IntegerField, 0, 5, "Give a whole number from 0 to 5.")
    max_concurrent = _number(
        forms.IntegerField,
        1,
        1000,
        "Give a whole number from 1 to 1000, or leave it empty for no limit.",
        required=False,
    )
    budget_run_usd = _usd("Give dollars above 0, such as 0.02, or leave it empty for no limit.")
    budget_day_usd = _usd("Give dollars above 0, such as 40, or leave it empty for no limit.")
    look_again_on = forms.DateField(
        error_messages=dict.fromkeys(
            ("required", "invalid"), "Give a day, such as 2027-05-31, by which to look again."
        )
    )
    reason = _reason()
    based_on = forms.IntegerField(
        error_messages=dict.fromkeys(("required", "invalid"), "Open the form again.")
    )
    # Carries what is wrong with a row, so that the form is wrong too.
    chain = forms.Field(required=False)

    def __init__(self, data: QueryDict | None = None, *, rows: Sequence[Row] = (), **given: Any):
        super().__init__(data, **given)
        self.rows = list(rows) if data is None else _rows_of(data)

    @classmethod
    def showing(cls, version: TierVersion) -> "TierForm":
        """Return the form as the version is; why it is to change is for who changes it."""
        initial = {name: getattr(version, name) for name in TierVersion.CONTENT[3:]}
        initial = {name: _plain(value) for name, value in initial.items()}
        initial |= {"look_again_on": in_six_months().isoformat(), "based_on": version.pk}
        rows = [
            Row(model=model, endpoint=version.endpoints.get(model, "")) for model in version.models
        ]
        return cls(initial=initial, rows=rows)

    @classmethod
    def rearranged(cls, data: QueryDict, act: str) -> "TierForm":
        """Return the form as typed, a row moved up, taken out or added; nothing is checked yet."""
        rows = _rows_of(data)
        what, _, number = act.partition(":")
        place = whole_number(number)
        is_there = place is not None and place < len(rows)
        if what == "add":
            rows.append(Row())
        elif what == "up" and place and is_there:
            rows[place - 1 : place + 1] = [rows[place], rows[place - 1]]
        elif what == "remove" and place is not None and is_there and len(rows) > 1:
            del rows[place]
        return cls(initial=data.dict(), rows=rows)

    def clean_look_again_on(self) -> date:
        """Return the day, which is to come and not far off."""
        day: date = self.cleaned_data["look_again_on"]
        today = timezone.localdate()
        if not today < day <= today + FURTHEST:
            raise forms.ValidationError("Give a day from tomorrow on, within two years.")
        return day

    def clean(self) -> dict[str, Any]:
        """Add the models, or say which of them is wrong."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        run, day = data.get("budget_run_usd"), data.get("budget_day_usd")
        if run and day and run > day:
            self.add_error("budget_run_usd", "A run may not cost more than the whole day.")
        typed = self.data.getlist("key") if isinstance(self.data, QueryDict) else []
        chain: list[Connection] = []
        for place, row in enumerate(self.rows):
            key = typed[place] if place < len(typed) else ""
            if place and not (row.model or row.endpoint or key):
                continue
            try:
                chain.append(_connection(row, key, chain))
            except CannotConnect as error:
                self.rows[place] = Row(model=row.model, endpoint=row.endpoint, problem=str(error))
                self.add_error("chain", str(error))
        data["chain"] = chain
        unknown = unpriced([one.model for one in chain])
        if (run or day) and unknown:
            self.add_error(
                "budget_day_usd" if day else "budget_run_usd",
                f"It would not hold: nobody knows the price of {unknown[0]}. Leave it empty, or "
                "choose a model with a price.",
            )
        return data

    def settings(self) -> TierSettings:
        """Return what the tier is to be; the form must be valid."""
        names = (*TierVersion.CONTENT[3:], "look_again_on", "chain")
        return TierSettings(**{name: self.cleaned_data[name] for name in names})


def _rows_of(data: QueryDict) -> list[Row]:
    endpoints = data.getlist("endpoint")
    rows = [
        Row(
            model=model.strip(), endpoint=endpoints[place].strip() if place < len(endpoints) else ""
        )
        for place, model in enumerate(data.getlist("model"))
    ]
    return rows or [Row()]


def _connection(row: Row, key: str, before: Sequence[Connection]) -> Connection:
    if not row.model:
        raise CannotConnect("Give a model, as provider/model.")
    found = asked_for(row.model, row.endpoint, key)
    if found.model in {one.model for one in before}:
        raise CannotConnect(f"{found.model} would be asked twice: take one of the two out.")
    return found


def _plain(value: Any) -> Any:
    """Return a number as a person would write it: 40 and not 40.000000."""
    if value is None:
        return ""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else value


class RouteForm(forms.Form):
    """Which tier each task is to run on."""

    reason = _reason()
    based_on = forms.IntegerField(
        error_messages=dict.fromkeys(("required", "invalid"), "Open the form again.")
    )

    def __init__(self, data: QueryDict | None = None, *, tasks: Sequence[str], **given: Any):
        super().__init__(data, **given)
        self.tasks = tasks
        for task in tasks:
            if task not in HELD:
                self.fields[f"task-{task}"] = forms.TypedChoiceField(
                    choices=[(tier, f"Tier {tier}") for tier in TIERS],
                    coerce=int,
                    error_messages=dict.fromkeys(
                        ("required", "invalid_choice"), f"Choose a tier for {task}."
                    ),
                )

    def routes(self) -> dict[str, int]:
        """Return each task's tier; the form must be valid."""
        return {task: HELD.get(task) or self.cleaned_data[f"task-{task}"] for task in self.tasks}


class PresetForm(forms.Form):
    """A preset's models by the names they have at the provider, where to put them, and why.

    based_on: the versions that the page shows the changes of, by environment and tier.
    """

    environment = forms.ChoiceField(error_messages={"required": "Choose where to try it."})
    endpoint = forms.CharField(required=False, max_length=500)
    key = forms.CharField(required=False, max_length=4096)
    reason = _reason()

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        preset: Preset,
        environments: Sequence[str],
        based_on: Mapping[tuple[str, int], int],
        **given: Any,
    ):
        self.seen = {f"based_on-{place}-{tier}": pk for (place, tier), pk in based_on.items()}
        initial = {
            **self.seen,
            "environment": STAGING if STAGING in environments else environments[0],
            "endpoint": preset.endpoint,
            **{f"model-{tier}": preset.tiers[tier]["model"] for tier in TIERS},
        }
        super().__init__(data, initial=initial, **given)
        self.preset = preset
        self.fields["environment"].choices = [(one, one.title()) for one in environments]  # type: ignore[attr-defined]
        for tier in TIERS:
            self.fields[f"model-{tier}"] = forms.CharField(
                max_length=120, error_messages={"required": "Give the model’s name."}
            )
        for name in self.seen:
            self.fields[name] = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Add what each tier is to be, or say what is wrong with it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if any(name in self.errors for name in self.seen):
            self.add_error(None, "Open the form again.")
        if self.preset.needs_endpoint and not data.get("endpoint"):
            self.add_error(
                "endpoint", f"{self.preset.name} has no address of its own: give its base URL."
            )
            return data
        data["wanted"] = {}
        for tier in TIERS:
            model = data.get(f"model-{tier}")
            try:
                if model:
                    data["wanted"][tier] = self.preset.settings(
                        tier, model, data.get("endpoint", ""), data.get("key", "")
                    )
            except CannotConnect as error:
                self.add_error(f"model-{tier}", str(error))
        return data

    def based_on(self) -> dict[int, int]:
        """Return of each tier the version that was looked at; the form must be valid."""
        place = self.cleaned_data["environment"]
        return {tier: self.cleaned_data[f"based_on-{place}-{tier}"] for tier in TIERS}


class PromoteForm(forms.Form):
    """Why staging's version is to be live. beside: the live version it was looked at with."""

    reason = _reason()
    beside = forms.IntegerField(
        error_messages=dict.fromkeys(("required", "invalid"), "Look at what differs again.")
    )
