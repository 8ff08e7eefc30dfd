"""Where quoted mail and signatures stand in a message.

One reading serves two pages: the conversation folds quoted mail away, and the edit counter
(`review.edits`) leaves both quotes and signatures out of its count.

Quoted mail is
- every line that starts with `>`, and the "On ... wrote:" line right above such lines;
- everything from an "On <date with a time or an address> wrote:" line on, where the client
  did not mark the quoted lines;
- everything from an "-----Original Message-----" line on;
- everything from a "From: ..." line on that a "Sent: ..." or "Date: ..." line follows.
English, German, French, Spanish and Dutch wordings are known.

A signature is
- everything from the RFC 3676 delimiter, a line of exactly `-- `, on;
- a closing block: a line that holds nothing but a known closing phrase ("Kind regards,") or a
  bare `--`, and at most four short lines after it that are no sentences, at the very end of
  what is left. Text has to stand above it, so a message is never all signature.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Literal, NamedTuple

PartKind = Literal["visible", "quoted", "signature"]

MAX_SIGNATURE_LINES = 4
MAX_SIGNATURE_LINE_CHARS = 50
MAX_SIGNATURE_SENTENCE_WORDS = 4
MAX_HEADER_LINES = 3
MAX_HEADER_CHARS = 400

CLOSING_PHRASES = frozenset(
    phrase.strip().casefold()
    for phrase in """
    regards; kind regards; best regards; warm regards; kindest regards; with kind regards
    best; best wishes; all the best; cheers; thanks; many thanks; thanks and regards; sincerely
    yours; yours sincerely; yours faithfully; yours truly; sincerely yours; respectfully; --
    mit freundlichen grüßen; mit freundlichen grüssen; mit freundlichem gruß; freundliche grüße
    freundliche grüsse; viele grüße; viele grüsse; beste grüße; beste grüsse; liebe grüße
    herzliche grüße; herzliche grüsse; mit besten grüßen; mfg; vg; lg
    cordialement; bien cordialement; très cordialement; bien à vous; salutations; sincèrement
    meilleures salutations; sincères salutations; cordiales salutations; amicalement
    saludos; un saludo; saludos cordiales; un cordial saludo; cordialmente; atentamente
    muchas gracias; un abrazo
    met vriendelijke groet; met vriendelijke groeten; vriendelijke groet; vriendelijke groeten
    hartelijke groet; hartelijke groeten; groet; groeten; groetjes; mvg
    """.replace("\n", ";").split(";")
    if phrase.strip()
)

_ORIGINAL_MESSAGE = re.compile(
    r"\s*-{2,}\s*(?:original message|forwarded message"
    r"|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht"
    r"|message d['’]origine|message original|message transféré"
    r"|mensaje original|mensaje reenviado"
    r"|oorspronkelijk bericht|doorgestuurd bericht)\s*-{2,}\s*",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s{0,3}\*{0,2}(?:From|Von|De|Van)\s?:\*{0,2}\s+\S", re.IGNORECASE)
_SENT = re.compile(
    r"\s{0,3}\*{0,2}(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Fecha|Verzonden)\s?:",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb\b.*|a écrit|escribió|schreef\b.*)\s*:$", re.IGNORECASE | re.DOTALL
)
_DATED_OPENING = re.compile(r"\s{0,3}(?:On|Am|Le|El|Op)\s", re.IGNORECASE)
_TIME_OR_ADDRESS = re.compile(r"\d(?::|\s?h\s?)\d\d|\S@\S")
_POSTSCRIPT = re.compile(r"p\.?\s?s\b", re.IGNORECASE)


class Part(NamedTuple):
    """A stretch of a text that is all visible, all quoted mail or all signature."""

    kind: PartKind
    text: str


class SplitText(NamedTuple):
    """A message's own words, signature included, and the mail it quotes."""

    visible: str
    quoted: str


