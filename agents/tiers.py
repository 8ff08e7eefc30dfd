"""Which tier a task runs on, and what that tier is made of. Never a model name in code."""

from typing import Any

from django.conf import settings
from django.db import transaction

from agents.models import Agent, RouteVersion, TierVersion
from agents.prompts import tasks_of
from agents.versions import in_force

# The provider that is part of this installation.
LOCAL = "local"


def live_tier(tier: int) -> TierVersion:
    """Return the tier's live version in this environment."""
    return TierVersion.objects.get(environment=settings.ENVIRONMENT, tier=tier, is_live=True)


def tier_in_force(tier: int, environment: str) -> TierVersion:
    """Return what the tier is in the environment; in staging, live's where it has none."""
    found = in_force(TierVersion, environment, tier=tier)
    if found is None:  # every tier is installed with a live version
        raise TierVersion.DoesNotExist
    return found


def is_embedded(model: str) -> bool:
    """Return whether the model runs inside this installation."""
    return model.partition("/")[0] == LOCAL


def routes(environment: str = settings.ENVIRONMENT) -> dict[str, int]:
    """Return the tier of every task type; one that came with a release is as the file says."""
    return routes_of(in_force(RouteVersion, environment))


def routes_of(version: RouteVersion | None) -> dict[str, int]:
    """Return what a version routes, and the file's routes of tasks it does not know yet."""
    return {**settings.TIERS["routes"], **(version.routes if version else {})}


def known_tasks() -> list[str]:
    """Return every task type: those with a route of this release, then agents' further ones."""
    routed = list(settings.TIERS["routes"])
    prompted = {task for slug in _agents() for task in tasks_of(slug)}
    return routed + sorted(prompted - set(routed))


def tier_of(task: str) -> int:
    """Return the tier that a task type is routed to."""
    return routes()[task]


@transaction.atomic
def install_tiers(config: dict[str, Any]) -> None:
    """Write each configured tier and the routes as live version 1 where there are none yet."""
    for tier, values in config["tiers"].items():
        TierVersion.objects.get_or_create(
            environment=settings.ENVIRONMENT,
            tier=int(tier),
            is_live=True,
            defaults={"version": 1, **values},
        )
    RouteVersion.objects.get_or_create(
        environment=settings.ENVIRONMENT,
        is_live=True,
        defaults={
            "version": 1,
            "routes": config["routes"],
            "reason": "As the installation came.",
        },
    )


def _agents() -> list[str]:
    return list(Agent.objects.values_list("slug", flat=True))
