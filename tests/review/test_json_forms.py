"""JSON as a form and back: nothing that was not touched changes, nothing wrong is let through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.payloads import digest
from review.json_answers import has_errors, read
from review.json_forms import Field, form_of
from review.schema_check import problems, refusal

REFUND: dict[str, Any] = {
    "type": "object",
    "required": ["order", "amount"],
    "properties": {
        "order": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "amount": {"type": "number", "minimum": 0, "maximum": 200},
        "items": {"type": "array", "items": {"type": "integer"}},
        "reason": {"enum": ["damaged", "late_delivery"]},
        "notify": {"type": "boolean"},
        "on": {"type": "string", "format": "date"},
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
VALUE = {
    "order": "HC-1",
    "amount": 12.5,
    "items": [1, 2],
    "reason": "late_delivery",
    "notify": True,
}


def leaves(form: Field) -> dict[str, Field]:
    if form.control != "group":
        return {form.name: form}
    return {name: leaf for field in form.fields for name, leaf in leaves(field).items()}


def posted(form: Field, **changed: str) -> dict[str, list[str]]:
    """What a browser posts of the form, some fields changed."""
    sent = {
        name: list(leaf.chosen) if leaf.control == "several" else [leaf.raw]
        for name, leaf in leaves(form).items()
    }
    return sent | {f"a.{name}": [raw] for name, raw in changed.items()}


def filled(schema: dict[str, Any], value: Any, **changed: str) -> tuple[Field, Any]:
    form = form_of(schema, value, name="a")
    return read(form, schema, posted(form, **changed))


def test_a_form_has_a_typed_control_for_each_kind_of_value() -> None:
    controls = {
        name: leaf.control for name, leaf in leaves(form_of(REFUND, VALUE, name="a")).items()
    }
    assert controls == {
        "a.order": "text",
        "a.amount": "number",
        "a.items": "lines",
        "a.reason": "choice",
        "a.notify": "boolean",
        "a.on": "date",
        "a.address.city": "text",
    }


def test_what_was_changed_is_read_and_the_rest_stays() -> None:
    form, value = filled(
        REFUND, VALUE, amount="20", items="3\n\n4\n", notify="false", on="2026-12-01"
    )
    assert not has_errors(form)
    assert value == VALUE | {"amount": 20, "items": [3, 4], "notify": False, "on": "2026-12-01"}


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("amount", "twelve", "Write a number, such as 12.50."),
        ("amount", "", "Fill this in."),
        ("amount", "500", "At most 200."),
        ("order", "hc 1", "This does not have the form that is asked for."),
        ("items", "1\ntwo", "Write a whole number."),
        ("reason", '"lost"', "Choose one of the list."),
        ("on", "tomorrow", "This is not a valid date."),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_kept(name: str, raw: str, said: str) -> None:
    form, _ = filled(REFUND, VALUE, **{name: raw})
    field = leaves(form)[f"a.{name}"]
    assert (field.error, field.raw) == (said, raw)


def test_what_a_schema_says_otherwise_is_edited_as_json() -> None:
    schema = {"oneOf": [{"type": "string"}, {"type": "array"}]}
    form = form_of(schema, "x", name="a")
    assert form.control == "json"
    assert read(form, schema, {"a": ["[1, 2]"]})[1] == [1, 2]
    assert read(form, schema, {"a": ["[1,"]})[0].error.startswith("This is not JSON")
    assert read(form, schema, {"a": ["NaN"]})[0].error == "NaN is no value that can be stored."
    assert read(form, schema, {"a": ["7"]})[0].error == "This does not fit what is asked for."


def test_references_and_nothing_or_something_are_understood() -> None:
    schema = {
        "type": "object",
        "properties": {
            "to": {"$ref": "#/$defs/Place"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    form, value = filled(schema, {"to": {"city": "Ulm"}, "note": "x"}, note="")
    assert leaves(form)["a.to.city"].control == "text"
    assert value == {"to": {"city": "Ulm"}, "note": None}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
SCHEMAS = st.sampled_from([{}, REFUND, {"type": "array", "items": {"type": "string"}}])


@given(schema=SCHEMAS, value=JSON.filter(lambda value: value is not None))
def test_a_form_that_is_not_touched_gives_back_the_very_value(
    schema: dict[str, Any], value: Any
) -> None:
    _, given_back = filled(schema, value)
    assert digest(given_back) == digest(value)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "nothing"}, "it is no JSON Schema"),
        ({"$ref": "https://example.org/schema"}, "it refers to something outside itself"),
        ({"patternProperties": {"(a+)+$": {}}}, "patternProperties is not supported"),
        ({"pattern": "(?=a)b"}, "it has a pattern that cannot be matched in linear time"),
        ({"enum": ["x" * 30_000]}, "it is longer than"),
        ({"allOf": [{"$ref": "#/$defs/a"}] * 30}, "it has more than 24 references"),
    ],
)
def test_a_schema_that_could_harm_or_cannot_be_read_is_refused(
    schema: dict[str, Any], why: str
) -> None:
    assert refusal(schema).startswith(why)


def test_a_schema_that_turns_in_circles_is_a_problem_and_no_crash() -> None:
    assert problems({"$ref": "#"}, 1)[0].text == "This cannot be held against its schema."


def test_a_pattern_made_to_hang_does_not() -> None:
    assert problems({"pattern": "^(a+)+$"}, "a" * 50_000 + "b")
