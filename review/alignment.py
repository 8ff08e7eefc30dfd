"""Tokens of a text, and which of them two texts share.

The words of the definition live in `review.edits`; this module is its arithmetic.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import regex
from rapidfuzz.distance import Levenshtein

# The exact method fills (n + 1) x (m + 1) cells: two million are some 1,400 changed tokens on
# each side, 32 MB and a tenth of a second. Replies stay far below.
EXACT_CELLS = 2_000_000
EXACT_TOKENS = 20_000
# Work that rapidfuzz's banded search may do beyond that: tokens times differing tokens.
COARSE_WORK = 2_000_000_000

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
_LETTERS = (
    r"[[\p{L}\p{N}\p{M}\p{Cf}_]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}"
    r"\p{Myanmar}]]"
)
_TOKEN = regex.compile(
    rf"{_UNSPACED}|{_LETTERS}++(?:['‘’]{_LETTERS}++|(?<=\p{{N}})[.,](?=\p{{N}}){_LETTERS}++)*+"
    r"|(?!\s)\X",
    regex.V1,
)
_WORD = regex.compile(r"[\p{L}\p{N}\p{Extended_Pictographic}\p{Regional_Indicator}]")
_UNSEEN = regex.compile(r"[\p{Cf}\p{Variation_Selector}]")
_JOINERS = frozenset("\u200c\u200d")  # they shape Persian and Indic words and join emoji
_STRAIGHT = str.maketrans("‘’‚‛ʼ′“”„‟«»″", '\'\'\'\'\'\'"""""""')

# Within EXACT_CELLS a kept word outweighs all spans, and a span all kept punctuation.
_WORD_KEPT = 1 << 24
_SPAN_OPENED = -(1 << 12)
_PUNCTUATION_KEPT = 1
_UNREACHABLE = -(1 << 40)

Scores = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A text's counted tokens: what each compares as, and where it stands."""

    keys: list[str]
    spans: list[tuple[int, int]]


class Block(NamedTuple):
    """A run of tokens that both texts have: where it starts in each, and its length."""

    draft: int
    sent: int
    size: int


def tokenize(text: str, ranges: Iterable[tuple[int, int]]) -> Tokens:
    """Return the tokens that stand in these ranges of the text."""
    keys: list[str] = []
    spans: list[tuple[int, int]] = []
    for start, end in ranges:
        for match in _TOKEN.finditer(text, start, end):
            if key := _key(match.group()):
                keys.append(key)
                spans.append(match.span())
    return Tokens(keys=keys, spans=spans)


@lru_cache(maxsize=65_536)
def is_word(key: str) -> bool:
    """Return whether a token is a word, a number or an emoji, not punctuation."""
    return _WORD.search(key) is not None


def align(draft: Sequence[str], sent: Sequence[str]) -> list[Block]:
    """Return the shared runs of two token lists, in order, apart and never empty.

    Up to EXACT_CELLS they keep the most words that can be kept and, among all such choices,
    leave the fewest changed spans. Beyond it they are those of least edit distance, and
    nothing is shared once that distance would cost more than COARSE_WORK to find.
    """
    shortest = min(len(draft), len(sent))
    head = next((i for i in range(shortest) if draft[i] != sent[i]), shortest)
    tail = next(
        (i for i in range(shortest - head) if draft[-1 - i] != sent[-1 - i]), shortest - head
    )
    blocks = [Block(0, 0, head)]
    blocks += (
        Block(block.draft + head, block.sent + head, block.size)
        for block in _align_core(draft[head : len(draft) - tail], sent[head : len(sent) - tail])
    )
    blocks.append(Block(len(draft) - tail, len(sent) - tail, tail))
    return _joined(blocks)


def changed_spans(draft: Sequence[str], sent: Sequence[str], blocks: Sequence[Block]) -> int:
    """Return how many spans changed; punctuation alone does not keep two of them apart."""
    count, inside, at = 0, False, (0, 0)
    for block in (*blocks, Block(len(draft), len(sent), 0)):
        if (block.draft, block.sent) != at and not inside:
            count, inside = count + 1, True
        at = (block.draft + block.size, block.sent + block.size)
        if any(is_word(draft[i]) for i in range(block.draft, at[0])):
            inside = False
    return count


@lru_cache(maxsize=65_536)
def _key(token: str) -> str:
    """Return what a token compares as: NFC, straight quotes, nothing unseen."""
    if token.isascii():
        return token
    shown = _UNSEEN.sub(lambda found: found[0] if found[0] in _JOINERS else "", token)
    return unicodedata.normalize("NFC", shown).translate(_STRAIGHT).strip("\u200c\u200d")


