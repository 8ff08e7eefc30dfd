"""Escalation rules as JSON: read with a sentence for every fault, and written. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from agents import opening, phrases
from agents.money import Money
from agents.rules import EVERY_CATEGORY, OUTCOMES, Hours, Rule, Urgency, When

MOST_RULES = 100
MOST_PHRASES = 400
LONGEST_PHRASE = 80
LONGEST_NAME = 60
LONGEST_REASON = 300
ID = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
LONGEST_ID = 40
SMALLEST = Decimal("0.0001")
_RULE_FIELDS = {"id", "name", "category", "when", "outcome", "reason", "queue"}
_WHEN_FIELDS = set(When.__dataclass_fields__)


class BadRules(ValueError):
    """Rules that cannot be used. faults: a sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


def parsed(rows: Any) -> tuple[Rule, ...]:
    """Return the rules that the JSON says, in order. Raises BadRules with all that is wrong."""
    if not isinstance(rows, list):
        raise BadRules(["The rules are not a list."])
    if len(rows) > MOST_RULES:
        raise BadRules([f"There are {len(rows)} rules; at most {MOST_RULES} fit on the page."])
    faults: list[str] = []
    rules = []
    for number, row in enumerate(rows, start=1):
        try:
            rules.append(parsed_rule(row))
        except BadRules as error:
            faults += [f"Rule {number}: {fault}" for fault in error.faults]
    ids = Counter(rule.id for rule in rules)
    faults += [f"Two rules are called “{rule}”." for rule, count in ids.items() if count > 1]
    if faults:
        raise BadRules(faults)
    return tuple(rules)


def parsed_rule(row: Any) -> Rule:
    """Return the rule that the JSON says. Raises BadRules with all that is wrong with it."""
    if not isinstance(row, Mapping):
        raise BadRules(["It is not an object."])
    faults = [f"“{name}” is no part of a rule." for name in sorted(set(row) - _RULE_FIELDS)]
    texts = {
        name: _text(row, name, most, faults, needed=needed)
        for name, most, needed in (
            ("id", LONGEST_ID, True),
            ("name", LONGEST_NAME, True),
            ("category", 60, False),
            ("reason", LONGEST_REASON, True),
            ("queue", 60, False),
        )
    }
    if texts["id"] and not ID.fullmatch(texts["id"]):
        faults.append("Its id takes small letters, digits and single underscores.")
    outcome = row.get("outcome")
    if outcome not in OUTCOMES:
        faults.append(f"Its outcome must be one of {', '.join(OUTCOMES)}.")
    when = _when(row.get("when") or {}, faults)
    if faults or when is None or outcome not in OUTCOMES:
        raise BadRules(faults)
    return Rule(
        **(texts | {"category": texts["category"] or EVERY_CATEGORY}), when=when, outcome=outcome
    )


def as_json(rule: Rule) -> dict[str, Any]:
    """Return the rule as `parsed_rule` reads it, without what it does not ask."""
    when = rule.when
    asked: dict[str, Any] = {
        "confidence_below": when.confidence_below,
        "tools": list(when.tools),
        "keywords": list(when.keywords),
        "segments": list(when.segments),
        "money_above": _money_as_json(when.money_above),
        "hours": dict(vars(when.hours)) if when.hours else None,
        "urgency": when.urgency,
        "check_failed": when.check_failed,
    }
    return {
        "id": rule.id,
        "name": rule.name,
        "category": rule.category,
        "when": {name: value for name, value in asked.items() if value not in (None, [], "")},
        "outcome": rule.outcome,
        "reason": rule.reason,
        "queue": rule.queue,
    }


def _money_as_json(money: Money | None) -> dict[str, str] | None:
    return {"amount": str(money.amount), "currency": money.currency} if money else None


def _when(asked: Any, faults: list[str]) -> When | None:
    if not isinstance(asked, Mapping):
        faults.append("Its conditions are not an object.")
        return None
    faults += [f"“{name}” is no condition." for name in sorted(set(asked) - _WHEN_FIELDS)]
    urgency = asked.get("urgency")
    if urgency is not None and urgency not in get_args(Urgency):
        faults.append("Urgency is low, normal or high.")
    words = _words(asked, "keywords", faults)
    faults += [
        f"“{word}” has no letter to look for." for word in words if not phrases.is_phrase(word)
    ]
    conditions: dict[str, Any] = {
        "confidence_below": _confidence(asked.get("confidence_below"), faults),
        "tools": _words(asked, "tools", faults),
        "keywords": words,
        "segments": _words(asked, "segments", faults),
        "money_above": _money(asked.get("money_above"), faults),
        "hours": _hours(asked.get("hours"), faults),
        "check_failed": _text(asked, "check_failed", 40, faults, needed=False),
    }
    return None if faults else When(urgency=urgency, **conditions)


def _text(row: Mapping[str, Any], name: str, most: int, faults: list[str], *, needed: bool) -> str:
    value = row.get(name) or ""
    if not isinstance(value, str):
        faults.append(f"Its {name} is not a text.")
        return ""
    text = " ".join(value.split())
    if needed and not text:
        faults.append(f"It has no {name}.")
    if len(text) > most:
        faults.append(f"Its {name} is over {most} characters long.")
    return text


def _words(asked: Mapping[str, Any], name: str, faults: list[str]) -> tuple[str, ...]:
    value = asked.get(name) or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        faults.append(f"Its {name} are not a list of words.")
        return ()
    words = tuple(dict.fromkeys(filter(None, (" ".join(word.split()) for word in value))))
    if len(words) > MOST_PHRASES:
        faults.append(f"It has {len(words)} {name}; at most {MOST_PHRASES}.")
    too_long = [word for word in words if len(word) > LONGEST_PHRASE]
    faults += [f"“{w[:20]}…” is over {LONGEST_PHRASE} characters long." for w in too_long]
    return words


def _confidence(value: Any, faults: list[str]) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        faults.append("A confidence is a number over 0 and up to 1.")
        return None
    return float(value)


def _money(value: Any, faults: list[str]) -> Money | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value["amount"]))
        currency = str(value["currency"]).upper()
    except (TypeError, KeyError, InvalidOperation):
        faults.append("A limit of money has an amount and a currency.")
        return None
    # 1e-999999999 is a number too, which a page would write out with all of its zeros.
    if not (amount.is_finite() and (amount == 0 or SMALLEST <= amount < 10**9)):
        faults.append("A limit of money is from 0 to 999,999,999, with four decimals at most.")
    if not re.fullmatch(r"[A-Z]{2,3}", currency):
        faults.append("A currency is written as in EUR.")
    return Money(amount=amount, currency=currency)


def _hours(value: Any, faults: list[str]) -> Hours | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"inside", "week", "zone"}:
        faults.append("Hours say inside or outside, the week and the time zone.")
        return None
    try:
        opening.spans(str(value["week"]))
    except opening.NotHours as error:
        faults.append(str(error))
    if not opening.is_zone(str(value["zone"])):
        faults.append(f"“{str(value['zone'])[:40]}” is no time zone. Write one as Europe/Berlin.")
    return Hours(
        inside=bool(value["inside"]),
        week=" ".join(str(value["week"]).split()),
        zone=str(value["zone"]),
    )
