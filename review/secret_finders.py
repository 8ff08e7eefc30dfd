"""Finders of secrets in a text: each yields where one stands and what staff may still see of it.

A finder gets folded text (`review.redaction`): plain ASCII digits, spaces, hyphens and quotes,
no invisible characters. Where a secret was removed before there stands MASK or CARD_MASK, which
no finder takes for text of a customer's. Every pattern is anchored or bounded, so that hostile
text costs time in proportion to its length.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from stdnum import ean, iban, luhn, numdb
from stdnum.iso7064 import mod_97_10

MASK = "\x00"
CARD_MASK = "\x01"


class Hit(NamedTuple):
    """A secret's place in the folded text, and the last characters that may stay."""

    start: int
    end: int
    ending: str = ""


class _Group(NamedTuple):
    """A run of digits and what stands between it and the one before."""

    start: int
    end: int
    digits: str
    separator: str


# First digits of a payment card, from-to, and how many digits such a card has.
_CARD_BRANDS: tuple[tuple[str, str, range | tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14,)),  # Diners Club
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("3528", "3589", range(16, 20)),  # JCB
    ("60", "60", range(16, 20)),  # Discover, RuPay, Hipercard
    ("644", "659", range(16, 20)),
    ("62", "62", range(16, 20)),  # UnionPay
    ("81", "82", range(16, 20)),
    ("2200", "2204", range(16, 20)),  # Mir
    ("5018", "5020", range(13, 20)),  # Maestro, Dankort
    ("5038", "5038", range(13, 20)),
    ("506", "508", range(16, 20)),  # Elo, Verve, RuPay
    ("56", "58", range(13, 20)),
    ("6304", "6304", range(13, 20)),
    ("6362", "6363", (16,)),
    ("67", "67", range(13, 20)),
    ("9792", "9792", (16,)),  # Troy
)
_MAX_CARD_DIGITS = 19
_MAX_PHONE_DIGITS = 15  # E.164, without the international prefix

