"""Escalation rules: when a row holds, what several of them come to, and how they are said."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import opening, phrases
from agents.money import Money, amounts
from agents.results import RuleOutcome
from agents.rule_facts import facts_of, facts_of_action
from agents.rule_forms import BadRules, as_json, parsed, parsed_rule
from agents.rule_sentences import Names, differences, sentence
from agents.rules import OUTCOMES, Facts, Hours, Rule, When, caught, holds, limit, strictest

MONDAY_NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 29, 12, tzinfo=UTC)
WEEK = "Mon–Fri 09:00–17:30; Sat 10:00–14:00"
OFFICE = Hours(inside=False, week=WEEK, zone="Europe/Berlin")


def rule(when: When | None = None, **fields: Any) -> Rule:
    given = {"id": "row", "name": "Row", "outcome": "review", "reason": "Because.", **fields}
    return Rule(when=when or When(), **given)


def facts(**fields: Any) -> Facts:
    return Facts(**{"category": "delivery", "text": "", "confidence": 0.9, **fields})


@pytest.mark.parametrize(
    ("when", "about", "expected"),
    [
        (When(), {}, ""),
        (When(confidence_below=0.8), {"confidence": 0.62}, "0.62 is under 0.80"),
        (When(confidence_below=0.8), {"confidence": 0.8}, None),
        (When(confidence_below=0.8), {"confidence": None}, None),
        (When(confidence_below=0.8), {"confidence": 0.1, "category": "oos"}, None),
        (When(tools=("refund",)), {"tool": "refund", "effect": "write"}, "refund"),
        (When(tools=("irreversible",)), {"tool": "refund", "effect": "irreversible"}, "refund"),
        (When(tools=("irreversible",)), {"tool": "refund", "effect": "write"}, None),
        (When(tools=("read",)), {}, None),
        (When(segments=("vip", "press")), {"segment": "VIP"}, "VIP"),
        (When(segments=("vip",)), {}, None),
        (When(money_above=limit(200, "EUR")), {"text": "", "amounts": amounts("€200")}, None),
        (When(money_above=limit(200, "EUR")), {"amounts": amounts("200,01 €")}, "€200.01"),
        (
            When(money_above=limit(200, "EUR")),
            {"amounts": amounts("CHF 250")},
            "250 CHF, by its figure",
        ),
        (When(money_above=limit(200, "EUR")), {"amounts": amounts("£900, 201 EUR")}, "€201"),
        (When(money_above=limit(200, "EUR")), {}, None),
        (When(hours=OFFICE), {"at": SUNDAY}, ""),
        (When(hours=OFFICE), {"at": MONDAY_NOON}, None),
        (When(hours=OFFICE), {"at": None}, None),
        (When(hours=Hours(inside=True, week=WEEK, zone="UTC")), {"at": MONDAY_NOON}, ""),
        (When(urgency="high"), {"urgency": "high"}, ""),
        (When(urgency="high"), {}, None),
        (When(check_failed="any"), {"checks_failed": frozenset({"b", "a"})}, "a, b"),
        (When(check_failed="any"), {}, None),
        (When(check_failed="slots"), {"checks_failed": frozenset({"slots"})}, "slots"),
        (When(check_failed="slots"), {"checks_failed": frozenset({"length"})}, None),
        (When(keywords=("my lawyer",)), {"text": "Ask My  Lawyer."}, "“My Lawyer”"),
        (When(keywords=("my lawyer",)), {"text": "my lawyerly coffee"}, None),
        # All conditions of a row must hold.
        (
            When(keywords=("refund*",), money_above=limit(200, "EUR")),
            {"text": "Refund me 300 EUR", "amounts": amounts("300 EUR")},
            "€300; “Refund”",
        ),
        (
            When(keywords=("refund*",), money_above=limit(200, "EUR")),
            {"text": "Refund me", "amounts": ()},
            None,
        ),
    ],
)
def test_a_row_holds_when_all_it_asks_is_so(
    when: When, about: dict[str, Any], expected: str | None
) -> None:
    assert holds(rule(when), facts(**about)) == expected


@pytest.mark.parametrize(
    ("category", "of", "expected"),
    [("*", "delivery", True), ("*", "oos", True), ("invoice", "delivery", False)],
)
def test_a_row_is_for_its_category(category: str, of: str, expected: bool) -> None:
    assert bool(caught([rule(category=category)], facts(category=of))) is expected


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=8), st.randoms())
def test_the_strictest_wins_whatever_the_order(
    outcomes: list[RuleOutcome], shuffle: random.Random
) -> None:
    rows = [rule(id=f"row_{place}", outcome=one) for place, one in enumerate(outcomes)]
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    first, second = caught(rows, facts()), caught(shuffled, facts())
    assert strictest(first) == strictest(second) == max(outcomes, key=OUTCOMES.index)
    assert {one.id for one in first} == {one.id for one in second} == {one.id for one in rows}


def test_nothing_caught_is_no_outcome() -> None:
    assert strictest(()) is None


WORDS = st.text("abcdefgé ß*…", min_size=1, max_size=12).filter(phrases.is_phrase)
CONDITIONS = st.builds(
    When,
    confidence_below=st.none() | st.floats(0.01, 1),
    tools=st.lists(st.sampled_from(["read", "refund"]), unique=True).map(tuple),
    keywords=st.lists(WORDS.map(lambda word: " ".join(word.split())), unique=True).map(tuple),
    segments=st.lists(st.sampled_from(["vip", "press"]), unique=True).map(tuple),
    money_above=st.none()
    | st.builds(
        Money,
        amount=st.decimals(0, 10**6, places=2).map(Decimal),
        currency=st.sampled_from(["EUR", "KR"]),
    ),
    hours=st.none()
    | st.builds(Hours, inside=st.booleans(), week=st.just(WEEK), zone=st.just("UTC")),
    urgency=st.none() | st.sampled_from(["low", "normal", "high"]),
    check_failed=st.sampled_from(["", "any", "slots"]),
)
RULES = st.builds(
    rule,
    CONDITIONS,
    category=st.sampled_from(["*", "delivery", "oos"]),
    outcome=st.sampled_from(OUTCOMES),
    queue=st.sampled_from(["", "care"]),
)


@given(RULES)
def test_what_is_written_is_read_again_and_said_in_one_sentence(row: Rule) -> None:
    assert parsed_rule(as_json(row)) == row
    said = sentence(row)
    assert said[0].isupper()
    assert said.endswith(".")
    assert "\n" not in said


@given(RULES, st.text(max_size=200))
def test_no_text_breaks_a_row(row: Rule, text: str) -> None:
    assert holds(row, facts(text=text, amounts=amounts(text))) in {None, ""} or row.when != When()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"category": "refunds", "when": When(money_above=limit(200, "EUR")), "outcome": "plan"},
            "In Refunds, when an amount is over €200: a person decides on a plan of tier 3.",
        ),
        (
            {"outcome": "second", "queue": "care"},
            "In every category, always: two people countersign, in Customer care.",
        ),
        (
            {"when": When(keywords=("a", "b", "c", "d", "e")), "outcome": "block"},
            (
                "In every category, when the customer writes “a”, “b”, “c”, “d” or 1 other:"
                " no draft is offered and a person writes."
            ),
        ),
        (
            {
                "when": When(
                    tools=("refund", "irreversible"), segments=("vip",), confidence_below=0.5
                )
            },
            (
                "In every category, when confidence is below 0.50 and the customer’s segment is"
                " “vip” and the agent calls “refund” or the agent does something that cannot be"
                " taken back: a person decides and is told why."
            ),
        ),
        (
            {"category": "oos", "when": When(urgency="high", hours=OFFICE, check_failed="any")},
            (
                "In Out of scope, when it is urgent and a check failed and it came in outside"
                f" {WEEK} (Europe/Berlin): a person decides and is told why."
            ),
        ),
    ],
)
def test_a_row_is_a_sentence(fields: dict[str, Any], expected: str) -> None:
    names = Names(categories={"refunds": "Refunds"}, queues={"care": "Customer care"})
    assert sentence(rule(**fields), names) == expected


GOOD = {"id": "row", "name": "Row", "outcome": "review", "reason": "Because."}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": "Row 1"}, "Its id takes small letters, digits and single underscores."),
        ({"name": ""}, "It has no name."),
        ({"reason": "x" * 301}, "Its reason is over 300 characters long."),
        ({"outcome": "auto"}, "Its outcome must be one of review, plan, second, block."),
        ({"colour": "red"}, "“colour” is no part of a rule."),
        ({"when": {"moon": "full"}}, "“moon” is no condition."),
        ({"when": {"confidence_below": 80}}, "A confidence is a number over 0 and up to 1."),
        ({"when": {"keywords": ["…"]}}, "“…” has no letter to look for."),
        ({"when": {"keywords": "lawyer"}}, "Its keywords are not a list of words."),
        ({"when": {"money_above": {"amount": "x", "currency": "EUR"}}}, "amount and a currency."),
        ({"when": {"money_above": {"amount": "NaN", "currency": "EUR"}}}, "from 0 to"),
        ({"when": {"urgency": "now"}}, "Urgency is low, normal or high."),
        (
            {"when": {"hours": {"inside": True, "week": "always", "zone": "UTC"}}},
            "“always” is no opening hours.",
        ),
        (
            {"when": {"hours": {"inside": True, "week": "Mon 9:00-17:00", "zone": "Berlin"}}},
            "“Berlin” is no time zone.",
        ),
    ],
)
def test_each_fault_has_its_sentence(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadRules, match=r".") as error:
        parsed([GOOD | changes])
    assert fault in str(error.value)
    assert str(error.value).startswith("Rule 1: ")


def test_two_rows_of_one_id_are_refused_and_every_fault_is_told() -> None:
    with pytest.raises(BadRules) as error:
        parsed([GOOD, GOOD, GOOD | {"name": ""}])
    assert error.value.faults == ("Rule 3: It has no name.", "Two rules are called “row”.")


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("lawyer", "Two lawyers, one LAWYER’S bill", ("lawyers", "LAWYER’S")),
        ("verklag*", "Ich verklage Sie", ("verklage",)),
        ("Anwält*", "unsere ANWÄLTE", ("ANWÄLTE",)),
        ("déposer plainte", "je vais deposer\nplainte", ("deposer plainte",)),
        ("straße", "in der STRASSE", ("STRASSE",)),
        ("complaint … authority", "a complaint to the authority", ("complaint to the authority",)),
        ("complaint … authority", "complaint a b c d e authority", ()),
        ("to court", "to the court", ()),
        ("sue", "Sue-Ellen", ("Sue",)),
        ("sue", "an issue", ()),
        ("court", "courtesy", ()),
        ("(", "(", ()),
        ("l'avocat", "L’avocat", ("L’avocat",)),
    ],
)
def test_phrases_are_found_as_people_write_them(
    phrase: str, text: str, expected: tuple[str, ...]
) -> None:
    assert phrases.found((phrase,), text) == expected


def test_what_was_found_is_shown_short() -> None:
    said = phrases.shown(["a", "b", "c" * 60, "d", "e"])
    assert said == f"“a”, “b”, “{'c' * 39}…” and 2 more"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("€200", ["€200"]),
        ("200€ and 200 Euros", ["€200"]),
        ("EUR 1.299,00", ["€1,299"]),
        ("1,299.50 EUR", ["€1,299.50"]),
        ("1 299,00 €", ["€1,299"]),
        ("CHF 1’200.-", ["1,200 CHF"]),
        ("99,- Euro", ["€99"]),
        ("£5 or $7.5", ["£5", "$7.50"]),
        ("450 kr", ["450 KR"]),
        ("order 123456, 3 cups", []),
        ("HCW-202870", []),
    ],
)
def test_amounts_are_read_as_they_are_written(text: str, expected: list[str]) -> None:
    assert [str(found) for found in amounts(text)] == expected


@pytest.mark.parametrize(
    ("week", "at", "expected"),
    [
        ("Mon–Fri 09:00–17:30", "2026-11-30T08:00+00:00", True),  # 9:00 in Berlin
        ("Mon–Fri 09:00–17:30", "2026-11-30T07:59+00:00", False),
        ("Mon–Fri 09:00–17:30", "2026-11-30T16:30+00:00", False),
        ("Sat-Mon 00:00-24:00", "2026-11-29T12:00+00:00", True),
        ("mon 9:00-12:00, 13:00-18:00", "2026-11-30T11:30+00:00", False),
    ],
)
def test_hours_are_by_the_clock_of_the_zone(week: str, at: str, expected: bool) -> None:
    assert opening.is_open(week, "Europe/Berlin", datetime.fromisoformat(at)) is expected


def test_differences_are_told_row_by_row() -> None:
    one, two, three = (rule(id=name, name=name) for name in ("one", "two", "three"))
    changed = rule(id="two", name="two", outcome="plan")
    found = differences([one, two, three], [three, changed, rule(id="new")])
    assert [(d.rule.id, d.change) for d in found] == [
        ("three", "moved"),
        ("two", "changed"),
        ("new", "added"),
        ("one", "removed"),
    ]
    assert [d.change for d in differences([one, two], [one, two])] == ["same", "same"]


CONVERSATION = {
    "subject": "Refund",
    "customer": {"name": "Ada", "segment": "vip"},
    "messages": [
        {"from": "customer", "body": "My lawyer says 300 EUR.", "at": "2026-11-29T12:00:00+00:00"},
        {"from": "agent", "body": "Your lawyer? 900 EUR", "at": "2026-11-29T13:00:00+00:00"},
    ],
}


def test_facts_come_from_what_the_customer_wrote() -> None:
    found = facts_of(CONVERSATION, category="refunds", confidence=0.5)
    assert found.text == "Refund\n\nMy lawyer says 300 EUR."
    assert found.amounts == (limit(300, "EUR"),)
    assert (found.segment, found.at) == ("vip", SUNDAY)


def test_an_action_is_held_against_the_money_it_moves() -> None:
    found = facts_of_action(
        CONVERSATION, tool="refund", effect="irreversible", amount=50, currency="EUR"
    )
    assert found.amounts == (limit(50, "EUR"),)
    assert holds(rule(When(money_above=limit(200, "EUR"))), found) is None
    assert holds(rule(When(tools=("irreversible",))), found) == "refund"
