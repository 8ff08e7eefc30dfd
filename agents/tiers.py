"""Which tier a task runs on, and what that tier is made of. Never a model name in code."""

from typing import Any

from django.conf import settings
from django.db import transaction

from agents.models import TierVersion

# The provider that is part of this installation.
LOCAL = "local"


def live_tier(tier: int) -> TierVersion:
    """Return the tier's live version in this environment."""
    return TierVersion.objects.get(environment=settings.ENVIRONMENT, tier=tier, is_live=True)


def is_embedded(model: str) -> bool:
    """Return whether the model runs inside this installation."""
    return model.partition("/")[0] == LOCAL


def tier_of(task: str) -> int:
    """Return the tier that a task type is routed to."""
    return int(settings.TIERS["routes"][task])


@transaction.atomic
def install_tiers(config: dict[str, Any]) -> None:
    """Write each configured tier as live version 1 where the environment has none yet."""
    for tier, values in config["tiers"].items():
        TierVersion.objects.get_or_create(
            environment=settings.ENVIRONMENT,
            tier=int(tier),
            is_live=True,
            defaults={"version": 1, **values},
        )