_DIGIT_RUN = re.compile(r"\d+(?:(?:[ \t.\-]{1,3}|[ \t]?\r?\n)\d+)*")
_DIGIT_GROUP = re.compile(r"([^\d]*)(\d+)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def payment_cards(text: str) -> Iterator[Hit]:
    """Yield card numbers: a known brand's digits and length, a plausible grouping, Luhn."""
    text = _UUID.sub(lambda found: "x" * len(found[0]), text)
    for run in _DIGIT_RUN.finditer(text):
        if _is_phone(text, run):
            continue
        groups = [
            _Group(run.start() + found.start(2), run.start() + found.end(2), found[2], found[1])
            for found in _DIGIT_GROUP.finditer(run[0])
        ]
        yield from _cards_among(text, groups)


def _is_phone(text: str, run: re.Match[str]) -> bool:
    digits = sum(character.isdigit() for character in run[0][: 4 * _MAX_CARD_DIGITS])
    if run.start() and text[run.start() - 1] == "+":
        return digits <= _MAX_PHONE_DIGITS
    return run[0].startswith("00") and digits <= _MAX_PHONE_DIGITS + 2


def _cards_among(text: str, groups: list[_Group]) -> Iterator[Hit]:
    first = 0
    while first < len(groups):
        after = _card_end(text, groups, first)
        if after:
            start, end = groups[first].start, groups[after - 1].end
            digits = "".join(group.digits for group in groups[first:after])
            yield Hit(start, end, digits[-4:])
        first = after or first + 1


def _card_end(text: str, groups: list[_Group], first: int) -> int:
    """Return the index after the longest card that starts at this group; 0 for none."""
    found, digits = 0, ""
    if len(groups[first].digits) <= 2 and (first or len(groups) > _MAX_CARD_DIGITS):
        return 0
    for after in range(first + 1, len(groups) + 1):
        digits += groups[after - 1].digits
        if len(digits) > _MAX_CARD_DIGITS:
            break
        if _is_card(digits) and _is_card_shape(text, groups, first, after):
            found = after
    return found


def _is_card(digits: str) -> bool:
    return (
        any(
            len(digits) in lengths and low <= digits[: len(low)] <= high
            for low, high, lengths in _CARD_BRANDS
        )
        and luhn.is_valid(digits)
        # Thirteen digits that start with 4 are mostly the bar code of a German product.
        and not (len(digits) == 13 and ean.is_valid(digits))
    )


def _is_card_shape(text: str, groups: list[_Group], first: int, after: int) -> bool:
    """Return whether a person would write a card so, and not two order numbers or a fraction."""
    window = groups[first:after]
    if len(window) == 1:
        return not (first and window[0].separator == ".")
    start, end = window[0].start, window[-1].end
    if text[max(0, start - 1) : start].isalpha() or text[end : end + 1].isalpha():
        return False
    separators = {group.separator.strip(" \t") or " " for group in window[1:]}
    sizes = [len(group.digits) for group in window]
    if sum("\n" in group.separator for group in window[1:]) > 1:
        return False
    if sizes[0] <= 2:
        return after == len(groups) and len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    if separators == {"-"}:
        return min(sizes[:-1]) >= 4
    return sizes in ([4, 6, 4], [4, 6, 5], [4, 8, 4], [4, 4, 8], [8, 4, 4]) or (
        set(sizes[:-1]) == {4} and sizes[-1] <= 4
    )


_IBAN = re.compile(
    r"(?<![A-Za-z0-9])(?=([A-Za-z]{2}\d\d(?:[\s.\-]{0,2}[A-Za-z0-9]){11,30}))", re.ASCII
)
_NOT_IN_IBAN = re.compile(r"[^A-Za-z0-9]+")


def ibans(text: str) -> Iterator[Hit]:
    """Yield international bank account numbers with their country's length and a right checksum."""
    for found in _IBAN.finditer(text):
        size = _iban_size(found[1][:2].upper())
        if not size:
            continue
        written = _leading_characters(found[1], size)
        compact = _NOT_IN_IBAN.sub("", written).upper()
        if mod_97_10.is_valid(compact[4:] + compact[:4]) and iban.is_valid(
            compact, check_country=False
        ):
            yield Hit(found.start(), found.start() + len(written), compact[-2:])


@cache
def _iban_size(country: str) -> int:
    """Return how many characters this country's IBANs have; 0 where there are none."""
    structure = numdb.get("iban").info(country)[0][1].get("bban", "")
    sizes = [int(size) for size in re.findall(r"\d+", structure)]
    return 4 + sum(sizes) if sizes else 0


def _leading_characters(text: str, count: int) -> str:
    """Return the start of the text that holds this many letters and digits."""
    for end, character in enumerate(text, start=1):
        count -= character.isalnum()
        if not count:
            return text[:end]
    return text


_CODE_WORD = (
    r"(?:cv[vcn]2?|csc|(?:card )?security code|card verification (?:code|number|value)"
    r"|(?:karten)?pr[üu]f(?:nummer|ziffer)|sicherheitscode|cryptogramme(?: visuel)?"
    r"|code de s[ée]curit[ée]|c[óo]digo de seguridad|beveiligingscode|veiligheidscode"
    r"|(?<!first )(?<!last )(?:three|3)[ -]digits?(?: on the back)?)"
)
_CODE = re.compile(
    rf"(?<![A-Za-z0-9]){_CODE_WORD}(?:[ -]?(?:code|number|nummer|no\.?|nr\.?))?"
    r"[\s:=#\"'(]{0,4}(?:(?:is|are|was|ist|lautet|est|es)[\s:]{1,3})?(\d(?:[ -]?\d){2,3})(?![\d-])"
    rf"|(?<![\d.,-])(\d{{3,4}})\s{{0,2}}\(\s?(?:the |my )?{_CODE_WORD}\s?\)"
    rf"|{CARD_MASK}[\s,;|]{{1,3}}(?:exp[a-z.]{{0,9}}[\s:]{{0,2}})?\d\d\s?[/-]\s?\d{{2,4}}"
    r"[\s,;|]{1,3}(\d{3,4})(?!\d)"
    r"|(?<![A-Za-z0-9])pin(?:[ -]?code)?\s?(?::|=|is|ist|lautet)\s{0,3}(\d{4})(?![\d-])",
    re.IGNORECASE,
)


def card_security_codes(text: str) -> Iterator[Hit]:
    """Yield codes and PINs beside a word for them, or behind a removed card and its expiry."""
    for found in _CODE.finditer(text):
        yield Hit(*found.span(found.lastindex or 0))
