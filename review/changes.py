"""A word diff as the editor shows it: each change with its place, the rest folded. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from review.edits import Segment

CONTEXT_CHARS = 70


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of the diff: shared words, a fold where more of them are, or a change.

    deleted, inserted: the draft's words at this place and those that stand there now. start: where
    `inserted` begins in the text, counted as browsers do, in UTF-16 units. number: of the changes,
    from 1; 0 for what is none.
    """

    kind: Literal["same", "fold", "change"]
    text: str = ""
    number: int = 0
    start: int = 0
    deleted: str = ""
    inserted: str = ""


def pieces(segments: Sequence[Segment]) -> tuple[Piece, ...]:
    """Return the diff's changes in order, each between a few of the words around it."""
    return tuple(_pieces(segments))


def _pieces(segments: Sequence[Segment]) -> Iterator[Piece]:
    start = number = at = 0
    while at < len(segments):
        segment = segments[at]
        if segment.kind == "same":
            yield from _context(segment.text, first=at == 0, last=at == len(segments) - 1)
            start += _units(segment.text)
            at += 1
            continue
        deleted = inserted = ""
        while at < len(segments) and segments[at].kind != "same":
            if segments[at].kind == "delete":
                deleted += segments[at].text
            else:
                inserted += segments[at].text
            at += 1
        number += 1
        yield Piece(kind="change", number=number, start=start, deleted=deleted, inserted=inserted)
        start += _units(inserted)


def _context(text: str, *, first: bool, last: bool) -> Iterator[Piece]:
    """Yield what stands next to a change, and a fold for the rest."""
    head = "" if first else _cut(text, from_end=False)
    tail = "" if last else _cut(text, from_end=True)
    if len(head) + len(tail) >= len(text):
        yield Piece(kind="same", text=text)
        return
    if head:
        yield Piece(kind="same", text=head)
    yield Piece(kind="fold")
    if tail:
        yield Piece(kind="same", text=tail)


def _cut(text: str, *, from_end: bool) -> str:
    """Return about CONTEXT_CHARS of the text's start or end, whole words and one paragraph."""
    if from_end:
        near = text[-CONTEXT_CHARS:]
        if len(near) < len(text):
            near = near.partition(" ")[2] or near
        return near.rpartition("\n\n")[2] if "\n\n" in near.rstrip() else near
    near = text[:CONTEXT_CHARS]
    if len(near) < len(text):
        near = near.rpartition(" ")[0] or near
    return near.partition("\n\n")[0] if "\n\n" in near.lstrip() else near


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
