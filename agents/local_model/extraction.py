"""Plain facts read off a conversation: language, order numbers, products, urgency. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.local_model.errors import MalformedPattern
from agents.local_model.languages import detect_language
from agents.local_model.urgency import Level, judge_urgency


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product and what else customers call it."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gazetteer:
    """What the company calls things.

    order_number_patterns: regular expressions, matched as whole words whatever the case.
    """

    products: tuple[Product, ...] = ()
    order_number_patterns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What the customer's messages say.

    language: ISO 639-1. order_numbers: as the customer wrote them. products: by their full
    names. Both in the order they are first named. urgency_signs: the customer's words.
    """

    language: str
    order_numbers: tuple[str, ...]
    products: tuple[str, ...]
    urgency: Level
    urgency_signs: tuple[str, ...]


def extract(messages: Sequence[str], gazetteer: Gazetteer) -> Extraction:
    """Return the facts in the customer's messages, oldest first. Raises MalformedPattern."""
    urgency = judge_urgency(messages)
    return Extraction(
        language=detect_language(messages),
        order_numbers=_order_numbers(messages, gazetteer.order_number_patterns),
        products=_products(messages, gazetteer.products),
        urgency=urgency.level,
        urgency_signs=urgency.signs,
    )


def _order_numbers(messages: Sequence[str], patterns: Sequence[str]) -> tuple[str, ...]:
    compiled = [_compiled(pattern) for pattern in patterns]
    named: list[str] = []
    for message in messages:
        matches = [match for pattern in compiled for match in pattern.finditer(message)]
        named += [match.group() for match in sorted(matches, key=re.Match.start)]
    return _distinct(number for number in named if number)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return _whole_words([pattern])
    except re.error as error:
        raise MalformedPattern(f"Order number pattern {pattern!r}: {error}.") from error


def _products(messages: Sequence[str], products: Sequence[Product]) -> tuple[str, ...]:
    """Return the products named; where one name contains another, the longer one counts."""
    names = _product_names(products)
    if not names:
        return ()
    longest_first = sorted(names, key=len, reverse=True)
    pattern = _whole_words([r"\s+".join(map(re.escape, name.split())) for name in longest_first])
    # The expression's idea of "same letter" is a little wider than casefold's: "ı" is its "i".
    return _distinct(
        names[name]
        for message in messages
        for match in pattern.finditer(message)
        if (name := _normal(match.group())) in names
    )


def _product_names(products: Sequence[Product]) -> Mapping[str, str]:
    """Return every name and alias to the product's full name.

    A full name is its own product's. An alias of two products says nothing and is left out.
    """
    meanings: dict[str, set[str]] = {}
    for product in products:
        for alias in product.aliases:
            meanings.setdefault(_normal(alias), set()).add(product.name)
    for product in products:
        meanings[_normal(product.name)] = {product.name}
    return {
        name: next(iter(products_meant))
        for name, products_meant in meanings.items()
        if name and len(products_meant) == 1
    }


def _normal(name: str) -> str:
    return " ".join(name.casefold().split())


def _whole_words(alternatives: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(value.casefold(), value)
    return tuple(first.values())
