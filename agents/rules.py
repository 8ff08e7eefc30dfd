"""Escalation rules: a table of rows, each of which holds or not for what a run came to. Pure.

All conditions of a row must hold. Several rows may: every one gives its reason, and what is asked
for is the strictest of their outcomes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from agents import phrases
from agents.money import Money
from agents.opening import is_open
from agents.results import Caught, RuleOutcome

EVERY_CATEGORY = "*"
OUT_OF_SCOPE = "oos"
ANY_CHECK = "any"
EFFECTS = ("read", "write", "irreversible")
# From the mildest to the strictest.
OUTCOMES: tuple[RuleOutcome, ...] = ("review", "plan", "second", "block")

Urgency = Literal["low", "normal", "high"]


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A condition on when the customer wrote. week: as `agents.opening` reads it."""

    inside: bool
    week: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class When:
    """A row's conditions; what is None or empty asks for nothing.

    tools: names of tools, or what they do (`read`, `write`, `irreversible`). keywords: as
    `agents.phrases` finds them. check_failed: a guardrail's name, or `any`.
    """

    confidence_below: float | None = None
    tools: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    money_above: Money | None = None
    hours: Hours | None = None
    urgency: Urgency | None = None
    check_failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A row. id: names the reason it gives. queue: where to hand what it catches; empty: nowhere.

    reason: a sentence for the person who decides.
    """

    id: str
    name: str
    category: str = EVERY_CATEGORY
    when: When = field(default_factory=When)
    outcome: RuleOutcome
    reason: str
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a run, or of a tool call it asks for, when the rules are held against it.

    text: all that the customer wrote. at: when they last wrote. confidence: None before there is
    any. tool, effect: of the call; empty where none is asked for.
    """

    category: str
    text: str
    confidence: float | None = None
    urgency: Urgency = "normal"
    language: str = ""
    segment: str = ""
    amounts: Sequence[Money] = ()
    at: datetime | None = None
    checks_failed: frozenset[str] = frozenset()
    tool: str = ""
    effect: str = ""


def caught(
    rules: Iterable[Rule], facts: Facts, sentence_of: Callable[[Rule], str] | None = None
) -> tuple[Caught, ...]:
    """Return the rules that hold, in their order. sentence_of: says a rule in words."""
    return tuple(
        Caught(
            id=rule.id,
            name=rule.name,
            outcome=rule.outcome,
            sentence=sentence_of(rule) if sentence_of else rule.name,
            reason=rule.reason,
            found=found,
            queue=rule.queue,
        )
        for rule in rules
        if (found := holds(rule, facts)) is not None
    )


def holds(rule: Rule, facts: Facts) -> str | None:
    """Return what made the rule hold, in a few words that may be none; None if it does not."""
    if rule.category not in {EVERY_CATEGORY, facts.category}:
        return None
    found = []
    for condition in _CONDITIONS:
        said = condition(rule.when, facts)
        if said is None:
            return None
        if said:
            found.append(said)
    return "; ".join(found)


def strictest(found: Iterable[Caught]) -> RuleOutcome | None:
    """Return the strictest outcome of the rules that hold; None where none does."""
    return max((one.outcome for one in found), key=OUTCOMES.index, default=None)


# Each returns what it found, "" where the row does not ask or there is nothing to say, None where
# the condition does not hold. The cheap ones come first, the search for words last.


def _confidence(when: When, facts: Facts) -> str | None:
    if when.confidence_below is None:
        return ""
    # Whether a message fits no category at all is no matter of how sure the choice among them is.
    if facts.confidence is None or facts.category == OUT_OF_SCOPE:
        return None
    if facts.confidence >= when.confidence_below:
        return None
    return f"{facts.confidence:.2f} is under {when.confidence_below:.2f}"


def _tools(when: When, facts: Facts) -> str | None:
    if not when.tools:
        return ""
    if not facts.tool or not {facts.tool, facts.effect} & set(when.tools):
        return None
    return facts.tool


def _segment(when: When, facts: Facts) -> str | None:
    if not when.segments:
        return ""
    known = {segment.casefold() for segment in when.segments}
    return facts.segment if facts.segment.casefold() in known else None


def _money(when: When, facts: Facts) -> str | None:
    """Compare in the limit's currency; no rate is known, so others count by their figure."""
    if when.money_above is None:
        return ""
    limit = when.money_above
    over = [money for money in facts.amounts if money.amount > limit.amount]
    if not over:
        return None
    most = max(over, key=lambda money: (money.currency == limit.currency, money.amount))
    by_figure = "" if most.currency == limit.currency else ", by its figure"
    return f"{most}{by_figure}"


def _hours(when: When, facts: Facts) -> str | None:
    if when.hours is None:
        return ""
    if facts.at is None or is_open(when.hours.week, when.hours.zone, facts.at) != when.hours.inside:
        return None
    return ""


def _urgency(when: When, facts: Facts) -> str | None:
    return "" if when.urgency in {None, facts.urgency} else None


def _check(when: When, facts: Facts) -> str | None:
    if not when.check_failed:
        return ""
    if when.check_failed == ANY_CHECK:
        return ", ".join(sorted(facts.checks_failed)) or None
    return when.check_failed if when.check_failed in facts.checks_failed else None


def _keywords(when: When, facts: Facts) -> str | None:
    if not when.keywords:
        return ""
    return phrases.shown(phrases.found(when.keywords, facts.text)) or None


_CONDITIONS = (_confidence, _tools, _segment, _money, _hours, _urgency, _check, _keywords)


def limit(amount: Decimal | float | str, currency: str) -> Money:
    """Return an amount that a row holds others against."""
    return Money(amount=Decimal(str(amount)), currency=currency)
