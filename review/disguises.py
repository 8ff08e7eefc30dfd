"""What a text hides from the eye: turned reading direction, invisible characters, look-alike
addresses. Pure.

A person decides on what they see; a customer and a model get what is there. Where the two can
differ, the item says so. Ordinary writing is left alone: marks of direction in Hebrew or Arabic,
joiners inside emoji and in scripts that need them, soft hyphens, accents.

- `direction`: an override (U+202D, U+202E) anywhere; an embedding, isolate or mark that turns
  to the right-to-left, in a text without right-to-left letters (Unicode TR36, TR9).
- `invisible`: zero-width characters, fillers, tag characters outside a flag and selectors that
  select nothing. Whole instructions to a model can be written in the last two.
- `control`: C0 and C1 control characters other than tab and line ends.
- `lookalike`: a web or mail address with a label whose letters come from scripts that are not
  written together, or are all Cyrillic or Greek twins of Latin letters (Unicode TR39,
  "highly restrictive"); written out or in its `xn--` form.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import regex

Kind = Literal["direction", "invisible", "control", "lookalike"]


@dataclass(frozen=True, kw_only=True)
class Disguise:
    """A way in which the text differs from what it looks like.

    examples: the characters as `U+202E`, most frequent first, or the addresses in ASCII form.
    """

    kind: Kind
    count: int
    examples: tuple[str, ...]


MOST_EXAMPLES = 3
_SENTENCES: dict[Kind, str] = {
    "lookalike": "Look-alike address in {places}: {examples}.",
    "direction": "Reading direction turned ({examples}) in {places}: "
    "it may not say what it seems to say.",
    "invisible": "Invisible characters, {count} ({examples}), in {places}: "
    "a model reads them, a person cannot.",
    "control": "Control characters, {count} ({examples}), in {places}.",
}
LONGEST_LABEL = 63

_OVERRIDES = "\u202d\u202e"
_RIGHT_TO_LEFT_TURNS = "\u202b\u2067\u200f\u061c"
_DIRECTION = regex.compile(f"[{_OVERRIDES}]")
_DIRECTION_WITHOUT_LETTERS = regex.compile(f"[{_OVERRIDES}{_RIGHT_TO_LEFT_TURNS}]")
_RIGHT_TO_LEFT_LETTER = regex.compile(r"[\p{bc=R}\p{bc=AL}--[\u200f\u061c]]", regex.VERSION1)

# What is read as nothing: but a joiner after a mark, an emoji or a letter of a script with
# joiners, a flag's tags, and a selector after what it can select, are parts of what is seen.
_INVISIBLE = regex.compile(
    r"""
      \U0001F3F4[\U000E0020-\U000E007E]{1,8}\U000E007F (*SKIP)(*FAIL)
    | [\u200B\u2060-\u2064\u206A-\u206F\u180E\u115F\u1160\u3164\uFFA0\U000E0000-\U000E007F]
    | (?<!^)\uFEFF
    | (?<=[\p{scx=Latin}\p{scx=Cyrillic}\p{scx=Greek}\s\p{Nd}\u200C\u200D]|^)[\u200C\u200D]
    | (?<=[\uFE00-\uFE0F\U000E0100-\U000E01EF\s]|^)[\uFE00-\uFE0F\U000E0100-\U000E01EF]
    """,
    regex.VERBOSE,
)
_CONTROL = regex.compile(r"[\p{Cc}--[\t\n\r\f\v\x85]]", regex.VERSION1)

# A label is bounded, so that a long word is passed over in one go.
_LABEL = rf"[\p{{L}}\p{{M}}\p{{N}}](?:[\p{{L}}\p{{M}}\p{{N}}-]{{0,{LONGEST_LABEL}}})"
_DOMAIN = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}\p{{N}}.-])(?:{_LABEL}[.\u3002\uFF0E\uFF61])++{_LABEL}(?![\p{{L}}\p{{N}}])"
)
_SCRIPTS = {
    name: regex.compile(rf"\p{{scx={name}}}")
    for name in ("Latin", "Han", "Hiragana", "Katakana", "Bopomofo", "Hangul")
}
_WRITTEN_TOGETHER = (
    {"Latin", "Han", "Hiragana", "Katakana"},
    {"Latin", "Han", "Bopomofo"},
    {"Latin", "Han", "Hangul"},
)
_COMMON = regex.compile(r"[\p{sc=Common}\p{sc=Inherited}]")
# Letters that browsers refuse to show in a domain made of them alone.
_TWINS = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡ" + "αικνορτυωϲϳ")
_FOREIGN_DOT = regex.compile("[\u3002\uff0e\uff61]")


def disguises(text: str) -> tuple[Disguise, ...]:
    """Return every way in which the text differs from what it looks like, each kind once."""
    found = [_characters("control", _CONTROL, text)]
    if text.isascii():
        found.append(_addresses(text) if "xn--" in text.lower() else None)
    else:
        turned = _DIRECTION if _RIGHT_TO_LEFT_LETTER.search(text) else _DIRECTION_WITHOUT_LETTERS
        found += [
            _characters("direction", turned, text),
            _characters("invisible", _INVISIBLE, text),
            _addresses(text),
        ]
    return tuple(disguise for disguise in found if disguise)


def cautions(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each kind of disguise in the texts. texts: (place, text)."""
    found: dict[Kind, list[tuple[str, Disguise]]] = {}
    for place, text in texts:
        for disguise in disguises(text):
            found.setdefault(disguise.kind, []).append((place, disguise))
    return [_sentence(kind, found[kind]) for kind in _SENTENCES if kind in found]


