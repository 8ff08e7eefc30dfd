"""What a change would cost: last week's tokens at the new model's prices and at the old one's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from agents.costing import Prices, Tokens, cost_usd
from agents.price_list import prices_of
from agents.tier_use import task_use, tier_use
from agents.tiers import is_embedded

LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Price:
    """What so many tokens cost on a model. usd: None where nobody knows its price.

    a_million: what a million tokens of each kind cost.
    """

    model: str
    usd: Decimal | None
    a_million: Prices | None

    @property
    def is_embedded(self) -> bool:
        """Whether it runs on this machine, and costs nothing."""
        return is_embedded(self.model)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Last week's calls of a tier, or of one task, on the model as it is and on another."""

    what: str
    tokens: Tokens
    now: Price
    then: Price

    @property
    def rows(self) -> Sequence[tuple[str, Price]]:
        """The two prices, named; one where the model stays."""
        both = [("Now", self.now), ("Then", self.then)]
        return both[:1] if self.now.model == self.then.model else both

    @property
    def more_usd(self) -> Decimal | None:
        """How much more a week costs then; negative where it is less, None where nobody knows."""
        if self.now.usd is None or self.then.usd is None:
            return None
        return self.then.usd - self.now.usd

    @property
    def less_usd(self) -> Decimal | None:
        """How much less a week costs then, where it is less."""
        return -self.more_usd if self.more_usd is not None and self.more_usd < 0 else None


def tier_estimate(tier: int, now_model: str, then_model: str, at: datetime) -> Estimate:
    """Return what the tier's calls of the last week cost on the one model and on the other."""
    use = tier_use(at - LOOKED_BACK).get(tier)
    tokens = use.tokens if use else Tokens()
    return estimate(f"tier {tier}", tokens, now_model, then_model)


def route_estimates(
    before: Mapping[str, int], after: Mapping[str, int], models: Mapping[int, str], at: datetime
) -> Sequence[Estimate]:
    """Return, for each task that would move, what its calls of the last week cost on each tier."""
    moved = [task for task in after if before.get(task, after[task]) != after[task]]
    if not moved:
        return []
    used = task_use(at - LOOKED_BACK)
    return [
        estimate(task, used.get(task, Tokens()), models[before[task]], models[after[task]])
        for task in moved
    ]


def estimate(what: str, tokens: Tokens, now_model: str, then_model: str) -> Estimate:
    """Return what so many tokens cost on the one model and on the other."""
    return Estimate(
        what=what, tokens=tokens, now=_price(now_model, tokens), then=_price(then_model, tokens)
    )


def _price(model: str, tokens: Tokens) -> Price:
    prices = prices_of(model)
    if prices is None:
        return Price(model=model, usd=None, a_million=None)
    return Price(model=model, usd=cost_usd(tokens, prices), a_million=prices.times(1_000_000))
