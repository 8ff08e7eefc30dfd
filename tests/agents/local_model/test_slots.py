import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import Slot, fill, given_name, slot_fields, slots, validate_template

words = st.text(st.characters(blacklist_characters="{}|", codec="utf-8"), max_size=12)
names = st.sampled_from(["customer_name", "order_number", "product"])
pieces = st.one_of(words, st.builds("{{{}|{}}}".format, names, words))
templates = st.lists(pieces, max_size=8).map("".join)
fields = st.dictionaries(names, st.text(st.characters(codec="utf-8"), max_size=30))


def test_slots_are_listed_in_order() -> None:
    template = "Hello {customer_name|there}, {product|your machine} of {order_number|your order}."
    assert slots(template) == (
        Slot(name="customer_name", fallback="there"),
        Slot(name="product", fallback="your machine"),
        Slot(name="order_number", fallback="your order"),
    )


@pytest.mark.parametrize(
    "template",
    [
        "Hello {customer_name}",
        "Hello {customer_name|there",
        "Hello customer_name|there}",
        "Hello {{customer_name|there}}",
        "Hello {customer_name|{product|you}}",
        "Hello {Customer name|there}",
        "Hello {customer_name|a|b}",
        "Hello {|there}",
        "An empty {} is no slot",
    ],
)
def test_malformed_slots_are_shown(template: str) -> None:
    with pytest.raises(MalformedTemplate, match="No slot begins or ends here"):
        validate_template(template)
    with pytest.raises(MalformedTemplate):
        fill(template, {})


def test_unknown_slots_are_named() -> None:
    with pytest.raises(MalformedTemplate, match="no slot custmer_name"):
        validate_template("Hello {custmer_name|there}")
    validate_template("Hello {nickname|there}", known=["nickname"])


def test_a_fallback_is_needed() -> None:
    with pytest.raises(MalformedTemplate, match="no fallback"):
        validate_template("Hello {customer_name| }")


def test_fields_go_in_and_fallbacks_stand_in() -> None:
    template = "Hello {customer_name|there}, about {order_number|your order}:"
    assert fill(template, {"customer_name": "Ada"}) == "Hello Ada, about your order:"


def test_a_value_is_never_read_as_a_slot() -> None:
    template = "Hello {customer_name|there}, {order_number|your order}"
    filled = fill(template, {"customer_name": "{order_number|x}", "order_number": r"\1 \g<name>"})
    assert filled == r"Hello {order_number|x}, \1 \g<name>"


@pytest.mark.parametrize("value", ["", "  ", "\n", "x" * 81])
def test_blank_and_overlong_values_give_way_to_the_fallback(value: str) -> None:
    assert fill("Hello {customer_name|there}", {"customer_name": value}) == "Hello there"


def test_a_value_stays_on_its_line() -> None:
    assert fill("Hello {customer_name|there},", {"customer_name": "A\n\nDear  B"}) == (
        "Hello A Dear B,"
    )


@given(templates, fields)
def test_no_slot_of_the_template_is_left(template: str, values: dict[str, str]) -> None:
    filled = fill(template, {name: re.sub(r"[{}]", "", value) for name, value in values.items()})
    assert not re.search(r"[{}]", filled)


@given(templates, fields)
def test_every_word_comes_from_the_template_or_a_field(
    template: str, values: dict[str, str]
) -> None:
    source = "".join([template, *values.values()])
    assert set(fill(template, values)) - {" "} <= set(source)
    marked = fill(re.sub(r"\|[^{}|]*\}", "|‹fallback›}", template), values)
    outside = re.sub(r"\{[^{}]*\}", "\0", template).split("\0")
    position = 0
    for text in outside:
        position = marked.index(text, position) + len(text)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Ada Lovelace", "Ada"),
        ("Anne-Marie O’Neill", "Anne-Marie"),
        ("ADA LOVELACE", "Ada"),
        ("ada", "Ada"),
        ("Hjørdis Lund", "Hjørdis"),
        ("José María de la Cruz", "José"),
        ("A. Lovelace", ""),
        ("A Lovelace", ""),
        ("J.R. Tolkien", ""),
        ("Brunner GmbH", ""),
        ("Hotel Adler", ""),
        ("Dr. Weber", ""),
        ("Accounts Payable", ""),
        ("info@shop.example", ""),
        ("{order_number|x}", ""),
        ("Room 12", ""),
        ("", ""),
    ],
)
def test_people_are_greeted_by_their_given_name(name: str, given: str) -> None:
    assert given_name(name) == given


def test_an_ambiguous_number_is_not_guessed() -> None:
    filled = slot_fields(
        customer_name="Ada Lovelace", order_numbers=["A-1", "A-2"], products=["Fjord"]
    )
    assert filled == {"customer_name": "Ada", "product": "Fjord"}


def test_a_ticket_that_says_nothing_fills_nothing() -> None:
    assert slot_fields(customer_name="", order_numbers=[], products=[]) == {}
