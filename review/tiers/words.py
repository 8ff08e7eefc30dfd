"""What a version says, field by field, in words; and where two of them differ. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

PURPOSES = {
    1: "Many and simple",
    2: "Drafts and synthesis",
    3: "Rare and high stakes",
}
TASKS = {
    "extract": "Reads language, order number, product and urgency off a ticket.",
    "classify": "Sorts a ticket into a category, and says how sure it is.",
    "draft": "Writes the reply that a person countersigns.",
    "redraft": "Writes another draft, as a person asked for it.",
    "resolve": "Chooses the next step of an action: which tool, with what.",
    "plan": "Plans a legal threat or a high refund, for the person who decides.",
}
# What is rare and costly to get wrong stays where that is looked after.
HELD = {"plan": 3}
NONE = "none"
# The fields that name models.
CHAIN = ("Models", "Base URLs")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that says one thing before and another after."""

    name: str
    before: str
    after: str


def task_in_words(task: str) -> str:
    """Return what the task is, in a sentence."""
    return TASKS.get(task, "A task of an agent’s own.")


def tier_facts(content: Mapping[str, Any]) -> dict[str, str]:
    """Return each field of a tier's content, named and in words."""
    return {
        "Models": ", then ".join([content["model"], *content["fallbacks"]]),
        "Base URLs": "; ".join(
            f"{model} at {url}" for model, url in sorted(content["endpoints"].items())
        )
        or "each provider’s own",
        "Temperature": f"{content['temperature']:g}",
        "Longest answer": f"{content['max_tokens']:,} tokens",
        "Time limit": f"{content['timeout_s']:,} s",
        "Tried again": _times(content["retries"]),
        "Calls at a time": _limit(content["max_concurrent"]),
        "Budget a run": usd(content["budget_run_usd"]),
        "Budget a day": usd(content["budget_day_usd"]),
    }


def limits_in_words(content: Mapping[str, Any]) -> str:
    """Return a tier's limits and budget in two sentences."""
    facts = tier_facts(content)
    calls = content["max_concurrent"]
    at_a_time = "" if calls is None else f"; {_calls(calls)} at a time"
    run, day = content["budget_run_usd"], content["budget_day_usd"]
    amounts = [f"{usd(run)} a run"] * (run is not None) + [f"{usd(day)} a day"] * (day is not None)
    budget = f"At most {' and '.join(amounts)}." if amounts else "No budget."
    return (
        f"Temperature {facts['Temperature']}; an answer of at most {facts['Longest answer']} "
        f"within {facts['Time limit']}, tried again {facts['Tried again']}{at_a_time}. {budget}"
    )


def route_facts(routes: Mapping[str, int]) -> dict[str, str]:
    """Return each task's tier in words."""
    return {task: f"tier {tier}" for task, tier in routes.items()}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Return what the two say differently, in the order of the later one."""
    return [
        Difference(name=name, before=before.get(name, NONE), after=after.get(name, NONE))
        for name in {**after, **before}
        if before.get(name) != after.get(name)
    ]


def usd(amount: Decimal | None) -> str:
    """Return `$40`, `$0.02`, or that there is no limit."""
    if amount is None:
        return NONE
    if amount == amount.to_integral_value():
        return f"${int(amount):,}"
    short = amount.normalize()
    return f"${short:,.2f}" if short.as_tuple().exponent >= -2 else f"${short:,f}"  # type: ignore[operator]


def _times(retries: int) -> str:
    return {0: "never", 1: "once"}.get(retries, f"{retries} times")


def _calls(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls:,} calls"


def _limit(calls: int | None) -> str:
    return "no limit" if calls is None else f"{calls:,}"
