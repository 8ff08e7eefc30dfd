"""What staging differs in from live: tiers and routes, field by field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from agents.models import LIVE, STAGING, Comparison, RouteVersion, TierVersion
from agents.tiers import routes_of
from agents.versions import kind_of
from review.staging.results import summary_line
from review.tiers.changing import Changed, differing
from review.tiers.costs import Estimate, route_estimates, tier_estimate
from review.tiers.words import CHAIN, Difference


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A version that staging has and live has not. comparison: the newest of this candidate.

    gate: what it has found, in one line.
    """

    version: TierVersion | RouteVersion
    live: TierVersion | RouteVersion
    differences: Sequence[Difference]
    comparison: Comparison | None = None
    gate: str = ""

    @property
    def kind(self) -> str:
        """The word that its address has."""
        return kind_of(self.version)

    @property
    def name(self) -> str:
        """What it is, in words."""
        if isinstance(self.version, TierVersion):
            return f"Tier {self.version.tier}"
        return "Routes"

    @property
    def chain(self) -> Sequence[str]:
        """Its models, where they are others than live's."""
        version, live = self.version, self.live
        if isinstance(version, TierVersion) and isinstance(live, TierVersion):
            return version.models if version.models != live.models else []
        return []

    @property
    def others(self) -> Sequence[Difference]:
        """What differs beside the models and where they are."""
        return [one for one in self.differences if not (self.chain and one.name in CHAIN)]

    @property
    def is_outrun(self) -> bool:
        """Whether live has changed since: to promote it would undo that."""
        return self.live.created_at > self.version.created_at


def environments() -> list[str]:
    """Return the environments that can be changed here, the one that counts first."""
    return [LIVE, STAGING] if settings.ENVIRONMENT == LIVE else [settings.ENVIRONMENT]


def staged_changes() -> list[Staged]:
    """Return what staging differs in, tiers first, in at most two queries and one a difference."""
    if STAGING not in environments() or settings.ENVIRONMENT == STAGING:
        return []
    both = {"environment__in": [LIVE, STAGING], "is_live": True}
    versions: list[Changed] = [
        *TierVersion.objects.filter(**both).select_related("created_by").order_by("tier"),
        *RouteVersion.objects.filter(**both).select_related("created_by"),
    ]
    live = {_key(one): one for one in versions if one.environment == LIVE}
    found = []
    for version in versions:
        beside = live.get(_key(version))
        if version.environment != STAGING or beside is None:
            continue
        different = differing(beside, version)
        if different:
            comparison = newest_comparison(version)
            found.append(
                Staged(
                    version=version,
                    live=beside,
                    differences=different,
                    comparison=comparison,
                    gate=summary_line(comparison) if comparison else "",
                )
            )
    return found


def newest_comparison(version: Changed) -> Comparison | None:
    """Return the newest comparison whose candidate has this version in it."""
    return Comparison.objects.filter(versions__contains=[[kind_of(version), version.pk]]).first()


def estimates(staged: Staged, at: datetime) -> Sequence[Estimate]:
    """Return what last week's calls would cost on what staging has."""
    version, live = staged.version, staged.live
    if isinstance(version, TierVersion) and isinstance(live, TierVersion):
        if version.model == live.model:
            return []
        return [tier_estimate(version.tier, live.model, version.model, at)]
    if isinstance(version, RouteVersion) and isinstance(live, RouteVersion):
        return route_estimates(routes_of(live), routes_of(version), live_models(), at)
    return []


def live_models() -> dict[int, str]:
    """Return the model that each tier asks first."""
    here = TierVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=True)
    return dict(here.values_list("tier", "model"))


def _key(version: Changed) -> int:
    return version.tier if isinstance(version, TierVersion) else 0
