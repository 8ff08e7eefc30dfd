"""What tokens cost at a model's prices. Pure: no table, no database."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a model's tokens cost, in USD each. cached: of the input, those the provider kept."""

    input_usd: Decimal
    output_usd: Decimal
    cached_usd: Decimal

    def times(self, tokens: int) -> "Prices":
        """Return what so many tokens of each kind cost."""
        return Prices(
            input_usd=self.input_usd * tokens,
            output_usd=self.output_usd * tokens,
            cached_usd=self.cached_usd * tokens,
        )


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The calls of a time and their tokens. cached: those of `input` the provider had kept."""

    calls: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            calls=self.calls + other.calls,
            input=self.input + other.input,
            cached=self.cached + other.cached,
            output=self.output + other.output,
        )


FREE = Prices(input_usd=Decimal(0), output_usd=Decimal(0), cached_usd=Decimal(0))


def cost_usd(tokens: Tokens, prices: Prices) -> Decimal:
    """Return what so many tokens cost at these prices; no more is cached than there was input."""
    cached = min(tokens.cached, tokens.input)
    return (
        (tokens.input - cached) * prices.input_usd
        + cached * prices.cached_usd
        + tokens.output * prices.output_usd
    )
