"""What the page on models shows: each tier as it runs now, its use, and how it came there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from agents.calibration import LEAST_LABELS
from agents.connections import TIERS
from agents.models import Calibration, TierVersion
from agents.tier_use import TierUse, tier_use
from agents.tiers import is_embedded, routes
from agents.versions import prompt_in_force

LOOKED_BACK = timedelta(days=7)
SHOWN_VERSIONS = 40
PURPOSES = {
    1: "Many and simple",
    2: "Drafts and synthesis",
    3: "Rare and high stakes",
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """A model in its place in a tier. labels: decided cases of its confidence, where it states one.

    host: where it is asked; empty at its provider's own address.
    """

    model: str
    host: str = ""
    is_embedded: bool = False
    labels: int | None = None
    needed: int = LEAST_LABELS

    @property
    def is_calibrated(self) -> bool:
        """Whether its stated confidence is held against enough labels."""
        return self.labels is not None and self.labels >= self.needed


@dataclass(frozen=True, kw_only=True)
class TierStanding:
    """A tier as it runs now. tasks: what is routed to it."""

    live: TierVersion
    purpose: str
    tasks: Sequence[str]
    ways: Sequence[Way]
    use: TierUse

    @property
    def is_connected(self) -> bool:
        """Whether any of its models is another than the embedded one."""
        return not all(way.is_embedded for way in self.ways)


def tier_standings(now: datetime) -> list[TierStanding]:
    """Return every tier's standing, in six queries."""
    versions = (
        TierVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=True)
        .select_related("created_by")
        .order_by("tier")
    )
    labels = dict(
        Calibration.objects.filter(
            prompt_version=prompt_in_force("triage", "classify", settings.ENVIRONMENT).version
        ).values_list("model", "labels")
    )
    use, routed = tier_use(now - LOOKED_BACK), routes()
    return [
        TierStanding(
            live=version,
            purpose=PURPOSES[version.tier],
            tasks=[task for task, tier in routed.items() if tier == version.tier],
            ways=[
                _way(version, model, labels if version.tier == routed["classify"] else None)
                for model in version.models
            ],
            use=use.get(version.tier, TierUse()),
        )
        for version in versions
    ]


def earlier_versions() -> list[TierVersion]:
    """Return the tiers' versions, newest first."""
    return list(
        TierVersion.objects.filter(environment=settings.ENVIRONMENT, tier__in=TIERS)
        .select_related("created_by")
        .order_by("-created_at", "-pk")[:SHOWN_VERSIONS]
    )


def _way(version: TierVersion, model: str, labels: dict[str, int] | None) -> Way:
    return Way(
        model=model,
        host=urlsplit(version.endpoints.get(model, "")).netloc,
        is_embedded=is_embedded(model),
        labels=labels.get(model, 0) if labels is not None and not is_embedded(model) else None,
    )
