"""An agent's definition as a file, `agents/<slug>/agent.yaml`: reading one and writing one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from agents.definitions import LABELS, CategoryDefinition, Definition
from agents.errors import UnfitDefinition

FOLDER = Path(__file__).parent
FILE = "agent.yaml"
LARGEST_BYTES = 500_000
MOST_SENTENCES = 40
MOST_CATEGORIES = 300
MEASURES = ("drafts", "actions")
STATUSES = ("draft", "staging", "live")
SLUG = re.compile(r"[-a-zA-Z0-9_]+")
LENGTHS = {"slug": 50, "name": 80, "job": 300, "metric": 300, "fallback_queue": 50, "owner": 150}
CATEGORY_LENGTHS = {
    "slug": 60,
    "name": 80,
    "description": 400,
    "guidance": 20_000,
    "queue": 50,
}
SENTENCE_LENGTH = 300


def read(text: str, slug: str = "") -> Definition:
    """Return the definition that the file's text gives. slug: where the file does not say.

    Raises UnfitDefinition with a sentence a fault.
    """
    if len(text.encode("utf-8", "replace")) > LARGEST_BYTES:
        raise UnfitDefinition([f"The file is larger than {LARGEST_BYTES:,} bytes."])
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise UnfitDefinition([f"The file is no YAML{where}."]) from error
    if not isinstance(content, dict):
        raise UnfitDefinition(["The file holds no fields: write `name: …` and so on."])
    reader = _Reader({"slug": slug, **content} if slug else content)
    definition = reader.definition()
    if reader.faults:
        raise UnfitDefinition(reader.faults)
    return definition


def as_text(definition: Definition) -> str:
    """Return the file's text of what the definition says."""
    content: dict[str, Any] = {}
    for field in ("slug", *LABELS):
        value = getattr(definition, field)
        if value is None or (field == "owner" and not value):
            continue
        content[field] = list(value) if isinstance(value, tuple) else value
    if definition.categories is not None:
        content["categories"] = [_said(category) for category in definition.categories]
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def shipped() -> list[Definition]:
    """Return the definitions that came with this release, by slug."""
    return [_shipped(file) for file in sorted(FOLDER.glob(f"*/{FILE}"))]


def shipped_of(slug: str) -> Definition | None:
    """Return the agent's definition as it came with this release, None where none came."""
    file = FOLDER / slug / FILE
    return _shipped(file) if SLUG.fullmatch(slug) and file.is_file() else None


def _shipped(file: Path) -> Definition:
    return read(file.read_text(encoding="utf-8"), file.parent.name)


def _said(category: CategoryDefinition) -> dict[str, Any]:
    said = {one.name: getattr(category, one.name) for one in fields(category)}
    return {name: value for name, value in said.items() if value not in ("", False)}


class _Dumper(yaml.SafeDumper):
    """Writes what has several lines as lines."""


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


class _Reader:
    """Reads a file's fields and gathers what is wrong with them."""

    def __init__(self, content: Mapping[Any, Any]) -> None:
        self.content = content
        self.faults: list[str] = []

    def definition(self) -> Definition:
        known = {one.name for one in fields(Definition)}
        for name in self.content:
            if name not in known:
                self._fault(str(name)[:40], "an agent has no such field")
        read = Definition(
            slug=self._slug("slug"),
            name=self._text("name"),
            job=self._text("job", needed=False) or "",
            metric=self._text("metric", needed=False) or "",
            measure=self._one_of("measure", MEASURES),
            does=self._sentences("does"),
            does_not=self._sentences("does_not"),
            status=self._one_of("status", STATUSES, default="live"),
            demo_only=self._flag(self.content, "demo_only"),
        )
        return replace(
            read,
            fallback_queue=self._slug("fallback_queue") if self._says("fallback_queue") else None,
            owner=self._text("owner", needed=False) if self._says("owner") else None,
            categories=self._categories() if self._says("categories") else None,
        )

    def _says(self, name: str) -> bool:
        return self.content.get(name) is not None

    def _fault(self, name: str, what: str) -> None:
        self.faults.append(f"{name}: {what}.")

    def _text(self, name: str, *, needed: bool = True) -> str:
        return self._text_of(self.content, name, LENGTHS[name], name, needed=needed)

    def _text_of(
        self, content: Mapping[Any, Any], name: str, longest: int, where: str, *, needed: bool
    ) -> str:
        value = content.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if needed:
                self._fault(where, "it is missing")
            return ""
        if not isinstance(value, str) or not _is_storable(value):
            self._fault(where, "give a text")
            return ""
        if len(value.strip()) > longest:
            self._fault(where, f"at most {longest:,} characters")
        return value.strip()

    def _slug(self, name: str) -> str:
        value = self._text(name)
        if value and not SLUG.fullmatch(value):
            self._fault(name, "letters, digits, hyphens and underscores alone")
        return value

    def _one_of(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        value = self.content.get(name, default or known[0])
        if value not in known:
            self._fault(name, f"one of {', '.join(known)}")
            return known[0]
        return str(value)

    def _flag(self, content: Mapping[Any, Any], name: str, where: str = "") -> bool:
        value = content.get(name, False)
        if not isinstance(value, bool):
            self._fault(where or name, "true or false")
        return value is True

    def _sentences(self, name: str) -> tuple[str, ...]:
        value = self.content.get(name) or []
        is_list = isinstance(value, list) and all(
            isinstance(one, str) and one.strip() and _is_storable(one) for one in value
        )
        if not is_list:
            self._fault(name, "give a list of sentences")
            return ()
        if len(value) > MOST_SENTENCES or any(len(one) > SENTENCE_LENGTH for one in value):
            self._fault(
                name, f"at most {MOST_SENTENCES} sentences of {SENTENCE_LENGTH} characters each"
            )
        return tuple(one.strip() for one in value)

    def _categories(self) -> tuple[CategoryDefinition, ...]:
        value = self.content["categories"]
        if not isinstance(value, list) or len(value) > MOST_CATEGORIES:
            self._fault("categories", f"give a list of at most {MOST_CATEGORIES}")
            return ()
        found = [self._category(number, one) for number, one in enumerate(value, start=1)]
        slugs = [category.slug for category in found if category]
        for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1}):
            self._fault("categories", f"{slug} is there more than once")
        return tuple(category for category in found if category)

    def _category(self, number: int, content: Any) -> CategoryDefinition | None:
        where = f"category {number}"
        if not isinstance(content, dict):
            self._fault(where, "give its slug, name, description and queue")
            return None
        for name in content:
            if name not in {*CATEGORY_LENGTHS, "is_high_stakes"}:
                self._fault(where, f"it has no field {str(name)[:40]}")
        texts = {
            name: self._text_of(
                content, name, longest, f"{where}, {name}", needed=name != "guidance"
            )
            for name, longest in CATEGORY_LENGTHS.items()
        }
        for name in ("slug", "queue"):
            if texts[name] and not SLUG.fullmatch(texts[name]):
                self._fault(f"{where}, {name}", "letters, digits, hyphens and underscores alone")
        is_high = self._flag(content, "is_high_stakes", f"{where}, is_high_stakes")
        return CategoryDefinition(**texts, is_high_stakes=is_high)


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL keeps the text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not re.search("[\ud800-\udfff]", text)
