"""Markdown as blocks of plain text, for pages that show an article and never its markup. Pure.

An article's author is trusted with words, not with a page: links and pictures are text here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
# A single mark inside a word is a letter of it: snake_case, 3*4*5.
_MARKS = re.compile(r"(?<![\w*_`])(\*\*|__|\*|_|`)(?=\S)(.+?)(?<=\S)\1(?![\w*_`])")
_HEADING = re.compile(r"#{1,6}\s+")
_BULLET = re.compile(r"[-*+]\s+|\d{1,3}[.)]\s+")
_RULE = re.compile(r"\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?")

Kind = Literal["heading", "list", "table", "paragraph"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a text. rows: cells of a table, its head first. lines: of anything else."""

    kind: Kind
    lines: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=tuple)


def blocks(markdown: str) -> list[Block]:
    """Return the text's blocks in order, their marks left out."""
    found: list[Block] = []
    for part in re.split(r"\n\s*\n", markdown.replace("\r\n", "\n").strip()):
        lines = [line.strip() for line in part.split("\n") if line.strip()]
        for kind, together in groupby(lines, key=_kind):
            found.append(_block(kind, list(together)))
    return found


def _kind(line: str) -> Kind:
    if _HEADING.match(line):
        return "heading"
    if _BULLET.match(line):
        return "list"
    return "table" if line.startswith("|") else "paragraph"


def _block(kind: Kind, lines: Sequence[str]) -> Block:
    if kind == "table":
        rows = [_cells(line) for line in lines if not _RULE.fullmatch(line)]
        return Block(kind=kind, rows=rows)
    if kind == "paragraph":
        return Block(kind=kind, lines=[_plain(" ".join(lines))])
    mark = _HEADING if kind == "heading" else _BULLET
    return Block(kind=kind, lines=[_plain(mark.sub("", line, count=1)) for line in lines])


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip()) for cell in line.strip("|").split("|")]


def _plain(text: str) -> str:
    linked = _LINK.sub(lambda link: f"{link[1]} ({link[2]})" if link[1] else link[2], text)
    return _MARKS.sub(r"\2", linked)
