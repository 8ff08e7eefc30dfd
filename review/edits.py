"""The edit counter: how far the text that was sent is from the draft that was proposed.

**What is compared.** Both texts lose their quoted mail and signatures (`review.quoting` defines
both). What is left is cut into tokens:
- a word is a run of letters, digits and marks; an apostrophe between letters belongs to it
  ("don't"), and so does a point or comma between digits ("49.90");
- scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) count each
  character, with its marks, as a word;
- an emoji is one word, however many code points make it;
- every other visible character is a punctuation token of its own.
Whitespace and line breaks are no tokens. Two tokens are the same when they are equal after
Unicode composition (NFC), with straight quotes for typographic ones, and without invisible
characters (soft hyphens, zero-width spaces, direction marks, emoji presentation). Case counts.

**What stays.** Tokens are matched in order so that as many words of the draft as possible
stay and, among all such matchings, the changed spans are fewest.

**An edit operation** is one changed span: a run of tokens removed, inserted, or replaced by
others at one place. Changed punctuation counts, but unchanged punctuation alone does not part
two spans: with "Dear Ann, thanks" sent as "Hello Bob, welcome", one span changed.

**Words kept** is the share of the draft's words that stay, in [0, 1]. A draft without words
keeps 0.0: there was nothing to keep, so a reply written from an empty draft is no success.

**A draft succeeds** when it is sent with fewer than 3 operations and at least half its words.

The count is the same in both directions, 0 for equal texts, and at most the longer text's
tokens. Where more than about 1,400 x 1,400 tokens lie between the first change and the last,
the matching is that of least edit distance, which may count more spans than the fewest; where
even that distance is out of reach (10,000 differing tokens in 200,000), all that lies between
the first change and the last is one replaced span.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz.distance import Postfix, Prefix

from review import quoting
from review.alignment import Block, Tokens, align, changed_spans, is_word, tokenize

MAX_OPERATIONS = 2
MIN_WORDS_KEPT_RATIO = 0.5


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of a word diff: in both texts, only in what was sent, or only in the draft."""

    kind: Literal["same", "insert", "delete"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What happened to a draft. Segments cover the full texts, quotes and signatures too."""

    operations: int
    words_kept_ratio: float
    segments: tuple[Segment, ...]

    @property
    def succeeds(self) -> bool:
        """Return whether the draft counts as a success."""
        return self.operations <= MAX_OPERATIONS and self.words_kept_ratio >= MIN_WORDS_KEPT_RATIO


def compare(draft: str, sent: str) -> Comparison:
    """Return the edit operations, the share of words kept and a word diff of the full texts.

    Segments without deletions join to `sent`, without insertions to `draft`, exactly.
    """
    old, new = _counted_tokens(draft), _counted_tokens(sent)
    blocks = align(old.keys, new.keys)
    return Comparison(
        operations=changed_spans(old.keys, new.keys, blocks),
        words_kept_ratio=_words_kept_ratio(old.keys, blocks),
        segments=_segments(_Side(text=draft, tokens=old), _Side(text=sent, tokens=new), blocks),
    )


def _counted_tokens(text: str) -> Tokens:
    return tokenize(text, _visible_ranges(text))


def _visible_ranges(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for part in quoting.parts(text):
        end = start + len(part.text)
        if part.kind == "visible":
            yield start, end
        start = end


def _words_kept_ratio(draft: list[str], blocks: list[Block]) -> float:
    words = sum(map(is_word, draft))
    kept = sum(
        is_word(draft[i]) for block in blocks for i in range(block.draft, block.draft + block.size)
    )
    return kept / words if words else 0.0


@dataclass(kw_only=True)
class _Side:
    """One text on the way through the diff: what has been shown of it so far."""

    text: str
    tokens: Tokens
    shown_chars: int = 0
    shown_tokens: int = 0

    def take_gap(self, token: int) -> tuple[str, int, int]:
        """Return the text up to a token, and how much of its start and end is between tokens."""
        begin = self.shown_chars
        end = self.tokens.spans[token][0] if token < len(self.tokens.spans) else len(self.text)
        changed = self.tokens.spans[self.shown_tokens : token]
        self.shown_chars, self.shown_tokens = end, token
        if not changed:
            return self.text[begin:end], end - begin, end - begin
        return self.text[begin:end], changed[0][0] - begin, end - changed[-1][1]

    def next_tokens(self, count: int) -> str:
        """Return the text of the next tokens without passing them."""
        return self.text[self.shown_chars : self.tokens.spans[self.shown_tokens + count - 1][1]]

    def take_tokens(self, count: int) -> str:
        """Return the text of the next tokens."""
        taken = self.next_tokens(count)
        self.shown_tokens += count
        self.shown_chars += len(taken)
        return taken


@dataclass(kw_only=True)
class _Diff:
    """Segments in the making: a deletion before the insertion that replaces it."""

    segments: list[Segment] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    inserted: list[str] = field(default_factory=list)

    def keep(self, text: str) -> None:
        """Add text that both sides have."""
        if text:
            self._close("delete", self.deleted)
            self._close("insert", self.inserted)
            self.same.append(text)

    def change(self, deleted: str, inserted: str) -> None:
        """Add what one side has and what the other has in its place."""
        if deleted == inserted:
            self.keep(deleted)
            return
        self._close("same", self.same)
        self.deleted.append(deleted)
        self.inserted.append(inserted)

    def finished(self) -> tuple[Segment, ...]:
        """Return the segments, neighbours always of different kinds."""
        self._close("delete", self.deleted)
        self._close("insert", self.inserted)
        self._close("same", self.same)
        return tuple(self.segments)

    def _close(self, kind: Literal["same", "insert", "delete"], texts: list[str]) -> None:
        if text := "".join(texts):
            self.segments.append(Segment(kind=kind, text=text))
        texts.clear()


def _segments(draft: _Side, sent: _Side, blocks: list[Block]) -> tuple[Segment, ...]:
    diff = _Diff()
    for block in blocks:
        _show_gap(diff, draft, sent, block.draft, block.sent)
        _show_block(diff, draft, sent, block)
    _show_gap(diff, draft, sent, len(draft.tokens.spans), len(sent.tokens.spans))
    return diff.finished()


def _show_block(diff: _Diff, draft: _Side, sent: _Side, block: Block) -> None:
    """Show shared tokens, which may still differ in spacing, quote marks or composition."""
    if draft.next_tokens(block.size) == sent.next_tokens(block.size):
        diff.keep(draft.take_tokens(block.size))
        sent.take_tokens(block.size)
        return
    for step in range(block.size):
        if step:
            _show_gap(diff, draft, sent, block.draft + step, block.sent + step)
        diff.change(draft.take_tokens(1), sent.take_tokens(1))


def _show_gap(diff: _Diff, draft: _Side, sent: _Side, draft_token: int, sent_token: int) -> None:
    """Show what lies before two shared tokens; spacing that both have stays outside the change."""
    old, old_lead, old_trail = draft.take_gap(draft_token)
    new, new_lead, new_trail = sent.take_gap(sent_token)
    lead = Prefix.similarity(old[:old_lead], new[:new_lead])
    old_trail, new_trail = min(old_trail, len(old) - lead), min(new_trail, len(new) - lead)
    trail = Postfix.similarity(old[len(old) - old_trail :], new[len(new) - new_trail :])
    diff.keep(old[:lead])
    diff.change(old[lead : len(old) - trail], new[lead : len(new) - trail])
    diff.keep(old[len(old) - trail :])
