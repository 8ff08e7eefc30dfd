"""A JSON value as a form, typed by its JSON Schema. Pure.

What a schema says in plain words becomes a field of its own: texts, numbers, yes or no, choices,
dates, objects in objects, lists of plain values. Anything else is edited as JSON.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from review.actions import in_words
from review.schema_check import Path

Control = Literal[
    "text", "long", "number", "integer", "boolean", "choice", "date", "several", "lines", "json",
    "group",
]  # fmt: skip

MOST_FIELDS = 60
DEEPEST = 4
SHORT = 80
SCALARS = frozenset({"string", "number", "integer", "boolean"})


class Absent:
    """What an optional field that is left empty stands for."""


ABSENT = Absent()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of the values to choose from. code: what the page posts."""

    code: str
    label: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Field:
    """A control of the form. raw: what stands in it; value: what that stands for.

    limits: attributes by which the browser checks a number or text while it is typed.
    was: what stood here before, where that was something else.
    """

    name: str
    path: Path
    label: str
    control: Control
    value: Any
    raw: str = ""
    chosen: Sequence[str] = ()
    choices: Sequence[Choice] = ()
    item_type: str = "string"
    is_required: bool = False
    is_nullable: bool = False
    help: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    was: str = ""
    fields: Sequence["Field"] = ()

    @property
    def is_given(self) -> bool:
        """Whether it has a value."""
        return self.value is not ABSENT

    @property
    def in_words(self) -> str:
        """The value as it is read, choices by their names."""
        chosen = (self.raw, *self.chosen)
        named = [choice.label for choice in self.choices if choice.code in chosen]
        return ", ".join(named) if named else self.raw


def form_of(schema: Mapping[str, Any], value: Any, *, name: str, label: str = "") -> Field:
    """Return the form that edits the value: a group of fields, or a single one."""
    value = ABSENT if value is None else value  # nothing was suggested
    form = _Making(schema).field(schema, value, (), name, label, is_required=True)
    if _size(form) > MOST_FIELDS:
        form = _json_field(value, (), name, label, is_required=True)
    return form


@dataclass(frozen=True)
class _Making:
    root: Mapping[str, Any]

    def field(
        self, schema: Any, value: Any, path: Path, name: str, label: str, *, is_required: bool
    ) -> Field:
        schema, is_nullable = self._plain(schema)
        control = _control(schema, value, len(path))
        made = Field(
            name=name,
            path=path,
            label=str(schema.get("title") or label)[:200],
            control=control,
            value=value,
            is_required=is_required and not is_nullable,
            help=str(schema.get("description", ""))[:500],
        )
        if control == "group":
            inside = value if isinstance(value, Mapping) else {}
            return replace(made, fields=self._fields(schema, inside, path, name))
        typed = replace(
            made,
            choices=_choices(schema, control),
            item_type=_item_type(schema),
            is_nullable=is_nullable,
            limits=_limits(schema, control),
        )
        return _showing(typed, value)

    def _fields(
        self, schema: Mapping[str, Any], value: Mapping[str, Any], path: Path, name: str
    ) -> list[Field]:
        required = [key for key in schema.get("required", ()) if isinstance(key, str)]
        known = schema.get("properties") or {}
        # A stored schema has lost the order of its properties; that of the required is kept.
        keys = [*required, *sorted({*known, *value} - set(required))]
        return [
            self.field(
                known.get(key, {}),
                value.get(key, ABSENT),
                (*path, key),
                f"{name}.{key}",
                in_words(key),
                is_required=key in required,
            )
            for key in dict.fromkeys(keys)
        ]

    def _plain(self, schema: Any) -> tuple[Mapping[str, Any], bool]:
        """Return the schema with a reference followed and `or null` taken off, and whether so."""
        node = schema if isinstance(schema, Mapping) else {}
        for _ in range(DEEPEST):
            reference = node.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            found: Any = self.root
            for key in reference[2:].split("/"):
                found = found.get(key) if isinstance(found, Mapping) else None
            node = found if isinstance(found, Mapping) else {}
        kinds = node.get("type")
        if isinstance(kinds, list) and len(kinds) == 2 and "null" in kinds:
            return {**node, "type": next(kind for kind in kinds if kind != "null")}, True
        options = node.get("anyOf")
        if isinstance(options, list) and len(options) == 2 and {"type": "null"} in options:
            other = next(option for option in options if option != {"type": "null"})
            rest = {key: part for key, part in node.items() if key != "anyOf"}
            return {**rest, **self._plain(other)[0]}, True
        return node, False


