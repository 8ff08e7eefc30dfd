import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.local_model.errors import MalformedPattern
from agents.local_model.extraction import Gazetteer, Product, extract

SHOP = Gazetteer(
    products=(
        Product(name="Fjord", aliases=("HM-20", "Fiord")),
        Product(name="Fjord Mini", aliases=("small Fjord",)),
        Product(name="Tamper 54 mm", aliases=("tamper",)),
        Product(name="Tamper 58 mm", aliases=("tamper", "58mm tamper")),
        Product(name="C++ course", aliases=("course (online)",)),
    ),
    order_number_patterns=(r"ORD[- ]?\d{6}", r"(\d)\1{3}-[A-Z]"),
)


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("Where is ORD-123456?", ("ORD-123456",)),
        ("ord 123456 and ORD-654321, again ORD 123456", ("ord 123456", "ORD-654321")),
        ("ORD-123456 … ord-123456", ("ORD-123456",)),
        ("ORD-1234567 has a digit too many", ()),
        ("WORD-123456 is no number of ours", ()),
        ("7777-a comes first, ORD-123456 second", ("7777-a", "ORD-123456")),
        ("no number", ()),
    ],
)
def test_order_numbers_are_those_of_the_companys_patterns(
    message: str, numbers: tuple[str, ...]
) -> None:
    assert extract([message], SHOP).order_numbers == numbers


def test_a_pattern_that_is_no_expression_is_named() -> None:
    with pytest.raises(MalformedPattern, match=r"ORD\("):
        extract(["ORD"], Gazetteer(order_number_patterns=("ORD(",)))


@pytest.mark.parametrize(
    ("message", "products"),
    [
        ("My fjord leaks", ("Fjord",)),
        ("the FJORD  MINI and the Fjord", ("Fjord Mini", "Fjord")),
        ("Fjord\nMini", ("Fjord Mini",)),
        ("My Fiord, sorry, Fjord", ("Fjord",)),
        ("the HM-20.", ("Fjord",)),
        ("fjords of Norway", ()),
        ("a tamper", ()),  # of which size?
        ("a 58mm tamper", ("Tamper 58 mm",)),
        ("the C++ course (online)", ("C++ course",)),
        ("the course (online)", ("C++ course",)),
        ("the tamper 54 mm", ("Tamper 54 mm",)),
    ],
)
def test_products_are_named_in_full_once(message: str, products: tuple[str, ...]) -> None:
    assert extract([message], SHOP).products == products


def test_facts_are_gathered_over_all_messages_in_order() -> None:
    found = extract(["about ORD-111111 and my Fjord Mini", "no, ORD-222222 and the Fjord"], SHOP)
    assert found.order_numbers == ("ORD-111111", "ORD-222222")
    assert found.products == ("Fjord Mini", "Fjord")


def test_no_messages_hold_no_facts() -> None:
    found = extract([], SHOP)
    assert (found.language, found.order_numbers, found.products) == ("en", (), ())
    assert (found.urgency, found.urgency_signs) == ("normal", ())


@given(st.lists(st.text(max_size=60), max_size=4))
def test_nothing_is_extracted_that_was_not_written(messages: list[str]) -> None:
    found = extract(messages, SHOP)
    assert all(any(number in message for message in messages) for number in found.order_numbers)
    assert set(found.products) <= {product.name for product in SHOP.products}


@pytest.mark.parametrize("message", ["fıord", "İ fiord", "FİORD", "\ud800 fjord"])
def test_odd_letters_break_nothing(message: str) -> None:
    gazetteer = Gazetteer(products=(Product(name="Fiord"),))
    assert set(extract([message], gazetteer).products) <= {"Fiord"}
