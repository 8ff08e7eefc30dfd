"""What a person filled in where `review.json_forms` asked, as a JSON value again. Pure.

A field that was not touched gives back the very value it stood for.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from observability.storable import storable_json
from review.json_forms import ABSENT, Field
from review.schema_check import Problem, problems

LONGEST_RAW = 20_000
NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?([eE][+-]?\d{1,2})?", re.ASCII)
INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


class Unreadable(Exception):
    """What was typed is no value of the field. The message is for the person."""


def read(
    form: Field, schema: Mapping[str, Any], posted: Mapping[str, Sequence[str]]
) -> tuple[Field, Any]:
    """Return the form as it was filled in, with what does not fit it, and the value it gives.

    posted: name → what was posted under it; a field that was not posted stays as it is.
    """
    filled = _filled(form, posted)
    value = _value(filled)
    if not has_errors(filled):
        for problem in problems(schema, None if value is ABSENT else value):
            filled = _marked(filled, problem)
    return filled, None if value is ABSENT else value


def has_errors(form: Field) -> bool:
    """Return whether anything in the form does not fit."""
    return bool(form.error) or any(has_errors(field) for field in form.fields)


def compared(form: Field, former: Field) -> Field:
    """Return the form with what each field `was` in the former one, where the two differ."""
    before = {field.name: field for field in former.fields}
    fields = [
        compared(field, before[field.name]) if field.name in before else field
        for field in form.fields
    ]
    was = former.in_words or "–"
    is_other = not form.fields and was != (form.in_words or "–")
    return replace(form, fields=fields, was=was if is_other else "")


def _filled(field: Field, posted: Mapping[str, Sequence[str]]) -> Field:
    """Return the field with what was posted in it, and what that stands for or why nothing."""
    if field.control == "group":
        return replace(field, fields=[_filled(inner, posted) for inner in field.fields])
    if field.control == "several":
        chosen = tuple(posted.get(field.name, ()))
        if chosen == tuple(field.chosen):
            return field
        known = [choice for choice in field.choices if choice.code in chosen]
        return replace(
            field,
            chosen=tuple(choice.code for choice in known),
            value=[choice.value for choice in known],
        )
    raw = posted.get(field.name, [field.raw])[0].replace("\r\n", "\n").replace("\x00", "")
    if raw == field.raw.replace("\r\n", "\n") and (
        field.value is not ABSENT or not field.is_required
    ):
        return field
    typed = replace(field, raw=raw)
    try:
        return replace(typed, value=_meant(typed, raw))
    except Unreadable as error:
        return replace(typed, error=str(error))


def _meant(field: Field, raw: str) -> Any:
    """Return the value that was typed. Raises Unreadable."""
    if len(raw) > LONGEST_RAW:
        raise Unreadable("This is too long.")
    if not raw.strip() and (field.control != "json" or not field.is_required):
        if field.is_required and field.control == "lines":
            return []
        if field.is_required:
            raise Unreadable("Fill this in.")
        return None if field.is_nullable else ABSENT
    if field.control in {"choice", "boolean"}:
        for choice in field.choices:
            if choice.code == raw:
                return choice.value
        raise Unreadable("Choose one of the list.")
    if field.control == "lines":
        lines = [line.strip() for line in raw.split("\n")]
        return [_scalar(field.item_type, line) for line in lines if line]
    if field.control == "json":
        return _parsed(raw)
    return _scalar(field.control, raw)


def _scalar(kind: str, raw: str) -> Any:
    if kind == "integer":
        if not INTEGER.fullmatch(raw.strip()):
            raise Unreadable("Write a whole number.")
        return _parsed(raw.strip())
    if kind == "number":
        if not NUMBER.fullmatch(raw.strip()):
            raise Unreadable("Write a number, such as 12.50.")
        return _parsed(raw.strip())
    if kind == "boolean":
        known = {"true": True, "yes": True, "false": False, "no": False}
        if raw.strip().lower() not in known:
            raise Unreadable("Write yes or no, one a line.")
        return known[raw.strip().lower()]
    return raw


def _parsed(raw: str) -> Any:
    def refuse(constant: str) -> Any:
        raise Unreadable(f"{constant} is no value that can be stored.")

    try:
        return storable_json(json.loads(raw, parse_constant=refuse))
    except json.JSONDecodeError as error:
        raise Unreadable(f"This is not JSON: {error.msg} in line {error.lineno}.") from error
    except ValueError as error:
        raise Unreadable("This holds something that cannot be stored.") from error
    except RecursionError as error:
        raise Unreadable("This is nested too deeply.") from error


def _value(field: Field) -> Any:
    """Return what the form stands for; an optional object of which nothing is filled in is not."""
    if field.control != "group":
        return field.value
    found = {inner.path[-1]: _value(inner) for inner in field.fields}
    given = {key: value for key, value in found.items() if value is not ABSENT}
    was_there = isinstance(field.value, Mapping)
    return given if given or was_there or field.is_required else ABSENT


def _marked(form: Field, problem: Problem) -> Field:
    """Return the form with the problem said at the field it lies in."""
    for inner in form.fields:
        if problem.path[: len(inner.path)] == inner.path:
            fields = [_marked(one, problem) if one is inner else one for one in form.fields]
            return replace(form, fields=fields)
    return replace(form, error=form.error or problem.text)