def without_turns(text: str) -> str:
    """Return the text without the characters that turn the reading direction.

    For a place of one line where nothing else can keep them in, such as a window's title.
    """
    return str(regex.sub(r"[\u202A-\u202E\u2066-\u2069]", "", text))


def _sentence(kind: Kind, found: list[tuple[str, Disguise]]) -> str:
    places = [place for place, _ in found]
    more = len(places) - MOST_EXAMPLES
    examples = dict.fromkeys(example for _, disguise in found for example in disguise.examples)
    return _SENTENCES[kind].format(
        count=sum(disguise.count for _, disguise in found),
        places=", ".join(places[:MOST_EXAMPLES]) + (f" and {more} more" if more > 0 else ""),
        examples=", ".join(list(examples)[:MOST_EXAMPLES]),
    )


def _characters(kind: Kind, pattern: "regex.Pattern[str]", text: str) -> Disguise | None:
    counts = Counter(match[0] for match in pattern.finditer(text))
    if not counts:
        return None
    examples = tuple(f"U+{ord(mark):04X}" for mark, _ in counts.most_common(MOST_EXAMPLES))
    return Disguise(kind=kind, count=counts.total(), examples=examples)


def _addresses(text: str) -> Disguise | None:
    found = list(dict.fromkeys(_lookalikes(text)))
    if not found:
        return None
    return Disguise(kind="lookalike", count=len(found), examples=tuple(found[:MOST_EXAMPLES]))


def _lookalikes(text: str) -> Iterator[str]:
    """Yield the ASCII form of each domain that looks like another."""
    for match in _DOMAIN.finditer(text):
        labels = _FOREIGN_DOT.sub(".", match[0]).split(".")
        if len(labels[-1]) > 1 and any(_is_lookalike(label, labels[-1]) for label in labels):
            yield ".".join(map(_ascii_label, labels))


def _is_lookalike(label: str, top: str) -> bool:
    letters = {letter for letter in _decoded(label).casefold() if letter.isalpha()}
    if any(
        letter > "\x7f" and unicodedata.normalize("NFKC", letter).isascii() for letter in letters
    ):
        return True  # fullwidth and mathematical letters
    written = {letter for letter in letters if not _COMMON.fullmatch(letter)}
    foreign = {letter for letter in written if not _SCRIPTS["Latin"].fullmatch(letter)}
    if foreign == written:
        return bool(foreign) and foreign <= _TWINS and top.isascii()
    return bool(foreign) and not any(
        all(any(_SCRIPTS[name].fullmatch(letter) for name in scripts) for letter in written)
        for scripts in _WRITTEN_TOGETHER
    )


def _decoded(label: str) -> str:
    if not label.lower().startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label.lower()
    return "xn--" + label.lower().encode("punycode").decode("ascii")
