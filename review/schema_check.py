"""Holding a value against the JSON Schema an agent sent with it. Pure.

The schema is a stranger's. It is small, loads nothing, and its patterns run in a matcher that
takes linear time, so that no schema keeps the process busy.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

LARGEST_CHARS = 20_000
DEEPEST = 20
# References multiply: a few that name each other stand for thousands.
MOST_REFERENCES = 24
UNUSABLE = frozenset({"patternProperties", "$dynamicRef", "$recursiveRef", "$id"})

SENTENCES = {
    "enum": "Choose one of the list.",
    "const": "This has one value only.",
    "pattern": "This does not have the form that is asked for.",
    "required": "Fill this in.",
    "uniqueItems": "The same stands here twice.",
    "additionalProperties": "There is something here that does not belong.",
}
LIMITS = {
    "minimum": "At least {}.",
    "maximum": "At most {}.",
    "exclusiveMinimum": "More than {}.",
    "exclusiveMaximum": "Less than {}.",
    "multipleOf": "A multiple of {}.",
    "minLength": "At least {} characters.",
    "maxLength": "At most {} characters.",
    "minItems": "At least {} entries.",
    "maxItems": "At most {} entries.",
    "format": "This is not a valid {}.",
}

Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What does not fit, in words for a person, and where in the value it is."""

    path: Path
    text: str


def refusal(schema: Mapping[str, Any]) -> str:
    """Return why values cannot be held against this schema, "" when they can."""
    return next(_faults(schema), "")


def problems(schema: Mapping[str, Any], value: Any) -> list[Problem]:
    """Return what of the value does not fit the schema, each with its place."""
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - as `_draft`

    try:
        errors = list(_draft()(schema, **_closed()).iter_errors(value))
    except (RecursionError, Unresolvable):
        return [Problem(path=(), text="This cannot be held against its schema.")]
    return [problem for error in errors for problem in _problems(error)]


def depth(value: Any) -> int:
    """Return how deep objects and arrays are nested in the value."""
    deepest, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        deepest += 1
    return deepest


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _faults(schema: Mapping[str, Any]) -> Iterator[str]:
    if depth(schema) > DEEPEST:
        yield f"it is nested deeper than {DEEPEST}"
        return  # too deep to be looked through
    if len(json.dumps(schema)) > LARGEST_CHARS:
        yield f"it is longer than {LARGEST_CHARS} characters"
    nodes = list(_nodes(schema))
    for keyword in sorted(UNUSABLE.intersection(key for node in nodes for key in node)):
        yield f"{keyword} is not supported"
    references = [node["$ref"] for node in nodes if isinstance(node.get("$ref"), str)]
    if len(references) > MOST_REFERENCES:
        yield f"it has more than {MOST_REFERENCES} references"
    if any(not reference.startswith("#") for reference in references):
        yield "it refers to something outside itself"
    patterns = [node["pattern"] for node in nodes if isinstance(node.get("pattern"), str)]
    if any(_pattern(pattern) is None for pattern in patterns):
        yield "it has a pattern that cannot be matched in linear time"
    yield from _invalid(schema)


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    for inner in _inside(value):
        yield from _nodes(inner)


def _invalid(schema: Mapping[str, Any]) -> Iterator[str]:
    from jsonschema.exceptions import SchemaError as Invalid  # noqa: PLC0415 - as `_draft`

    try:
        _draft().check_schema(schema)
    except Invalid as error:
        yield f"it is no JSON Schema: {error.message[:200]}"


@cache
def _draft() -> Any:
    """Return the validator's class; its import takes a while, and few requests need it."""
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415

    return validators.extend(Draft202012Validator, {"pattern": _matches})


def _closed() -> dict[str, Any]:
    """Return what keeps a validator from fetching what a reference names."""
    from jsonschema import FormatChecker  # noqa: PLC0415 - as `_draft`
    from referencing import Registry  # noqa: PLC0415

    checker = FormatChecker(formats=("date", "email", "ipv4", "ipv6", "uuid"))
    return {"registry": Registry(), "format_checker": checker}


def _matches(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError as Mismatch  # noqa: PLC0415 - as `_draft`

    compiled = _pattern(pattern)
    if compiled is None or not isinstance(value, str):
        return
    try:
        compiled.validate_python(value)
    except ValidationError:
        yield Mismatch(SENTENCES["pattern"])


@lru_cache(maxsize=500)
def _pattern(pattern: str) -> TypeAdapter[str] | None:
    """Return what matches the pattern, None where it needs to look around or back."""
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except SchemaError:
        return None


def _problems(error: Any) -> list[Problem]:
    path = tuple(error.absolute_path)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [Problem(path=(*path, name), text=SENTENCES["required"]) for name in missing]
    if limit := LIMITS.get(error.validator):
        return [Problem(path=path, text=limit.format(error.validator_value))]
    if error.validator == "type":
        kinds = error.validator_value
        named = kinds if isinstance(kinds, str) else " or ".join(kinds)
        return [Problem(path=path, text=f"This is not of the type {named}.")]
    said = SENTENCES.get(error.validator) or "This does not fit what is asked for."
    return [Problem(path=path, text=said)]
