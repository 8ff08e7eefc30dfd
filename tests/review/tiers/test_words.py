"""A version field by field, in words."""

from decimal import Decimal
from typing import Any

import pytest

from review.tiers.words import (
    Difference,
    differences,
    limits_in_words,
    route_facts,
    task_in_words,
    tier_facts,
    usd,
)

CONTENT: dict[str, Any] = {
    "model": "a/x",
    "fallbacks": ["b/y"],
    "endpoints": {},
    "temperature": 0.0,
    "max_tokens": 1200,
    "timeout_s": 45,
    "retries": 1,
    "max_concurrent": None,
    "budget_run_usd": None,
    "budget_day_usd": None,
}


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        (None, "none"),
        (Decimal("40.000000"), "$40"),
        (Decimal("1200"), "$1,200"),
        (Decimal("0.500000"), "$0.50"),
        (Decimal("0.02"), "$0.02"),
        (Decimal("0.005000"), "$0.005"),
        (Decimal("0.000001"), "$0.000001"),
    ],
)
def test_money_is_written_no_longer_than_it_must_be(amount: Decimal | None, says: str) -> None:
    assert usd(amount) == says


@pytest.mark.parametrize(
    ("field", "value", "name", "before", "after"),
    [
        ("model", "c/z", "Models", "a/x, then b/y", "c/z, then b/y"),
        ("fallbacks", [], "Models", "a/x, then b/y", "a/x"),
        (
            "endpoints",
            {"a/x": "http://h/v1"},
            "Base URLs",
            "each provider’s own",
            "a/x at http://h/v1",
        ),
        ("temperature", 0.2, "Temperature", "0", "0.2"),
        ("max_tokens", 4000, "Longest answer", "1,200 tokens", "4,000 tokens"),
        ("timeout_s", 60, "Time limit", "45 s", "60 s"),
        ("retries", 0, "Tried again", "once", "never"),
        ("max_concurrent", 8, "Calls at a time", "no limit", "8"),
        ("budget_run_usd", Decimal("0.5"), "Budget a run", "none", "$0.50"),
        ("budget_day_usd", Decimal(40), "Budget a day", "none", "$40"),
    ],
)
def test_every_field_that_differs_is_told(
    field: str, value: Any, name: str, before: str, after: str
) -> None:
    told = differences(tier_facts(CONTENT), tier_facts({**CONTENT, field: value}))
    assert told == [Difference(name=name, before=before, after=after)]


def test_a_task_that_moves_is_told() -> None:
    told = differences(route_facts({"draft": 2, "plan": 3}), route_facts({"draft": 1, "plan": 3}))
    assert told == [Difference(name="draft", before="tier 2", after="tier 1")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "within 45 s, tried again once. No budget."),
        ({"max_concurrent": 1}, "tried again once; 1 call at a time."),
        ({"budget_day_usd": Decimal(40)}, "At most $40 a day."),
        (
            {"budget_run_usd": Decimal("0.02"), "budget_day_usd": Decimal(40)},
            "At most $0.02 a run and $40 a day.",
        ),
    ],
)
def test_limits_read_as_sentences(changes: dict[str, Any], says: str) -> None:
    assert says in limits_in_words({**CONTENT, **changes})


def test_every_task_of_the_installation_says_what_it_is(settings: Any) -> None:
    for task in settings.TIERS["routes"]:
        assert task_in_words(task) != task_in_words("unheard of"), task
