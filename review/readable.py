"""A step's JSON as a person reads it: text as text, lists as lists, cut where it is very long.

What a step holds is its agent's own affair and what a model made of it, so nothing here relies
on a form: what is not recognised is shown as JSON. Pure.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

LONGEST_TEXT = 8_000
LONGEST_TEXTS = 60_000
LONGEST_RAW = 40_000
LONGEST_VALUE = 500
MOST_ENTRIES = 40
# So many values of a JSON document are shown, however they are nested.
MOST_NODES = 2_000

BlockKind = Literal["prompt", "messages", "text", "checks", "facts", "sources"]
# PostgreSQL keeps no order of a document's parts: they are read in this one.
ORDER = get_args(BlockKind)


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """The beginning of a text, and how long the whole is, in characters."""

    text: str
    length: int

    @property
    def is_cut(self) -> bool:
        """Whether there is more of it."""
        return self.length > len(self.text)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of a list. passed: of a check."""

    term: str
    value: str = ""
    text: Excerpt | None = None
    passed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of what went in or came out. left_out: entries that are not shown."""

    kind: BlockKind
    title: str
    text: Excerpt | None = None
    entries: Sequence[Entry] = ()
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class Content:
    """One side of a step: its blocks, and the JSON they come from."""

    blocks: Sequence[Block]
    raw: Excerpt


def readable(content: Any) -> Content:
    """Return the content for reading, whatever it is and however long."""
    said = (b for b in _blocks(content) if b.entries or (b.text is not None and b.text.length))
    blocks = sorted(said, key=lambda block: ORDER.index(block.kind))
    return Content(blocks=list(_within(blocks[:MOST_ENTRIES])), raw=_raw(content))


def gist(content: Any) -> str:
    """Return a step's result in a few words; empty when there is nothing short to say of it."""
    match content:
        case {"category": str(category), "confidence": int() | float() as confidence}:
            return f"{category[:60]}, {confidence:.2f}"
        case {"checks": [_, *_] as checks} if _are_mappings(checks):
            failed = [check for check in checks if not check.get("passed")]
            return f"{len(failed)} of {len(checks)} failed" if failed else f"{len(checks)} passed"
        case {"queue": str(queue)}:
            return f"to {queue[:60]}"
        case {"reply": str(reply)}:
            return counted(len(reply.split()), "word") if reply else "no draft"
    return ""


def counted(number: int, noun: str) -> str:
    """Return `1 word`, `61 words`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _within(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with no more text than all of them together may have."""
    left = LONGEST_TEXTS

    def take(text: Excerpt | None) -> Excerpt | None:
        nonlocal left
        if text is None:
            return None
        taken = replace(text, text=text.text[:left])
        left -= len(taken.text)
        return taken

    for block in blocks:
        entries = [replace(entry, text=take(entry.text)) for entry in block.entries]
        yield replace(block, text=take(block.text), entries=entries)


def _blocks(content: Any) -> list[Block]:
    if not isinstance(content, Mapping):
        return [_text("Text", content)] if isinstance(content, str) and content else []
    if isinstance(content.get("document"), Mapping):  # what a model was given
        rest = {k: v for k, v in content.items() if k not in {"system", "document"}}
        system = _text("Instructions", content.get("system"), kind="prompt")
        return [system, *_blocks(content["document"]), *_blocks(rest)]
    blocks: list[Block] = []
    plain: dict[str, Any] = {}
    for name, value in content.items():
        if name == "question" and "conversation" in content:
            continue  # the same words once more
        block = _known(name, value)
        if block is None:
            plain[name] = value
        else:
            blocks.append(block)
    return [*blocks, *_facts(plain)]


def _known(name: str, value: Any) -> Block | None:
    """Return the block of a part that has a form of its own."""
    title = _words(name)
    if isinstance(value, str):
        is_long = len(value) > LONGEST_VALUE or "\n" in value
        return _text(title, value) if is_long or name in {"reply", "query", "question"} else None
    if isinstance(value, Mapping) and (name == "proposal" or _are_mappings(value.get("messages"))):
        return _text("Draft", value.get("text")) if name == "proposal" else _conversation(value)
    if name == "messages" and _are_mappings(value):
        return _conversation({"messages": value})
    if name == "checks" and _are_mappings(value):
        return _list("checks", title, value, _check)
    if name in {"articles", "past_replies", "citations"} and _are_mappings(value):
        return _list("sources", title, value, _source)
    return None