def _control(schema: Mapping[str, Any], value: Any, level: int) -> Control:
    kind = schema.get("type")
    is_object = kind == "object" or (kind is None and "properties" in schema)
    if is_object:
        fits = isinstance(value, Mapping) or value is ABSENT
        return "group" if fits and level < DEEPEST and schema.get("properties") else "json"
    if _is_plain_list(schema.get("enum")):
        is_known = value is ABSENT or json.dumps(value) in map(json.dumps, schema["enum"])
        return "choice" if is_known else "json"
    if {"oneOf", "anyOf", "allOf", "not", "if"} & schema.keys() or not _fits(kind, value):
        return "json"
    return _typed_control(schema, value)


def _typed_control(schema: Mapping[str, Any], value: Any) -> Control:
    kind = schema.get("type")
    if kind == "array":
        return _list_control(schema.get("items"), value)
    if kind == "string":
        return _text_control(schema, value)
    plain: dict[Any, Control] = {"number": "number", "integer": "integer", "boolean": "boolean"}
    return plain.get(kind, "json")


def _fits(kind: Any, value: Any) -> bool:
    """Return whether a field of this type can stand for the value."""
    if value is ABSENT or value is None:
        return True
    if isinstance(value, bool):
        return bool(kind == "boolean")
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "number": (int, float),
        "integer": (int,),
        "array": (list,),
    }
    return isinstance(value, types.get(str(kind), ()))


def _text_control(schema: Mapping[str, Any], value: Any) -> Control:
    if schema.get("format") == "date":
        return "date"
    shown = value if isinstance(value, str) else ""
    longest = schema.get("maxLength")
    is_long = (
        not {"\n", "\r"}.isdisjoint(shown)
        or len(shown) > SHORT
        or (isinstance(longest, int) and longest > 200)
    )
    return "long" if is_long else "text"


def _list_control(items: Any, value: Any) -> Control:
    if not isinstance(items, Mapping) or items.get("type") not in SCALARS:
        return "json"
    if _is_plain_list(items.get("enum")):
        return "several"
    entries = value if isinstance(value, list) else []
    # One a line: what is empty or has lines itself cannot be told apart.
    is_plain = all(_fits(items["type"], one) and one is not None for one in entries)
    if is_plain and not any(
        isinstance(one, str) and one != " ".join(one.split()) for one in entries
    ):
        return "lines"
    return "json"


def _is_plain_list(values: Any) -> bool:
    plain = (str, int, float, bool, type(None))
    return isinstance(values, list) and all(isinstance(one, plain) for one in values)


def _choices(schema: Mapping[str, Any], control: Control) -> list[Choice]:
    if control == "boolean":
        return [
            Choice(code="true", label="Yes", value=True),
            Choice(code="false", label="No", value=False),
        ]
    values = schema.get("enum") if control == "choice" else None
    if control == "several":
        values = schema["items"]["enum"]
    return [Choice(code=json.dumps(one), label=_label(one), value=one) for one in values or ()]


def _label(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "Yes", False: "No", None: "None"}[value]
    return (
        in_words(value)
        if isinstance(value, str) and re.fullmatch(r"[a-z_]+", value)
        else str(value)
    )


def _item_type(schema: Mapping[str, Any]) -> str:
    items = schema.get("items")
    return str(items.get("type", "string")) if isinstance(items, Mapping) else "string"


def _limits(schema: Mapping[str, Any], control: Control) -> dict[str, str]:
    if control in {"number", "integer"}:
        step = {"step": "1" if control == "integer" else "any"}
        bounds = {"min": schema.get("minimum"), "max": schema.get("maximum")}
        return step | {key: str(bound) for key, bound in bounds.items() if bound is not None}
    if control in {"text", "long"}:
        bounds = {"minlength": schema.get("minLength"), "maxlength": schema.get("maxLength")}
        return {key: str(bound) for key, bound in bounds.items() if bound is not None}
    return {}


def _json_field(value: Any, path: Path, name: str, label: str, *, is_required: bool) -> Field:
    field = Field(
        name=name, path=path, label=label, control="json", value=value, is_required=is_required
    )
    return _showing(field, value)


def _showing(field: Field, value: Any) -> Field:
    """Return the field with the value in it."""
    if value is ABSENT or (value is None and field.control != "json"):
        codes = [choice.code for choice in field.choices]
        return replace(field, raw="null" if value is None and "null" in codes else "")
    if field.control in {"choice", "boolean"}:
        return replace(field, raw=json.dumps(value))
    if field.control == "several":
        return replace(field, chosen=tuple(json.dumps(one) for one in value))
    if field.control == "lines":
        return replace(field, raw="\n".join(_written(one) for one in value))
    if field.control == "json":
        return replace(field, raw=json.dumps(value, indent=2, ensure_ascii=False))
    return replace(field, raw=_written(value))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _size(form: Field) -> int:
    return 1 + sum(_size(field) for field in form.fields)
