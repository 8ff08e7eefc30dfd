"""Amounts of money as customers write them. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MOST_AMOUNTS = 50
SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
# A word of a currency → its code; "kr" may be any of three crowns and stays what was written.
WORDS = {
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "gbp": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "quid": "GBP",
    "pfund": "GBP",
    "usd": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "chf": "CHF",
    "francs": "CHF",
    "franken": "CHF",
    "fr": "CHF",
    "sfr": "CHF",
    "nok": "NOK",
    "sek": "SEK",
    "dkk": "DKK",
    "pln": "PLN",
    "czk": "CZK",
    "kr": "KR",
    "kroner": "KR",
    "kronor": "KR",
}
SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}

_NUMBER = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
_CURRENCY = rf"[€£$¥]|\b(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})\b\.?"
_AMOUNT = re.compile(
    rf"(?P<before>{_CURRENCY})\s?(?P<figure>{_NUMBER})(?![\d])"
    rf"|(?<![\d.,])(?P<number>{_NUMBER})(?:,-|,–)?\s?(?P<after>{_CURRENCY})",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount. currency: its code, or `KR` for a crown of an unknown country."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        figure = f"{self.amount:,.2f}".removesuffix(".00")
        sign = SIGNS.get(self.currency)
        return f"{sign}{figure}" if sign else f"{figure} {self.currency}"


def amounts(text: str) -> tuple[Money, ...]:
    """Return the amounts of money that the text names, in order, each once."""
    found = dict.fromkeys(_amounts(text))
    return tuple(found)[:MOST_AMOUNTS]


def _amounts(text: str) -> Iterator[Money]:
    for match in _AMOUNT.finditer(text):
        word = (match["before"] or match["after"]).lower().rstrip(".")
        yield Money(
            amount=_figure(match["figure"] or match["number"]),
            currency=SYMBOLS.get(word) or WORDS[word],
        )


def _figure(written: str) -> Decimal:
    """Return the number: what separates its last one or two digits is the decimal point."""
    cents = re.search(r"[.,](\d{1,2})$", written)
    whole = re.sub(r"\D", "", written[: cents.start()] if cents else written)
    return Decimal(f"{whole}.{cents[1] if cents else '0'}")
