"""What a model call may cost at worst, from a model's entry in the price table. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_UP, Decimal
from typing import Any

SMALLEST_USD = Decimal("0.00000001")
# What a provider wraps around the messages and the schema: roles, a tool's frame, its own words.
WRAPPING_TOKENS = 1_000
# Prices that can hold for a call as it is made here: no batch, no priority, no picture.
INPUT = re.compile(
    r"(?:input_cost_per_token|cache_creation_input_token_cost)(?:_above_(\d+)k_tokens)?"
)
OUTPUT = re.compile(r"output_cost_per_(?:reasoning_)?token(?:_above_(\d+)k_tokens)?")


def most_input_tokens(messages: Iterable[Mapping[str, str]], schema: Mapping[str, Any]) -> int:
    """Return more tokens than the call can have: one a byte, the schema counted twice.

    Today's tokenisers make at most one token of a byte, whatever a customer writes. The schema
    stands in the request and, for some endpoints, in words.
    """
    said = sum(len(message["content"].encode()) for message in messages)
    return said + 2 * len(json.dumps(schema).encode()) + WRAPPING_TOKENS


def is_priced(entry: Mapping[str, Any] | None) -> bool:
    """Return whether both prices are known. A price of 0 in the table means that it is not."""
    return bool(entry and entry.get("input_cost_per_token") and entry.get("output_cost_per_token"))


def worst_usd(entry: Mapping[str, Any], input_tokens: int, output_tokens: int) -> Decimal:
    """Return what so many tokens cost at the dearest price that may hold for them, rounded up."""
    worst = (
        _dearest(entry, INPUT, input_tokens) * input_tokens
        + _dearest(entry, OUTPUT, input_tokens) * output_tokens
        + Decimal(str(entry.get("input_cost_per_request") or 0))
    )
    return rounded_up(worst)


def rounded_up(usd: Decimal) -> Decimal:
    """Return the amount as budgets keep it."""
    return usd.quantize(SMALLEST_USD, rounding=ROUND_UP)


def _dearest(entry: Mapping[str, Any], names: re.Pattern[str], input_tokens: int) -> Decimal:
    """Return the highest of the prices; one for long prompts only where it can be that long."""
    prices = [Decimal(0)]
    for name, value in entry.items():
        fits = names.fullmatch(name)
        if fits and value and (fits[1] is None or input_tokens > int(fits[1]) * 1_000):
            prices.append(Decimal(str(value)))
    return max(prices)