def parts(text: str) -> tuple[Part, ...]:
    """Return the text cut into parts of one kind each; joined they are the text again."""
    lines = text.splitlines(keepends=True)
    kinds = _quoted_lines(lines)
    _mark_signatures(lines, kinds)
    grouped = groupby(zip(kinds, lines, strict=True), key=lambda pair: pair[0])
    return tuple(Part(kind, "".join(line for _, line in group)) for kind, group in grouped)


def split_quoted(text: str) -> SplitText:
    """Return the text's own words and the mail it quotes, each whole and in order."""
    found = parts(text)
    return SplitText(
        visible="".join(part.text for part in found if part.kind != "quoted"),
        quoted="".join(part.text for part in found if part.kind == "quoted"),
    )


def _quoted_lines(lines: list[str]) -> list[PartKind]:
    kinds: list[PartKind] = ["visible"] * len(lines)
    for index, line in enumerate(lines):
        if kinds[index] == "quoted":
            continue
        if line.startswith(">"):
            kinds[index] = "quoted"
        elif _ORIGINAL_MESSAGE.fullmatch(line) or _is_header_block(lines, index):
            _mark(kinds, range(index, len(lines)))
            break
        elif size := _wrote_header_size(lines, index):
            follower = _next_written(lines, index + size)
            if follower.startswith(">"):
                _mark(kinds, range(index, index + size))
            elif _is_dated("".join(lines[index : index + size])):
                _mark(kinds, range(index, len(lines)))
                break
    return kinds


def _mark(kinds: list[PartKind], indexes: Iterable[int]) -> None:
    for index in indexes:
        kinds[index] = "quoted"


def _is_header_block(lines: list[str], index: int) -> bool:
    if not _FROM.match(lines[index]):
        return False
    return any(_SENT.match(line) for line in lines[index + 1 : index + 3])


def _wrote_header_size(lines: list[str], index: int) -> int:
    """Return how many lines an "On ... wrote:" header at this line takes; 0 for none.

    Mail clients wrap the header, so one that opens with a date word may take three lines.
    """
    wraps = bool(_DATED_OPENING.match(lines[index]))
    header = ""
    for size in range(1, (MAX_HEADER_LINES if wraps else 1) + 1):
        header = "".join(lines[index : index + size]).rstrip()
        if len(header) > MAX_HEADER_CHARS:
            return 0
        if header.endswith(":") and _WROTE.search(header):
            return size
    return 0


def _next_written(lines: list[str], start: int) -> str:
    return next((lines[i] for i in range(start, len(lines)) if lines[i].strip()), "")


def _is_dated(header: str) -> bool:
    """Return whether a header names a time or an address, as only mail clients do.

    "On 3 May you wrote:" is prose: taking the rest for a quote would hide what was edited.
    """
    return bool(_DATED_OPENING.match(header) and _TIME_OR_ADDRESS.search(header))


def _mark_signatures(lines: list[str], kinds: list[PartKind]) -> None:
    own = [index for index, kind in enumerate(kinds) if kind == "visible"]
    for position, index in enumerate(own):
        if lines[index].rstrip("\r\n") == "-- ":
            for later in own[position:]:
                kinds[later] = "signature"
            del own[position:]
            break
    written = [index for index in own if lines[index].strip()]
    while start := _closing_block_start([lines[i] for i in written[-MAX_SIGNATURE_LINES - 2 :]]):
        first = written[start]
        del written[start:]
        while own and own[-1] >= first:
            kinds[own.pop()] = "signature"


def _closing_block_start(tail: list[str]) -> int:
    """Return the closing phrase's index in a text's last lines, as a negative; 0 for none."""
    for back in range(1, min(MAX_SIGNATURE_LINES + 1, len(tail) - 1) + 1):
        line = tail[-back]
        if line.strip(" \t\r\n,.!").casefold() in CLOSING_PHRASES:
            return -back
        if not _is_signature_line(line.strip()):
            return 0
    return 0


def _is_signature_line(line: str) -> bool:
    is_sentence = line.endswith((".", "!", "?")) and (
        len(line.split()) > MAX_SIGNATURE_SENTENCE_WORDS
    )
    return len(line) <= MAX_SIGNATURE_LINE_CHARS and not is_sentence and not _POSTSCRIPT.match(line)
