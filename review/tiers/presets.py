"""Presets: a provider's settings for all three tiers at once, from `config/presets.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from agents.connections import PROVIDERS, asked_for
from agents.models.versions import in_six_months
from review.tiers.changing import TierSettings


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A provider's settings. tiers: what each is to be, its model as the file names it."""

    slug: str
    name: str
    says: str
    endpoint: str
    needs_endpoint: bool
    tiers: Mapping[int, Mapping[str, Any]]

    @property
    def takes_key(self) -> bool:
        """Whether a key could be of use to it."""
        prefix = str(self.tiers[1]["model"]).partition("/")[0]
        return any(one.prefix == prefix and one.takes_key for one in PROVIDERS)

    @property
    def takes_endpoint(self) -> bool:
        """Whether it can be at an address of one's own."""
        return bool(self.needs_endpoint or self.endpoint)

    def settings(self, tier: int, model: str, endpoint: str, key: str) -> TierSettings:
        """Return what the tier is to be. Raises CannotConnect with what is wrong with the model."""
        content = self.tiers[tier]
        first = asked_for(
            model,
            endpoint if self.takes_endpoint else "",
            key if self.takes_key else "",
        )
        others = [asked_for(other) for other in content["fallbacks"] if other != first.model]
        return TierSettings(
            chain=(first, *others),
            temperature=float(content["temperature"]),
            max_tokens=content["max_tokens"],
            timeout_s=content["timeout_s"],
            retries=content["retries"],
            max_concurrent=content.get("max_concurrent"),
            budget_run_usd=_usd(content.get("budget_run_usd")),
            budget_day_usd=_usd(content.get("budget_day_usd")),
            look_again_on=in_six_months(),
        )


def presets() -> list[Preset]:
    """Return the presets in the file's order."""
    return [
        Preset(
            slug=slug,
            name=content["name"],
            says=content["says"],
            endpoint=content.get("endpoint", ""),
            needs_endpoint=content.get("needs_endpoint", False),
            tiers={int(tier): values for tier, values in content["tiers"].items()},
        )
        for slug, content in settings.PRESETS.items()
    ]


def _usd(amount: Any) -> Decimal | None:
    return None if amount is None else Decimal(amount)
