"""What tokens cost: by the price list that comes with litellm, and never for free by mistake."""

from decimal import Decimal

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from agents import llm
from agents.costing import FREE, Prices, Tokens, cost_usd
from agents.price_list import prices_of, unpriced
from review.tiers.costs import estimate
from review.tiers.presets import presets

PRICES = Prices(
    input_usd=Decimal("0.000003"), output_usd=Decimal("0.000015"), cached_usd=Decimal("0.0000003")
)
counts = st.integers(min_value=0, max_value=10**9)


def test_cached_tokens_have_a_price_of_their_own() -> None:
    tokens = Tokens(calls=10, input=1_000_000, cached=400_000, output=100_000)
    assert cost_usd(tokens, PRICES) == Decimal("1.8") + Decimal("0.12") + Decimal("1.5")


@given(counts, counts, counts)
def test_a_cache_never_makes_it_dearer_or_free(given: int, cached: int, answered: int) -> None:
    without = cost_usd(Tokens(input=given, output=answered), PRICES)
    cost = cost_usd(Tokens(input=given, cached=cached, output=answered), PRICES)
    assert min(given, 1) * Decimal("0.0000003") <= cost <= without or cost == without


def test_the_embedded_model_costs_nothing_and_an_unknown_one_is_unpriced() -> None:
    assert prices_of("local/countersign") == FREE
    assert prices_of("openai/nobody-knows-me") is None
    assert unpriced(["local/countersign", "openai/nobody-knows-me"]) == ["openai/nobody-knows-me"]
    (tokens,) = [Tokens(calls=1, input=1000, output=100)]
    assert estimate("x", tokens, "local/countersign", "openai/nobody-knows-me").more_usd is None


def test_the_list_is_the_one_that_calls_are_priced_by() -> None:
    """Read from its file without litellm; what litellm itself would say is the same."""
    for model in {one.tiers[tier]["model"] for one in presets() for tier in (1, 2, 3)}:
        known = llm._prices().get(model) or llm._prices().get(model.partition("/")[2]) or {}
        ours = prices_of(model)
        if model.startswith("local/"):
            continue
        if not known.get("input_cost_per_token"):
            assert ours is None, model
            continue
        assert ours
        assert float(ours.input_usd) == known["input_cost_per_token"], model
        assert float(ours.output_usd) == known["output_cost_per_token"], model
        assert float(ours.cached_usd) == known["cache_read_input_token_cost"], model


def test_more_and_less_are_told_apart() -> None:
    (dear,) = [one.tiers[3]["model"] for one in presets() if one.slug == "openai"]
    (cheap,) = [one.tiers[1]["model"] for one in presets() if one.slug == "openai"]
    tokens = Tokens(calls=5, input=1_000_000, output=1_000_000)
    up, down = estimate("x", tokens, cheap, dear), estimate("x", tokens, dear, cheap)
    assert up.more_usd
    assert up.more_usd > 0
    assert up.less_usd is None
    assert down.less_usd == up.more_usd
    assert estimate("x", tokens, cheap, cheap).more_usd == 0


@pytest.mark.parametrize("slug", ["openai", "anthropic"])
def test_a_preset_with_a_price_has_budgets_that_let_a_call_through(slug: str) -> None:
    """The worst price of one call, of 20,000 tokens in, fits in what a run may cost."""
    preset = next(one for one in presets() if one.slug == slug)
    for tier in (1, 2, 3):
        wanted = preset.settings(tier, preset.tiers[tier]["model"], "", "")
        prices = prices_of(wanted.chain[0].model)
        assert prices, "presets name models that have a price"
        worst = cost_usd(Tokens(input=20_000, output=wanted.max_tokens), prices)
        assert wanted.budget_run_usd
        assert wanted.budget_day_usd
        assert worst <= wanted.budget_run_usd <= wanted.budget_day_usd


@pytest.mark.parametrize("slug", ["ollama", "vllm", "local"])
def test_a_preset_without_a_price_has_no_budget(slug: str) -> None:
    for values in settings.PRESETS[slug]["tiers"].values():
        assert "budget_run_usd" not in values
        assert "budget_day_usd" not in values
