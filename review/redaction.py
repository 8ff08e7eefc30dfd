"""Redaction of what must not be stored: card numbers, bank accounts, passwords, keys.

Intake redacts before the first insert, so no table, log or model ever sees the secret. In its
place stands a marker that a person can read: `[payment card removed, ends 1111]`. The last four
digits of a card may be shown (PCI DSS 3.4) and let staff tell two cards apart; of an IBAN the
last two stay, of everything else nothing. All other text is left as it is, byte for byte.

Secrets are looked for in a folded copy of the text: digits of any script as ASCII, spaces,
hyphens and quotes of any kind as the plain ones, invisible characters left out. So `４１１１`
and a number with zero-width spaces inside are found like any other.

A further kind of secret is a further `Rule` in `RULES`.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from review.credential_finders import api_keys, passwords
from review.secret_finders import (
    CARD_MASK,
    MASK,
    Hit,
    card_security_codes,
    ibans,
    payment_cards,
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A kind of secret: its name, as the marker shows it, and what finds it in folded text."""

    name: str
    find: Callable[[str], Iterable[Hit]]


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many secrets of one kind were removed. Never holds any of them."""

    kind: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """A text without its secrets, and what was in it, in the order of the rules."""

    text: str
    found: tuple[Found, ...]


# Where two rules find overlapping places, everything goes and the first names it.
RULES: tuple[Rule, ...] = (
    Rule(name="IBAN", find=ibans),
    Rule(name="payment card", find=payment_cards),
    Rule(name="card security code", find=card_security_codes),
    Rule(name="API key", find=api_keys),
    Rule(name="password", find=passwords),
)

_MARKER = re.compile(
    rf"\[({'|'.join(re.escape(rule.name) for rule in RULES)}) removed(?:, ends [0-9A-Z]{{2,4}})?\]"
)


def redact(text: str) -> Redacted:
    """Return the text with every secret replaced by a readable marker.

    Searches until nothing more is found, since a removal can lay bare another (a security code
    behind its card); each search takes characters away, so it ends. Redacting twice is
    therefore the same as once.
    """
    counts: Counter[str] = Counter()
    while removals := list(_removals(text)):
        counts.update(removal.rule.name for removal in removals)
        text = _without(text, removals)
    found = (Found(kind=rule.name, count=counts[rule.name]) for rule in RULES)
    return Redacted(text=text, found=tuple(item for item in found if item.count))


@dataclass(frozen=True, kw_only=True)
class _Removal:
    start: int
    end: int
    rule: Rule
    ending: str


def _removals(text: str) -> Iterator[_Removal]:
    """Yield what to remove, in order and apart: overlapping finds become one."""
    folded, places = _folded(text)
    hits = sorted(
        (hit, priority) for priority, rule in enumerate(RULES) for hit in rule.find(folded)
    )
    clusters: list[list[tuple[Hit, int]]] = []
    reach = 0
    for hit, priority in hits:
        if hit.start < reach:
            clusters[-1].append((hit, priority))
        else:
            clusters.append([(hit, priority)])
        reach = max(reach, hit.end)
    for cluster in clusters:
        named, priority = min(cluster, key=lambda found: found[1])
        yield _Removal(
            start=places[cluster[0][0].start],
            end=places[max(hit.end for hit, _ in cluster) - 1] + 1,
            rule=RULES[priority],
            ending=named.ending,
        )


def _without(text: str, removals: list[_Removal]) -> str:
    pieces: list[str] = []
    at = 0
    for removal in removals:
        ending = f", ends {removal.ending}" if removal.ending else ""
        pieces += (text[at : removal.start], f"[{removal.rule.name} removed{ending}]")
        at = removal.end
    return "".join((*pieces, text[at:]))


def _folded(text: str) -> tuple[str, range | list[int]]:
    """Return the text as the finders read it, and each of its characters' place in the text."""
    folded = text.translate(_FOLD)
    if len(folded) == len(text):
        places: range | list[int] = range(len(text))
    else:
        places = [i for i, character in enumerate(text) if _FOLD[ord(character)]]
    return _MARKER.sub(_mask, folded), places


def _mask(marker: re.Match[str]) -> str:
    return (CARD_MASK if marker[1] == "payment card" else MASK) * len(marker[0])


class _Fold(dict[int, str]):
    """Each code point's folded form, one character or none; worked out when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = _fold(chr(code))
        return self[code]


def _fold(character: str) -> str:
    if character in "\t\n\r":
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if character in _INVISIBLE:
        return ""
    plain = _PLAIN.get(character, _PLAIN_OF_CATEGORY.get(category))
    compatible = unicodedata.normalize("NFKC", character)
    return plain if plain is not None else compatible if len(compatible) == 1 else character


_INVISIBLE = frozenset("\u034f\u115f\u1160\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_PLAIN_OF_CATEGORY = {
    **dict.fromkeys(("Cc", "Cf", "Me"), ""),
    **dict.fromkeys(("Zl", "Zp"), "\n"),
    "Zs": " ",
    "Pd": "-",
}
_PLAIN = {
    **dict.fromkeys("‘’‚‛", "'"),
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("·‧", "."),
    "−": "-",
}
_FOLD = _Fold()
