"""What one run works with: the versions in force in its environment, read once.

A run of a comparison takes the comparison's own versions, so that a change of staging in its midst
does not mix two candidates.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from agents.guardrails.waivers import said
from agents.models import (
    LIVE,
    STAGING,
    Agent,
    PolicyVersion,
    PromptVersion,
    Run,
    TierVersion,
    Version,
)
from agents.prompts import Prompt, prompt
from agents.versions import KINDS, named
from observability.rows import ask

IN_FORCE = """
SELECT 'tier', to_jsonb(v) FROM agents_tierversion v
    WHERE v.is_live AND v.environment = ANY(%(environments)s)
UNION ALL SELECT 'routes', to_jsonb(v) FROM agents_routeversion v
    WHERE v.is_live AND v.environment = ANY(%(environments)s)
UNION ALL SELECT 'prompt', to_jsonb(v) FROM agents_promptversion v
    WHERE v.is_live AND v.environment = ANY(%(environments)s) AND v.agent_id = %(agent)s
UNION ALL SELECT 'policy', to_jsonb(v) FROM agents_policyversion v
    WHERE v.is_live AND v.environment = ANY(%(environments)s) AND v.agent_id = %(agent)s
UNION ALL SELECT 'waiver', to_jsonb(w) FROM agents_waiver w
    WHERE w.starts_at <= %(now)s AND w.ends_at > %(now)s AND w.ended_at IS NULL
        AND (w.agent_id = %(agent)s OR w.agent_id IS NULL)
"""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The versions a run works with.

    waived: guardrails that are switched off for now, each with what is said of it in a result.
    """

    agent: str
    environment: str
    tiers: Mapping[int, TierVersion]
    routes: Mapping[str, int]
    prompts: Mapping[str, PromptVersion]
    policy: PolicyVersion | None
    waived: Mapping[str, str]

    def tier_for(self, task: str) -> TierVersion:
        """Return what the task runs on."""
        return self.tiers[self.routes[task]]

    def prompt_for(self, task: str) -> Prompt:
        """Return the task's prompt: the edited version in force, else the file."""
        edited = self.prompts.get(task)
        return Prompt.edited(self.agent, task, edited.text) if edited else prompt(self.agent, task)


def configuration_of(run: Run) -> Configuration:
    """Return what the run works with."""
    chosen = named(run.comparison.versions) if run.comparison else ()
    return configuration(run.agent, run.environment, chosen)


def configuration(agent: Agent, environment: str, chosen: Sequence[Version] = ()) -> Configuration:
    """Return the versions in force in the environment, those chosen in their place."""
    found: dict[str, list[Any]] = {kind: [] for kind in (*KINDS, "waiver")}
    values = {
        "environments": _environments(environment, chosen),
        "agent": agent.pk,
        "now": timezone.now(),
    }
    for kind, row in ask(IN_FORCE, values):
        found[kind].append(json.loads(row))
    versions = {
        kind: _overlaid(model, found[kind], environment, chosen, agent)
        for kind, model in KINDS.items()
    }
    routes = next(iter(versions["routes"]), None)
    return Configuration(
        agent=agent.slug,
        environment=environment,
        tiers={version.tier: version for version in versions["tier"]},
        # A task that came with a release is routed by the file until somebody says otherwise.
        routes={**settings.TIERS["routes"], **(routes.routes if routes else {})},
        prompts={version.task: version for version in versions["prompt"]},
        policy=next(iter(versions["policy"]), None),
        waived=_waived(found["waiver"]),
    )


def _waived(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what is said of each guardrail that is off: by the waiver that ends last."""
    ends = {row["id"]: datetime.fromisoformat(row["ends_at"]) for row in rows}
    return {
        row["guardrail"]: said(ends[row["id"]], row["reason"])
        for row in sorted(rows, key=lambda row: ends[row["id"]])
    }


def _environments(environment: str, chosen: Sequence[Version]) -> list[str]:
    """Return where to look. Staging stands on live; a comparison's mix stands on live alone."""
    if environment != STAGING:
        return [environment]
    return [LIVE] if chosen else [LIVE, STAGING]


def _overlaid(
    model: type[Version],
    rows: Sequence[Mapping[str, Any]],
    environment: str,
    chosen: Sequence[Version],
    agent: Agent,
) -> list[Any]:
    """Return one version of each thing: live's, over it the environment's and the chosen."""
    found = sorted(map(partial(_version, model), rows), key=lambda v: v.environment == environment)
    mine = [
        one
        for one in chosen
        if isinstance(one, model) and getattr(one, "agent_id", agent.pk) == agent.pk
    ]
    return list({tuple(one.key.values()): one for one in [*found, *mine]}.values())


def _version(model: type[Version], row: Mapping[str, Any]) -> Version:
    """Return the version from its row as JSON."""
    version = model(
        **{
            field.attname: field.to_python(row[str(field.column)])
            for field in model._meta.concrete_fields
        }
    )
    version._state.adding = False
    return version
