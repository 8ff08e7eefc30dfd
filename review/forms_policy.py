"""What the pages of a policy post: a row, and the notes of its way into force."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from agents.money import Money
from agents.rule_forms import BadRules, parsed_rule
from agents.rule_sentences import CONSEQUENCES, Names
from agents.rules import EFFECTS, EVERY_CATEGORY, OUT_OF_SCOPE, Rule
from review.policies.changing import new_id
from review.posted import decimal_number

SIDES = (("", "At any hour"), ("outside", "Outside"), ("inside", "Inside"))
URGENCIES = (
    ("", "Any"),
    ("high", "It is urgent"),
    ("normal", "It is not urgent"),
    ("low", "It can wait"),
)


class NoteForm(forms.Form):
    """Why something is done, for the history."""

    note = forms.CharField(max_length=500, required=False, strip=True)


class RuleForm(forms.Form):
    """A row of the table. A condition that is left empty asks for nothing."""

    name = forms.CharField(
        max_length=60, error_messages={"required": "Give it a name of two or three words."}
    )
    category = forms.ChoiceField(choices=[(EVERY_CATEGORY, "Every category")])
    keywords = forms.CharField(required=False, max_length=40_000, widget=forms.Textarea)
    money_above = forms.CharField(required=False, max_length=20)
    currency = forms.CharField(required=False, max_length=3)
    confidence_below = forms.CharField(required=False, max_length=10)
    segments = forms.CharField(required=False, max_length=400)
    urgency = forms.ChoiceField(choices=URGENCIES, required=False)
    check_failed = forms.CharField(required=False, max_length=40)
    tools = forms.CharField(required=False, max_length=400)
    side = forms.ChoiceField(choices=SIDES, required=False)
    week = forms.CharField(required=False, max_length=200)
    zone = forms.CharField(required=False, max_length=60)
    outcome = forms.ChoiceField(
        choices=[(code, said[:1].upper() + said[1:]) for code, said in CONSEQUENCES.items()]
    )
    queue = forms.ChoiceField(choices=[("", "Where the category belongs")], required=False)
    reason = forms.CharField(
        max_length=300,
        error_messages={"required": "Say in a sentence why a person is asked."},
    )
    note = forms.CharField(
        max_length=500, error_messages={"required": "Say why: it stands in the history."}
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, names: Names, tools: Iterable[str], taken: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tools_known = {*tools, *EFFECTS}
        self.taken = taken
        self.rule_id = ""
        _offer(self.fields["category"], [(OUT_OF_SCOPE, "Out of scope"), *names.categories.items()])
        _offer(self.fields["queue"], list(names.queues.items()))

    @classmethod
    def showing(cls, rule: Rule, seen: str, **kwargs: Any) -> "RuleForm":
        """Return the form, filled in as the row is. A category that is gone stays choosable."""
        when = rule.when
        form = cls(
            initial={
                "name": rule.name,
                "category": rule.category,
                "keywords": "\n".join(when.keywords),
                "money_above": f"{when.money_above.amount.normalize():f}"
                if when.money_above
                else "",
                "currency": when.money_above.currency if when.money_above else "",
                "confidence_below": when.confidence_below,
                "segments": ", ".join(when.segments),
                "urgency": when.urgency or "",
                "check_failed": when.check_failed,
                "tools": ", ".join(when.tools),
                "side": ("inside" if when.hours.inside else "outside") if when.hours else "",
                "week": when.hours.week if when.hours else "",
                "zone": when.hours.zone if when.hours else "",
                "outcome": rule.outcome,
                "queue": rule.queue,
                "reason": rule.reason,
                "seen": seen,
            },
            **kwargs,
        )
        form.rule_id = rule.id
        return form

    def clean(self) -> dict[str, Any]:
        """Add the rule, or say what is wrong with it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return data
        self._check_numbers(data)
        if self.errors:
            return data
        unknown = [tool for tool in _listed(data["tools"]) if tool not in self.tools_known]
        if unknown:
            self.add_error(
                "tools",
                f"This agent has no tool “{unknown[0]}”. Write one of: "
                f"{', '.join(sorted(self.tools_known))}.",
            )
            return data
        try:
            self.rule = parsed_rule(self._row(data))
        except BadRules as error:
            for fault in error.faults:
                self.add_error(None, fault)
        return data

    def _check_numbers(self, data: dict[str, Any]) -> None:
        for name, example in (("money_above", "200 or 99.50"), ("confidence_below", "0.80")):
            typed = data[name]
            data[name] = decimal_number(typed)
            if typed and data[name] is None:
                self.add_error(name, f"“{typed}” is no number. Write it as in {example}.")

    def _row(self, data: dict[str, Any]) -> dict[str, Any]:
        money, confidence = data["money_above"], data["confidence_below"]
        currency = data["currency"].strip().upper() or "EUR"
        hours = {"inside": data["side"] == "inside", "week": data["week"], "zone": data["zone"]}
        return {
            "id": self.rule_id or new_id(data["name"], self.taken),
            "name": data["name"],
            "category": data["category"],
            "when": {
                "keywords": data["keywords"].splitlines(),
                "money_above": vars(Money(amount=money, currency=currency))
                if money is not None
                else None,
                "confidence_below": float(confidence) if confidence is not None else None,
                "segments": _listed(data["segments"]),
                "urgency": data["urgency"] or None,
                "check_failed": data["check_failed"],
                "tools": _listed(data["tools"]),
                "hours": hours if data["side"] else None,
            },
            "outcome": data["outcome"],
            "reason": data["reason"],
            "queue": data["queue"],
        }


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _offer(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    if isinstance(field, forms.ChoiceField):
        field.choices = [*field.choices, *choices]  # type: ignore[misc]
