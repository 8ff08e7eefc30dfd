"""Escalation rules in words: one English sentence a row, and how two tables differ. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.results import RuleOutcome
from agents.rules import ANY_CHECK, EFFECTS, EVERY_CATEGORY, OUT_OF_SCOPE, Rule, When

SHOWN_PHRASES = 4
# What an outcome makes happen, as the end of a sentence.
CONSEQUENCES: Mapping[RuleOutcome, str] = {
    "review": "a person decides and is told why",
    "plan": "a person decides on a plan of tier 3",
    "second": "two people countersign",
    "block": "no draft is offered and a person writes",
}
OUTCOME_NAMES: Mapping[RuleOutcome | None, str] = {
    None: "No rule",
    "review": "Reason shown",
    "plan": "Plan of tier 3",
    "second": "Second person",
    "block": "No draft",
}
URGENCIES = {"high": "it is urgent", "normal": "it is not urgent", "low": "it can wait"}
DOES = {
    "read": "looks something up",
    "write": "changes something",
    "irreversible": "does something that cannot be taken back",
}

Change = Literal["added", "removed", "changed", "moved", "same"]


@dataclass(frozen=True, kw_only=True)
class Names:
    """What categories and queues are called, by their slugs."""

    categories: Mapping[str, str]
    queues: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A row in two tables; before or after is None where it is in one alone."""

    change: Change
    before: Rule | None
    after: Rule | None

    @property
    def rule(self) -> Rule:
        """The row as it is now, or as it was where it is gone."""
        rule = self.after or self.before
        if rule is None:
            raise ValueError("A difference is of a row.")
        return rule


NO_NAMES = Names(categories={}, queues={})


def sentence(rule: Rule, names: Names = NO_NAMES) -> str:
    """Return the rule as one sentence."""
    place = category_name(rule.category, names)
    place = place if rule.category == EVERY_CATEGORY else f"In {place}"
    rest = placed_sentence(rule, names)
    return f"{place}, {rest[:1].lower()}{rest[1:]}"


def placed_sentence(rule: Rule, names: Names = NO_NAMES) -> str:
    """Return the rule as one sentence for where its category is said already."""
    parts = conditions(rule.when)
    when = f"When {' and '.join(parts)}" if parts else "Always"
    where = f", in {names.queues.get(rule.queue, rule.queue)}" if rule.queue else ""
    return f"{when}: {CONSEQUENCES[rule.outcome]}{where}."


def category_name(slug: str, names: Names = NO_NAMES) -> str:
    """Return what the category is called where rules are listed."""
    if slug == EVERY_CATEGORY:
        return "In every category"
    return "Out of scope" if slug == OUT_OF_SCOPE else names.categories.get(slug, slug)


def conditions(when: When) -> list[str]:
    """Return each condition in words, in the order a person would say them."""
    said = []
    if when.keywords:
        said.append(f"the customer writes {_either(when.keywords, quoted=True)}")
    if when.money_above is not None:
        said.append(f"an amount is over {when.money_above}")
    if when.confidence_below is not None:
        said.append(f"confidence is below {when.confidence_below:.2f}")
    if when.segments:
        said.append(f"the customer’s segment is {_either(when.segments, quoted=True)}")
    if when.tools:
        said.append(" or ".join(_tools(when.tools)))
    if when.urgency is not None:
        said.append(URGENCIES[when.urgency])
    if when.check_failed:
        said.append(
            "a check failed"
            if when.check_failed == ANY_CHECK
            else f"the check “{when.check_failed}” failed"
        )
    if when.hours is not None:
        side = "inside" if when.hours.inside else "outside"
        said.append(f"it came in {side} {when.hours.week} ({when.hours.zone})")
    return said


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> list[Difference]:
    """Return how the tables differ, row by row: the new table's rows, then those that are gone."""
    old = {rule.id: rule for rule in before}
    new = {rule.id for rule in after}
    kept_before = [rule.id for rule in before if rule.id in new]
    kept_after = [rule.id for rule in after if rule.id in old]
    found = [
        Difference(
            change=_change(old.get(rule.id), rule, kept_before, kept_after),
            before=old.get(rule.id),
            after=rule,
        )
        for rule in after
    ]
    gone = [rule for rule in before if rule.id not in new]
    return [*found, *(Difference(change="removed", before=rule, after=None) for rule in gone)]


def _change(
    before: Rule | None, after: Rule, kept_before: list[str], kept_after: list[str]
) -> Change:
    if before is None:
        return "added"
    if before != after:
        return "changed"
    return "same" if kept_before.index(after.id) == kept_after.index(after.id) else "moved"


def _tools(tools: Sequence[str]) -> list[str]:
    named = [tool for tool in tools if tool not in EFFECTS]
    said = [f"the agent calls {_either(named, quoted=True)}"] if named else []
    return [*said, *(f"the agent {DOES[tool]}" for tool in tools if tool in EFFECTS)]


def _either(words: Sequence[str], *, quoted: bool) -> str:
    shown = [f"“{word}”" if quoted else word for word in words[:SHOWN_PHRASES]]
    more = len(words) - len(shown)
    if more:
        return f"{', '.join(shown)} or {more} other{'' if more == 1 else 's'}"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
