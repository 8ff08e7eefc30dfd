"""What one run works with: the versions in force in its environment, read once.

A run of a comparison takes the comparison's own versions, so that a change of staging in its midst
does not mix two candidates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from agents.guardrails.waivers import waived
from agents.models import (
    LIVE,
    STAGING,
    Agent,
    PolicyVersion,
    PromptVersion,
    RouteVersion,
    Run,
    TierVersion,
    Version,
)
from agents.prompts import Prompt, prompt
from agents.versions import named


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
    here = {"environment__in": _environments(environment, chosen), "is_live": True}
    tiers = _overlaid(TierVersion.objects.filter(**here), environment, chosen, "tier")
    prompts = _overlaid(
        PromptVersion.objects.filter(agent=agent, **here), environment, chosen, "task", agent
    )
    policies = _overlaid(
        PolicyVersion.objects.filter(agent=agent, **here), environment, chosen, "agent_id", agent
    )
    routes = _overlaid(RouteVersion.objects.filter(**here), environment, chosen, None)
    return Configuration(
        agent=agent.slug,
        environment=environment,
        tiers=tiers,
        # A task that came with a release is routed by the file until somebody says otherwise.
        routes={**settings.TIERS["routes"], **(routes[None].routes if None in routes else {})},
        prompts=prompts,
        policy=policies.get(agent.pk),
        waived=waived(agent.pk, timezone.now()),
    )


def _environments(environment: str, chosen: Sequence[Version]) -> list[str]:
    """Return where to look. Staging stands on live; a comparison's mix stands on live alone."""
    if environment != STAGING:
        return [environment]
    return [LIVE] if chosen else [LIVE, STAGING]


def _overlaid(
    rows: Any,
    environment: str,
    chosen: Sequence[Version],
    key: str | None,
    agent: Agent | None = None,
) -> dict[Any, Any]:
    """Return the rows by their key: live's, over them the environment's, over them the chosen."""
    model = rows.model
    found = sorted(rows, key=lambda version: version.environment == environment)
    mine = [one for one in chosen if isinstance(one, model)]
    if agent is not None:
        mine = [one for one in mine if getattr(one, "agent_id", None) == agent.pk]
    return {getattr(one, key) if key else None: one for one in [*found, *mine]}
