"""What a comparison will cost, before it is started."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from agents.costing import Prices
from agents.models import LIVE, Agent, TierVersion
from agents.versions import change
from review.staging.candidates import candidate_of, ground_of
from review.staging.estimates import estimate
from review.staging.page import cost_in_words
from tests.provider import Provider
from tests.review.staging.seeding import (
    MODEL,
    live_item,
    stage_prompt,
    stage_tier,
)

pytestmark = pytest.mark.django_db


def test_a_candidate_of_the_embedded_model_is_free_and_another_is_not(
    agent: Agent, ada: User
) -> None:
    stage_prompt(agent, "Be short.")
    assert estimate(ground_of(agent), candidate_of(agent)).is_free
    stage_tier()
    cost = estimate(ground_of(agent), candidate_of(agent))
    assert (cost.is_free, cost.usd_per_run) == (False, None)


def test_an_unknown_price_is_unpriced_and_a_known_one_is_added_up(
    agent: Agent,
    ada: User,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live_item()
    stage_tier()
    found = estimate(ground_of(agent), candidate_of(agent))
    assert found.unpriced == [MODEL, "openai/test-model"]
    price = Prices(
        input_usd=Decimal("0.001"), output_usd=Decimal("0.01"), cached_usd=Decimal("0.001")
    )
    monkeypatch.setattr("review.staging.estimates.prices_of", lambda model: price)
    found = estimate(ground_of(agent), candidate_of(agent))
    assert found.usd_per_run == 3 * (120 * price.input_usd + 30 * price.output_usd)
    assert found.for_runs(10) == 10 * found.usd_per_run
    assert found.runs_seen == 1
    assert found.uncounted == ["plan", "redraft"], "nothing tells what those take"
    said = cost_in_words(found, 10)
    assert said.endswith("No calls last week, so not counted: plan, redraft.")
    embedded = {"model": "local/countersign", "fallbacks": [], "endpoints": {}}
    change(TierVersion, LIVE, {"tier": 3}, lambda _: embedded, reason="x", by=None)
    found = estimate(ground_of(agent), candidate_of(agent))
    assert found.uncounted == ["redraft"], "the embedded model's plans cost nothing"
