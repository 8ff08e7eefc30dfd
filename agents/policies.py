"""An agent's escalation rules: those of the version in force, else those of its file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from agents.models import Agent, PolicyVersion, Run
from agents.results import Caught
from agents.rule_facts import facts_of
from agents.rule_forms import BadRules, parsed
from agents.rule_sentences import Names, sentence
from agents.rules import Facts, Rule, caught
from agents.versions import in_force

FOLDER = Path(__file__).parent
COMPANY = "company"
SETTING = "setting"
CURRENCY = "EUR"

Row = dict[str, Any]


def rules_of(agent: Agent, version: PolicyVersion | None) -> tuple[Rule, ...]:
    """Return the rules of the version, or where there is none those the agent came with.

    Raises BadRules for a version that this release cannot read.
    """
    return _read(json.dumps(version.rules)) if version else default_rules(agent)


def default_rules(agent: Agent) -> tuple[Rule, ...]:
    """Return the rules of the agent's file with what the company says of itself filled in."""
    filled = (_filled(row, agent.company) for row in default_rows(agent.slug))
    return _read(json.dumps([row for row in filled if row is not None]))


@lru_cache(maxsize=64)
def _read(rows: str) -> tuple[Rule, ...]:
    # Every run asks for the same ones.
    return parsed(json.loads(rows))


def caught_by(
    agent: Agent, version: PolicyVersion | None, facts: Facts, categories: Mapping[str, str]
) -> tuple[Caught, ...]:
    """Return the agent's rules that hold, each with its sentence. categories: names by slug."""
    names = Names(categories=categories, queues={})

    def said(rule: Rule) -> str:
        # Where it is handed is seen on the item, and queues have no names in this room.
        return sentence(replace(rule, queue=""), names)

    return caught(rules_of(agent, version), facts, said)


def caught_in_input(run: Run) -> tuple[Caught, ...]:
    """Return the rules that hold for what the customer wrote, of a run that came to nothing."""
    conversation = run.input.content
    if not isinstance(conversation, Mapping) or "messages" not in conversation:
        return ()
    facts = facts_of(conversation, category="", confidence=None)
    policy = in_force(PolicyVersion, run.environment, agent_id=run.agent_id)
    try:
        return caught_by(run.agent, policy, facts, {})
    except BadRules:  # it may be why the run failed
        return ()


def currency_of(agent: Agent) -> str:
    """Return the currency of the company's limits."""
    return str(agent.company.get("currency", CURRENCY))


@cache
def default_rows(slug: str) -> tuple[Row, ...]:
    """Return the rows of an agent's file as they stand there; none where it has no file."""
    file = FOLDER / slug / "policy.yaml"
    if not file.exists():
        return ()
    return tuple(yaml.safe_load(file.read_text(encoding="utf-8")))


def _filled(row: Row, company: Mapping[str, Any]) -> Row | None:
    """Return the row with its values; None where it rests on what the company has not said."""
    when = dict(row.get("when", {}))
    if when.get("confidence_below") == SETTING:
        when["confidence_below"] = float(settings.REVIEW_BELOW_CONFIDENCE)
    if when.get("money_above") == COMPANY:
        if "refund_limit" not in company:
            return None
        currency = str(company.get("currency", CURRENCY))
        when["money_above"] = {"amount": str(company["refund_limit"]), "currency": currency}
    if (hours := when.get("hours")) and hours["week"] == COMPANY:
        if "hours" not in company or "time_zone" not in company:
            return None
        when["hours"] = {**hours, "week": company["hours"], "zone": company["time_zone"]}
    return {**row, "when": when}
