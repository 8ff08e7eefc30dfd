"""A model to put on tiers, and what a tier's form posts."""

import pytest

from agents import keys
from agents.tiers import live_tier
from tests.peers import HttpPeer
from tests.provider import KEY


@pytest.fixture
def known_key(no_keys: None, endpoint: HttpPeer) -> str:
    """The endpoint's base URL, its key kept."""
    base = f"{endpoint.url}/v1"
    keys.keep_key(base, KEY)
    return base


def fields_of(tier: int, **changes: object) -> dict[str, object]:
    """What the form of a tier posts when nothing but a reason was typed."""
    live = live_tier(tier)
    return {
        "model": live.models,
        "endpoint": [live.endpoints.get(model, "") for model in live.models],
        "key": ["" for _ in live.models],
        "temperature": "0.2",
        "max_tokens": str(live.max_tokens),
        "timeout_s": str(live.timeout_s),
        "retries": "1",
        "max_concurrent": "",
        "budget_run_usd": "",
        "budget_day_usd": "",
        "look_again_on": "",
        "reason": "To see.",
        "based_on": str(live.pk),
        **changes,
    }
