"""What the page on models shows: each tier and route as it runs now, its use, and who minds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from agents.calibration import LEAST_LABELS
from agents.costing import Tokens
from agents.models import Calibration, RouteVersion, TierVersion
from agents.tier_use import TierUse, spent_on, task_use, tier_use
from agents.tiers import is_embedded, known_tasks, routes_of
from agents.versions import prompt_in_force
from review.overview.words import percent
from review.tiers.costs import LOOKED_BACK
from review.tiers.staged import Staged
from review.tiers.warnings import warnings_of
from review.tiers.words import HELD, PURPOSES, limits_in_words, task_in_words, usd


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
    """A tier as it runs now. previous: the version before. tasks: what is routed to it.

    spent_usd: of the day's budget.
    """

    live: TierVersion
    previous: TierVersion | None
    purpose: str
    tasks: Sequence[str]
    ways: Sequence[Way]
    use: TierUse
    spent_usd: Decimal
    warnings: Sequence[str]
    is_overdue: bool
    staged: Staged | None

    @property
    def is_connected(self) -> bool:
        """Whether any of its models is another than the embedded one."""
        return not all(way.is_embedded for way in self.ways)

    @property
    def limits(self) -> str:
        """Its limits and its budget, in words."""
        return limits_in_words(self.live.content)

    @property
    def day_budget(self) -> str:
        """What it may cost a day, in words."""
        return usd(self.live.budget_day_usd)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left of the day's budget."""
        budget = self.live.budget_day_usd
        return budget is not None and self.spent_usd >= budget


@dataclass(frozen=True, kw_only=True)
class TaskStanding:
    """A task and the tier it runs on. staged: the one that staging has it on, if another."""

    task: str
    says: str
    tier: int | None
    staged: int | None
    is_held: bool
    tokens: Tokens


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Tier 3's share of all calls and of all that was paid, in the last week.

    unpriced: how many of all calls have no known price.
    """

    calls: int
    of_calls: int
    cost_usd: Decimal
    of_cost_usd: Decimal
    unpriced: int

    @property
    def calls_share(self) -> str:
        """Its share of the calls, in percent."""
        return percent(self.calls / self.of_calls) if self.of_calls else ""

    @property
    def cost_share(self) -> str:
        """Its share of what was paid, in percent."""
        return percent(float(self.cost_usd / self.of_cost_usd)) if self.of_cost_usd else ""


def tier_standings(
    now: datetime, routed: Mapping[str, int], staged: Sequence[Staged] = ()
) -> list[TierStanding]:
    """Return every tier's standing, in six queries. routed: each task's tier."""
    versions = (
        TierVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=True)
        .select_related("created_by", "came_from")
        .order_by("tier")
    )
    today = timezone.localdate(now)
    labels, use = _labels(), tier_use(now - LOOKED_BACK)
    spent, previous = spent_on(today), _previous()
    return [
        TierStanding(
            live=version,
            previous=previous.get(version.tier),
            purpose=PURPOSES[version.tier],
            tasks=[task for task, tier in routed.items() if tier == version.tier],
            ways=[
                _way(version, model, labels if version.tier == routed.get("classify") else None)
                for model in version.models
            ],
            use=use.get(version.tier, TierUse()),
            spent_usd=spent.get(version.tier, Decimal(0)),
            warnings=warnings_of(version, today),
            is_overdue=version.look_again_on < today,
            staged=next((one for one in staged if one.name == f"Tier {version.tier}"), None),
        )
        for version in versions
    ]


def task_standings(
    now: datetime, routed: Mapping[str, int], staged: Sequence[Staged] = ()
) -> list[TaskStanding]:
    """Return every task with its tier and last week's use, in two queries."""
    used = task_use(now - LOOKED_BACK)
    ahead = next((one.version for one in staged if isinstance(one.version, RouteVersion)), None)
    there = routes_of(ahead) if ahead else routed
    return [
        TaskStanding(
            task=task,
            says=task_in_words(task),
            tier=routed.get(task),
            staged=there.get(task) if there.get(task) != routed.get(task) else None,
            is_held=task in HELD,
            tokens=used.get(task, Tokens()),
        )
        for task in known_tasks()
    ]


def tier_three_shares(tiers: Sequence[TierStanding]) -> Shares:
    """Return how much of all calls, and of all that was paid, is tier 3's."""
    third = next((one.use for one in tiers if one.live.tier == 3), TierUse())
    return Shares(
        calls=third.calls,
        of_calls=sum(one.use.calls for one in tiers),
        cost_usd=third.cost_usd,
        of_cost_usd=sum((one.use.cost_usd for one in tiers), Decimal(0)),
        unpriced=sum(one.use.unpriced for one in tiers),
    )


def routes_in_force() -> RouteVersion | None:
    """Return the version of the routes that counts here."""
    here = RouteVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=True)
    return here.select_related("created_by", "came_from").first()


def previous_routes() -> RouteVersion | None:
    """Return the routes' version before the one that counts here."""
    here = RouteVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=False)
    return here.order_by("-version").first()


def _previous() -> dict[int, TierVersion]:
    here = TierVersion.objects.filter(environment=settings.ENVIRONMENT, is_live=False)
    return {one.tier: one for one in here.order_by("tier", "-version").distinct("tier")}


def _labels() -> dict[str, int]:
    version = prompt_in_force("triage", "classify", settings.ENVIRONMENT).version
    return dict(Calibration.objects.filter(prompt_version=version).values_list("model", "labels"))


def _way(version: TierVersion, model: str, labels: dict[str, int] | None) -> Way:
    return Way(
        model=model,
        host=urlsplit(version.endpoints.get(model, "")).netloc,
        is_embedded=is_embedded(model),
        labels=labels.get(model, 0) if labels is not None and not is_embedded(model) else None,
    )
