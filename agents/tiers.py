"""Which tier a task runs on, and what that tier is made of. Never a model name in code."""

from typing import Any

from django.conf import settings
from django.db import transaction

from agents.models import RouteVersion, TierVersion
from agents.versions import in_force

# The provider that is part of this installation.
LOCAL = "local"


def live_tier(tier: int) -> TierVersion:
    """Return the tier's live version in this environment."""
    return TierVersion.objects.get(environment=settings.ENVIRONMENT, tier=tier, is_live=True)


def is_embedded(model: str) -> bool:
    """Return whether the model runs inside this installation."""
    return model.partition("/")[0] == LOCAL


def routes(environment: str = settings.ENVIRONMENT) -> dict[str, int]:
    """Return the tier of every task type; one that came with a release is as the file says."""
    edited = in_force(RouteVersion, environment)
    return {**settings.TIERS["routes"], **(edited.routes if edited else {})}


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
