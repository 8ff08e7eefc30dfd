"""The worst price of a call: never less than what it can cost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import llm
from agents.prices import WRAPPING_TOKENS, is_priced, most_input_tokens, worst_usd

ENTRY = {
    "input_cost_per_token": 1e-06,
    "cache_creation_input_token_cost": 1.25e-06,
    "cache_read_input_token_cost": 1e-07,
    "input_cost_per_token_above_200k_tokens": 2e-06,
    "input_cost_per_token_priority": 9e-06,
    "output_cost_per_token": 5e-06,
    "output_cost_per_reasoning_token": 6e-06,
    "output_cost_per_token_batches": 9e-06,
    "output_cost_per_image_token": 9e-05,
    "max_tokens": 8192,
}


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        ((1_000, 0), "0.00125"),
        ((0, 1_000), "0.006"),
        ((200_000, 0), "0.25"),
        ((200_001, 0), "0.400002"),
        ((1, 0), "0.00000125"),
    ],
    ids=["written to a cache", "reasoning", "not long", "long", "one"],
)
def test_it_is_the_dearest_price_that_may_hold(tokens: tuple[int, int], usd: str) -> None:
    assert worst_usd(ENTRY, *tokens) == Decimal(usd)


def test_a_price_a_request_is_added() -> None:
    assert worst_usd({**ENTRY, "input_cost_per_request": 0.01}, 0, 0) == Decimal("0.01")


def test_it_is_rounded_up_and_never_to_nothing() -> None:
    entry = {"input_cost_per_token": 1e-12, "output_cost_per_token": 1e-12}
    assert worst_usd(entry, 1, 1) == Decimal("0.00000001")


@pytest.mark.parametrize(
    ("entry", "priced"),
    [
        (ENTRY, True),
        (None, False),
        ({}, False),
        ({"input_cost_per_token": 1e-6}, False),
        ({"input_cost_per_token": 0, "output_cost_per_token": 0}, False),
    ],
)
def test_a_model_has_a_price_if_both_are_known_and_not_zero(
    entry: dict[str, float] | None, priced: bool
) -> None:
    assert is_priced(entry) is priced


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    """Of the tokenisers at hand, the one that OpenAI's models had last."""
    llm._client()  # it tells litellm to stay local
    import litellm

    counted = litellm.token_counter(model="gpt-4o", text=text)
    assert counted <= most_input_tokens([{"content": text}], {}) - WRAPPING_TOKENS
