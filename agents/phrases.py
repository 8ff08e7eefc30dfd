"""Words and phrases found in what a customer wrote, in any language. Pure.

Case, accents and the kind of apostrophe make no difference. A word of four letters or more takes
the endings of a plural or a case. `*` stands for any ending, `…` for up to four words between.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

GAP = "…"
MOST_SHOWN = 3
LONGEST_SHOWN = 40

_ENDING = r"(?:'?s|es|e|n|en|er|ern)?"
_GAP = r"(?:\W+\w+){0,4}?\W+"
_LONG_WORD = 4


def found(phrases: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return where the phrases stand in the text, as the customer wrote them, each once."""
    matched = [match.span() for match in _pattern(phrases).finditer(folded(text))]
    if not matched:
        return ()
    places = _places(text)
    words = (text[places[start] : places[end]] for start, end in matched)
    return tuple(dict.fromkeys(" ".join(word.split()) for word in words))


def shown(words: Sequence[str]) -> str:
    """Return the first few of them, quoted and shortened, for a person to read."""
    parts = [
        f"“{word if len(word) <= LONGEST_SHOWN else word[: LONGEST_SHOWN - 1].rstrip() + '…'}”"
        for word in words[:MOST_SHOWN]
    ]
    more = len(words) - MOST_SHOWN
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return the text in lower case, without accents."""
    return text.lower() if text.isascii() else "".join(map(_letter, text))


def is_phrase(phrase: str) -> bool:
    """Return whether there is a letter or a digit to look for in it."""
    return bool(re.search(r"\w", folded(phrase)))


@lru_cache(maxsize=65536)
def _letter(letter: str) -> str:
    if letter in "’‘ʼ`´":
        return "'"
    apart = unicodedata.normalize("NFKD", letter.casefold())
    return "".join(part for part in apart if not unicodedata.combining(part))


def _places(text: str) -> list[int]:
    """Return for each place in the folded text, and its end, the place in the text itself."""
    if text.isascii():
        return list(range(len(text) + 1))
    places = [place for place, letter in enumerate(text) for _ in _letter(letter)]
    return [*places, len(text)]


@lru_cache(maxsize=256)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Return one pattern for all of them, those of the same first letter tried together."""
    by_letter: dict[str, list[str]] = {}
    for phrase in sorted(set(map(folded, phrases)), key=len, reverse=True):
        source = _phrase(phrase)
        if source:
            by_letter.setdefault(source[:1] if source[0].isalnum() else "", []).append(source)
    branches = [
        f"{letter}(?:{'|'.join(source[len(letter) :] for source in sources)})"
        for letter, sources in by_letter.items()
    ]
    return re.compile(rf"\b(?:{'|'.join(branches)})(?!\w)" if branches else r"(?!)")


def _phrase(phrase: str) -> str:
    spoken = phrase.replace("...", GAP)
    parts = [_words(part) for part in spoken.split(GAP)]
    return _GAP.join(part for part in parts if part)


def _words(part: str) -> str:
    return r"\W+".join(_word(word) for word in re.findall(r"[\w']+\*?", part) if word.strip("'"))


def _word(word: str) -> str:
    if word.endswith("*"):
        return re.escape(word[:-1]) + r"\w*"
    return re.escape(word) + (_ENDING if len(word) >= _LONG_WORD else "")
