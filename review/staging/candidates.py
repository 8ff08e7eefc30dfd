"""What staging differs in for an agent: its candidate, each difference as a person reads it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from agents import runner
from agents.models import (
    LIVE,
    STAGING,
    Agent,
    PolicyVersion,
    PromptVersion,
    RouteVersion,
    TierVersion,
    Version,
)
from agents.policies import rules_of
from agents.prompts import Prompt, prompt, tasks_of
from agents.rule_forms import BadRules
from agents.rule_sentences import Names, sentence
from agents.rule_sentences import differences as rule_differences
from agents.rules import Rule
from agents.tiers import is_embedded
from agents.versions import KINDS, kind_of, mark_of, named
from review.edits import Comparison as Diff
from review.edits import compare
from review.policies.reading import names_of
from review.tiers.words import differences as word_differences
from review.tiers.words import route_facts, tier_facts


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


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The versions in force that concern an agent, in live and in staging, read in four queries."""

    agent: Agent
    live: Sequence[Version]
    staging: Sequence[Version]

    @property
    def candidate(self) -> list[Version]:
        """What staging differs in: its versions whose content is not live's."""
        return [version for version in self.staging if self._says_more(version)]

    @property
    def seen(self) -> list[list[Any]]:
        """The candidate beside live, as a page posts back that showed them: [[kind, id, mark], …].

        mark: of live's version of the same thing.
        """
        return seen_of(self, self.candidate)

    def beside(self, version: Version) -> Version | None:
        """Return live's version of the same thing."""
        same = (one for one in self.live if type(one) is type(version) and one.key == version.key)
        return next(same, None)

    def models_of(self, versions: Sequence[Version]) -> Mapping[str, tuple[int, Sequence[str]]]:
        """Return each task's tier and its models under the mix over live."""
        tiers: dict[int, Sequence[str]] = {}
        routes = dict(settings.TIERS["routes"])
        for one in [*self.live, *versions]:
            if isinstance(one, TierVersion):
                tiers[one.tier] = one.models
            elif isinstance(one, RouteVersion):
                routes |= one.routes
        return {task: (tier, tiers[tier]) for task, tier in routes.items() if tier in tiers}

    def is_as_it_was(self, live: Sequence[Sequence[Any]]) -> bool:
        """Return whether [[kind, id], …] is what is live now: nothing came, nothing went."""
        return sorted(map(list, live)) == sorted(as_pairs(self.live))

    @property
    def live_since(self) -> datetime:
        """When live became what it is. What an installation began with took nothing's place."""
        first = (TierVersion, RouteVersion)
        ages = (
            one.created_at for one in self.live if one.version > 1 or not isinstance(one, first)
        )
        return max(ages, default=datetime.min.replace(tzinfo=UTC))

    @property
    def live_prompts(self) -> list[str]:
        """The versions of the prompts that live works with, edited or the release's files."""
        slug = self.agent.slug
        edited = {one.task: one.text for one in self.live if isinstance(one, PromptVersion)}
        texts = {task: prompt(slug, task).text for task in tasks_of(slug)} | edited
        return [Prompt.edited(slug, task, text).version for task, text in texts.items()]

    def find(self, mix: Sequence[Sequence[Any]]) -> list[Version]:
        """Return the versions that [[kind, id], …] names; those of staging need no query."""
        here = {(kind_of(one), one.pk): one for one in [*self.staging, *self.live]}
        return [here.get((kind, pk)) or named([[kind, pk]])[0] for kind, pk in mix]

    def _says_more(self, version: Version) -> bool:
        live = self.beside(version)
        if live is None and isinstance(version, PromptVersion):
            return version.text != _file_of(version, self.agent)
        return live is None or live.content != version.content


def compared_agents() -> list[Agent]:
    """Return the agents that run here, and so can be compared, in the order they are known."""
    known = list(runner.AGENTS)
    agents = Agent.objects.filter(slug__in=known)
    return sorted(agents, key=lambda agent: known.index(agent.slug))