def _conversation(value: Mapping[str, Any]) -> Block:
    subject = value.get("subject")
    title = f"Conversation: {_short(subject)}" if subject else "Conversation"
    return _list("messages", title, value["messages"], _message)


def _list(kind: BlockKind, title: str, value: Sequence[Mapping[str, Any]], entry: Any) -> Block:
    return Block(
        kind=kind,
        title=title,
        entries=[entry(one) for one in value[:MOST_ENTRIES]],
        left_out=max(0, len(value) - MOST_ENTRIES),
    )


def _message(message: Mapping[str, Any]) -> Entry:
    sender = {"customer": "Customer", "agent": "Support"}.get(str(message.get("from")), "Unknown")
    at = str(message.get("at", ""))[:16].replace("T", " ")
    return Entry(term=sender, value=at, text=excerpt(str(message.get("body", ""))))


def _source(source: Mapping[str, Any]) -> Entry:
    title = source.get("title") or source.get("question") or source.get("slug") or "Untitled"
    score = next((source[k] for k in ("score", "similarity") if _is_number(source.get(k))), None)
    text = source.get("text") or source.get("reply") or source.get("excerpt") or ""
    return Entry(
        term=_short(title),
        value="" if score is None else f"{score:.2f}",
        text=excerpt(str(text)) if text else None,
    )


def _check(check: Mapping[str, Any]) -> Entry:
    passed = bool(check.get("passed"))
    said = str(check.get("detail", ""))
    # The detail says what is wrong; of one that passed it would be untrue, unless it was not run.
    detail = "" if passed and not said.startswith("Waived") else _short(said)
    return Entry(term=_words(str(check.get("name", "check"))), value=detail, passed=passed)


def _facts(values: Mapping[str, Any]) -> list[Block]:
    entries = [
        Entry(term=_words(name), value=_short(value))
        for name, value in list(values.items())[:MOST_ENTRIES]
        if value not in (None, "", [], {})
    ]
    left_out = max(0, len(values) - MOST_ENTRIES)
    return [Block(kind="facts", title="", entries=entries, left_out=left_out)] if entries else []


def _short(value: Any) -> str:
    """Return a value on a line: lists by commas, a category with its confidence."""
    match value:
        case None:
            said = ""
        case bool():
            said = "yes" if value else "no"
        case float():
            said = f"{value:.4g}"
        case {"category": category, "confidence": int() | float() as confidence}:
            said = f"{_short(category)} {confidence:.2f}"
        case {"name": str(name)}:
            said = name
        case dict():
            parts = [(_words(k), _short(v)) for k, v in list(value.items())[:MOST_ENTRIES]]
            said = "; ".join(f"{word}: {text}" for word, text in parts if text)
        case list():
            said = ", ".join(map(_short, value[:MOST_ENTRIES]))
        case _:
            said = str(value)
    return said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"


def excerpt(text: str, longest: int = LONGEST_TEXT) -> Excerpt:
    """Return the text's beginning, at most so many characters of it."""
    return Excerpt(text=text[:longest], length=len(text))


def _text(title: str, text: Any, *, kind: BlockKind = "text") -> Block:
    return Block(kind=kind, title=title, text=excerpt(str(text or "")))


def _raw(content: Any) -> Excerpt:
    text = json.dumps(_Pruning().of(content), indent=2, ensure_ascii=False)
    return excerpt(text, LONGEST_RAW)


class _Pruning:
    """Takes so much of a JSON value that writing it out stays quick."""

    def __init__(self) -> None:
        self.left = MOST_NODES

    def of(self, value: Any) -> Any:
        """Return the value with long texts cut and, past the most nodes, the rest named only."""
        self.left -= 1
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}… ({len(value):,} characters)"
        if isinstance(value, Mapping):
            pruned = {name: self.of(value[name]) for name in self._within(value)}
            if len(pruned) < len(value):
                pruned["…"] = f"{len(value) - len(pruned):,} more"
            return pruned
        if isinstance(value, list):
            members = [self.of(member) for member in self._within(value)]
            if len(members) < len(value):
                members.append(f"… {len(value) - len(members):,} more")
            return members
        return value

    def _within(self, members: Iterable[Any]) -> Iterator[Any]:
        for member in members:
            if self.left <= 0:
                return
            yield member


def _words(name: str) -> str:
    """Return a field's name as words: `no_draft_reason` gives `No draft reason`."""
    words = name.replace("_", " ").strip()[:60]
    return words[:1].upper() + words[1:]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)