def _joined(blocks: Iterable[Block]) -> list[Block]:
    joined: list[Block] = []
    for block in blocks:
        if not block.size:
            continue
        last = joined[-1] if joined else None
        if last and (last.draft + last.size, last.sent + last.size) == block[:2]:
            joined[-1] = last._replace(size=last.size + block.size)
        else:
            joined.append(block)
    return joined


def _align_core(draft: Sequence[str], sent: Sequence[str]) -> list[Block]:
    """Return the shared runs of two lists that share neither start nor end."""
    if not draft or not sent:
        return []
    # One order for both directions, so that draft against sent counts as sent against draft.
    if (len(draft), draft) > (len(sent), sent):
        return [Block(block.sent, block.draft, block.size) for block in _align_core(sent, draft)]
    numbers: dict[str, int] = {}
    rows = [numbers.setdefault(key, len(numbers)) for key in draft]
    columns = [numbers.setdefault(key, len(numbers)) for key in sent]
    cells = (len(rows) + 1) * (len(columns) + 1)
    if cells <= EXACT_CELLS and len(columns) <= EXACT_TOKENS:
        return _exact(rows, columns, [is_word(key) for key in draft])
    return _coarse(rows, columns)


def _coarse(rows: list[int], columns: list[int]) -> list[Block]:
    allowed = COARSE_WORK // len(columns)
    distance = Levenshtein.distance(rows, columns, score_cutoff=allowed)
    if distance > allowed:
        return []
    return [
        Block(step.src_start, step.dest_start, step.src_end - step.src_start)
        for step in Levenshtein.opcodes(rows, columns, score_hint=distance)
        if step.tag == "equal"
    ]


def _exact(rows: list[int], columns: list[int], words: list[bool]) -> list[Block]:
    """Return the shared runs that keep the most words, then leave the fewest changed spans.

    Two scores per pair of prefixes: `shut` where the last step was a shared token outside any
    changed span, `inside` where a span is open. A shared word closes the span; shared
    punctuation stays on the side it is on.
    """
    row, column = np.asarray(rows), np.asarray(columns)
    shape = (len(rows) + 1, len(columns) + 1)
    shut: Scores = np.full(shape, _UNREACHABLE, dtype=np.int64)
    inside: Scores = np.full(shape, _UNREACHABLE, dtype=np.int64)
    shut[0, 0] = 0
    inside[0, 1:] = _SPAN_OPENED
    for i in range(1, len(rows) + 1):
        shared = column == row[i - 1]
        opened = np.maximum(inside[i - 1], shut[i - 1] + _SPAN_OPENED)
        if words[i - 1]:
            kept = np.maximum(shut[i - 1, :-1], inside[i - 1, :-1]) + _WORD_KEPT
            shut[i, 1:] = np.where(shared, kept, _UNREACHABLE)
        else:
            shut[i, 1:] = np.where(shared, shut[i - 1, :-1] + _PUNCTUATION_KEPT, _UNREACHABLE)
            stayed = np.where(shared, inside[i - 1, :-1] + _PUNCTUATION_KEPT, _UNREACHABLE)
            opened[1:] = np.maximum(opened[1:], stayed)
        opened[1:] = np.maximum(opened[1:], shut[i, :-1] + _SPAN_OPENED)
        inside[i] = np.maximum.accumulate(opened)
    return _traced(rows, columns, words, shut, inside)


def _traced(
    rows: list[int], columns: list[int], words: list[bool], shut: Scores, inside: Scores
) -> list[Block]:
    """Return the shared runs along the best path, walked back from its end."""
    i, j = len(rows), len(columns)
    open_span = inside[i, j] > shut[i, j]
    pairs: list[Block] = []
    while i or j:
        score = inside[i, j]
        shared = i > 0 and j > 0 and rows[i - 1] == columns[j - 1] and not words[i - 1]
        if not open_span or (shared and inside[i - 1, j - 1] + _PUNCTUATION_KEPT == score):
            i, j = i - 1, j - 1
            pairs.append(Block(i, j, 1))
            if words[i]:
                open_span = inside[i, j] > shut[i, j]
            continue
        if i and max(inside[i - 1, j], shut[i - 1, j] + _SPAN_OPENED) == score:
            i -= 1
        else:
            j -= 1
        open_span = inside[i, j] == score
    return _joined(reversed(pairs))