def ground_of(agent: Agent) -> Ground:
    """Return what the agent stands on: tiers and routes are every agent's."""
    found: list[Version] = []
    for model in KINDS.values():
        mine = {"agent_id": agent.pk} if "agent_id" in model.KEY else {}
        rows = model._default_manager.filter(is_live=True, environment__in=[LIVE, STAGING], **mine)
        found += rows.order_by("pk")
    for one in found:
        if isinstance(one, PromptVersion):
            one.agent = agent
    return Ground(
        agent=agent,
        live=[one for one in found if one.environment == LIVE],
        staging=[one for one in found if one.environment == STAGING],
    )


def candidate_of(agent: Agent) -> list[Version]:
    """Return what staging differs in for this agent."""
    return ground_of(agent).candidate


def as_pairs(versions: Sequence[Version]) -> list[list[Any]]:
    """Return the versions as a comparison keeps them: [[kind, id], …]."""
    return [[kind_of(version), version.pk] for version in versions]


def seen_of(ground: Ground, versions: Sequence[Version]) -> list[list[Any]]:
    """Return the versions, each with what live has of the same thing: [[kind, id, mark], …]."""
    return [[kind_of(one), one.pk, mark_of(one, ground.beside(one))] for one in versions]


def differences(ground: Ground, versions: Sequence[Version]) -> list[Difference]:
    """Return each version beside what live has in force now."""
    return [_difference(ground, version, versions) for version in versions]


def in_words(versions: Sequence[Version]) -> str:
    """Return the mix in a few words: `tier 2, prompt draft`."""
    return ", ".join(_name(version) for version in versions)


def _difference(ground: Ground, version: Version, mix: Sequence[Version]) -> Difference:
    live, diff, note = ground.beside(version), None, ""
    changes: list[Change] = []
    if isinstance(version, PromptVersion):
        file = _file_of(version, ground.agent)
        diff = compare(live.text if isinstance(live, PromptVersion) else file, version.text)
        note = _deaf(*ground.models_of(mix).get(version.task, (0, ())))
    elif isinstance(version, RouteVersion):
        was = live.routes if isinstance(live, RouteVersion) else settings.TIERS["routes"]
        changes = list(_worded(route_facts(was), route_facts(version.routes)))
    elif isinstance(version, PolicyVersion):
        try:
            before = rules_of(ground.agent, live if isinstance(live, PolicyVersion) else None)
            changes = list(_rules(before, rules_of(ground.agent, version), names_of(ground.agent)))
        except BadRules:
            note = "This release cannot read its rules. Put them right on the policy's page."
    else:
        before_it = tier_facts(live.content) if live else {}
        changes = list(_worded(before_it, tier_facts(version.content)))
    pages = {"tier": "tiers", "routes": "tiers", "prompt": "prompts", "policy": "policies"}
    return Difference(
        title=_name(version).capitalize(),
        url=reverse(pages[kind_of(version)]),
        version=version,
        changes=changes,
        diff=diff,
        note=note,
    )


def _name(version: Version) -> str:
    if isinstance(version, TierVersion):
        return f"tier {version.tier}"
    if isinstance(version, PromptVersion):
        return f"prompt {version.task}"
    return "routes" if isinstance(version, RouteVersion) else "escalation policy"


def _file_of(version: PromptVersion, agent: Agent) -> str:
    """Return the text of the prompt's file; empty where a task has none."""
    return prompt(agent.slug, version.task).text if version.task in tasks_of(agent.slug) else ""


def _deaf(tier: int, models: Sequence[str]) -> str:
    """Return a note where no model of the candidate's reads the prompt."""
    if not all(map(is_embedded, models)):
        return ""
    return (
        "The task runs on the embedded model, which reads no prompt: nothing of this shows "
        f"until tier {tier} runs on a connected model."
    )


def _worded(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for one in word_differences(before, after):
        yield Change(what=one.name, before=one.before if before else "", after=one.after)


def _rules(before: Sequence[Rule], after: Sequence[Rule], names: Names) -> Iterator[Change]:
    """Yield the rules that differ; of one that was only moved, its sentence alone."""
    said = {"added": "rule added", "removed": "rule taken out", "changed": "rule changed"}
    for found in rule_differences(before, after):
        if found.change == "moved":
            yield Change(what="rule moved", before="", after=sentence(found.rule, names))
        elif found.change != "same":
            yield Change(
                what=said[found.change],
                before=sentence(found.before, names) if found.before else "",
                after=sentence(found.after, names) if found.after else "",
            )
