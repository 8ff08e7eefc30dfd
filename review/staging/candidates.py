"""What staging differs in for an agent: its candidate, each difference as a person reads it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from agents import runner
from agents.models import (
    LIVE,
    Agent,
    Comparison,
    PolicyVersion,
    PromptVersion,
    RouteVersion,
    TierVersion,
    Version,
)
from agents.prompts import prompt, tasks_of
from agents.tiers import is_embedded
from agents.versions import candidate, in_force, kind_of, named
from review.edits import Comparison as Diff
from review.edits import compare

TIER_WORDS = {
    "model": "model",
    "fallbacks": "fallbacks",
    "endpoints": "endpoints",
    "temperature": "temperature",
    "max_tokens": "longest answer, tokens",
    "timeout_s": "time limit, seconds",
    "retries": "retries",
    "max_concurrent": "calls at a time",
    "budget_run_usd": "budget a run, USD",
    "budget_day_usd": "budget a day, USD",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is another than live. before: empty where live has none."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A version of the candidate beside live's. diff: of a text, from live's to the candidate's.

    url: the page where it is changed.
    """

    title: str
    url: str
    version: Version
    changes: Sequence[Change] = ()
    diff: Diff | None = None
    note: str = ""


def compared_agents() -> list[Agent]:
    """Return the agents that run here, and so can be compared."""
    return list(Agent.objects.filter(slug__in=runner.AGENTS).order_by("pk"))


def candidate_of(agent: Agent) -> list[Version]:
    """Return what staging differs in for this agent: tiers and routes count for every agent."""
    return [
        version
        for version in candidate()
        if getattr(version, "agent_id", agent.pk) == agent.pk and not _is_the_file(version)
    ]


def as_pairs(versions: Sequence[Version]) -> list[list[Any]]:
    """Return the versions as a comparison keeps them: [[kind, id], …]."""
    return [[kind_of(version), version.pk] for version in versions]


def differences(versions: Sequence[Version]) -> list[Difference]:
    """Return each version beside what live has in force now."""
    return [_difference(version) for version in versions]


def differences_of(comparison: Comparison) -> list[Difference]:
    """Return what the comparison's candidate differs in from live as it is now."""
    return differences(named(comparison.versions))


def in_words(versions: Sequence[Version]) -> str:
    """Return the mix in a few words: `tier 2, prompt draft`."""
    return ", ".join(_name(version) for version in versions)


def needs_second(versions: Sequence[Version]) -> bool:
    """Return whether a second person must agree before the mix is live."""
    return any(isinstance(version, PromptVersion | PolicyVersion) for version in versions)


def _difference(version: Version) -> Difference:
    live = in_force(type(version), LIVE, **version.key)
    title, note, diff = _name(version).capitalize(), "", None
    changes: list[Change] = []
    if isinstance(version, PromptVersion):
        before = live.text if isinstance(live, PromptVersion) else _file_of(version)
        diff, note = compare(before, version.text), _deaf(version)
    elif isinstance(version, RouteVersion):
        was = live.routes if isinstance(live, RouteVersion) else settings.TIERS["routes"]
        changes = list(_routes(was, version.routes))
    elif isinstance(version, PolicyVersion):
        changes = list(_rules(live.rules if isinstance(live, PolicyVersion) else [], version.rules))
    else:
        changes = list(_fields(live.content if live else {}, version.content))
    pages = {"tier": "tiers", "routes": "tiers", "prompt": "prompts", "policy": "policies"}
    url = reverse(pages[kind_of(version)])
    return Difference(title=title, url=url, version=version, changes=changes, diff=diff, note=note)


def _name(version: Version) -> str:
    if isinstance(version, TierVersion):
        return f"tier {version.tier}"
    if isinstance(version, PromptVersion):
        return f"prompt {version.task}"
    return "routes" if isinstance(version, RouteVersion) else "escalation policy"


def _file_of(version: PromptVersion) -> str:
    """Return the text of the prompt's file; empty where a task has none."""
    slug = version.agent.slug
    return prompt(slug, version.task).text if version.task in tasks_of(slug) else ""


def _is_the_file(version: Version) -> bool:
    """Return whether the version says what the file says that live runs on."""
    if not isinstance(version, PromptVersion) or in_force(PromptVersion, LIVE, **version.key):
        return False
    return version.text == _file_of(version)


def _deaf(version: PromptVersion) -> str:
    """Return a note where no model of the candidate's reads the prompt."""
    from agents.configuration import configuration  # noqa: PLC0415 - it stands on many tables

    chosen = configuration(version.agent, "staging")
    tier = chosen.routes.get(version.task)
    if tier is None or tier not in chosen.tiers:
        return ""
    if all(map(is_embedded, chosen.tiers[tier].models)):
        return (
            f"The task runs on the embedded model, which reads no prompt: "
            f"nothing of this shows until tier {tier} runs on a connected model."
        )
    return ""


def _routes(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[Change]:
    for task, tier in after.items():
        if before.get(task) != tier:
            was = f"tier {before[task]}" if task in before else ""
            yield Change(what=task, before=was, after=f"tier {tier}")


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name, value in after.items():
        if before.get(name) != value:
            yield Change(
                what=TIER_WORDS.get(name, name),
                before=_said(before.get(name)) if before else "",
                after=_said(value),
            )


def _rules(before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    """Yield the rules that only one of the two has; a change of order alone is said as such."""
    old, new = [[_rule(rule) for rule in rules] for rules in (before, after)]
    for rule in old:
        if rule not in new:
            yield Change(what="rule taken out", before=rule, after="")
    for rule in new:
        if rule not in old:
            yield Change(what="rule added", before="", after=rule)
    if old != new and sorted(old) == sorted(new):
        yield Change(what="order", before=", ".join(old), after=", ".join(new))


def _rule(rule: Any) -> str:
    return (
        json.dumps(rule, ensure_ascii=False, sort_keys=True) if not isinstance(rule, str) else rule
    )


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {where}" for name, where in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "no limit" if value is None else str(value)
