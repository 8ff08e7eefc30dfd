"""The embedded model's next step on an order: plain requests, no guessed argument."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.local_model.planning import asked_for, next_move, stated_address

COMPANY = Path(__file__).resolve().parents[3] / "review" / "demo" / "company"
TOOLS = ("look_up_order", "look_up_customer", "refund_order", "change_address", "cancel_order")
PLACED: dict[str, Any] = {
    "order_number": "HCW-204644",
    "status": "placed",
    "lines": [{"code": "HM-20", "name": "Halden Fjord", "quantity": 1, "unit_price": "899.00"}],
    "discount": "0.00",
    "paid": "899.00",
    "refunded": "0.00",
    "can_be_changed": True,
}
DELIVERED = PLACED | {
    "status": "delivered",
    "can_be_changed": False,
    "lines": [
        {"code": "AC-KB", "name": "Knock box", "quantity": 1, "unit_price": "29.00"},
        {"code": "HG-1", "name": "Halden Flint", "quantity": 1, "unit_price": "229.50"},
        {"code": "CO-HB", "name": "Harbour Blend, 250 g", "quantity": 2, "unit_price": "10.50"},
    ],
}


def document(
    question: str, order: dict[str, Any] | None, category: str = "order-change", **changes: Any
) -> dict[str, Any]:
    """What the agent gives the model. order: what was found, None while nothing is looked up."""
    done = [
        {
            "tool": "look_up_order",
            "arguments": {"order_number": "HCW-204644"},
            "status": "done",
            "result": order,
        }
    ]
    fields = {"order_numbers": ["HCW 204644"], "products": [], "language": "en"}
    return {
        "question": question,
        "category": category,
        "fields": fields | changes.pop("fields", {}),
        "draft": "You can cancel it yourself.",
        "cited": ["change-or-cancel-order"],
        "support_name": "Halden support",
        "tools": [{"name": name} for name in TOOLS],
        "done": done if order else [],
        "conversation": {"customer": {"name": "Laia Ferrer"}},
        **changes,
    }


def move(*asked: Any, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = next_move(document(*asked, **changes))["move"]
    return found


def test_an_order_is_looked_up_before_anything_else() -> None:
    found = move("Please cancel HCW 204644", None)
    assert (found["tool"], found["arguments"]) == ("look_up_order", {"order_number": "HCW-204644"})


@pytest.mark.parametrize("numbers", [[], ["HCW-204644", "HCW-204645"]])
def test_without_one_clear_order_nothing_is_done(numbers: list[str]) -> None:
    found = move("Cancel it", None, fields={"order_numbers": numbers})
    assert found["reply"] == "You can cancel it yourself."
    assert found["articles"] == ["change-or-cancel-order"]


@pytest.mark.parametrize(
    "question",
    [
        "Please cancel HCW-204644.",
        "Half an hour ago I ordered a Fjord. Is it possible to cancel? Thanks",
        "hello pls cancell HCW-204644, i ordred the wrong grinder",
        "CANCEL HCW-204644. NOW.",
        "Ich möchte meine Bestellung stornieren, ich brauche sie doch nicht.",
        "Bonjour, je voudrais annuler ma commande.",
        "Hola, quiero cancelar mi pedido, por favor.",
        "Kunt u mijn bestelling annuleren?",
        "I do not need it any more, so please cancel the order.",
    ],
)
def test_a_plain_request_to_cancel_is_proposed(question: str) -> None:
    found = move(question, PLACED)
    assert found["tool"] == "cancel_order"
    assert found["arguments"]["order_number"] == "HCW-204644"


@pytest.mark.parametrize(
    "question",
    [
        "I hope my order isn't cancelled now.",
        "Please do not cancel my order.",
        "Don’t cancel it, I only ask when it comes.",
        "Bitte nicht stornieren!",
        "If I cancel now, is the price still the same?",
        "Can I change or cancel a part of it?",
        "How do I end my subscription and cancel?",
        "Cancel it or I go to my lawyer.",
        "Can you swap black for cream?",
    ],
)
def test_what_does_not_plainly_ask_to_cancel_is_left_to_the_draft(question: str) -> None:
    assert move(question, PLACED)["reply"] == "You can cancel it yourself."


def test_an_order_under_way_is_not_cancelled() -> None:
    sent = PLACED | {"status": "sent", "can_be_changed": False}
    assert "reply" in move("Please cancel HCW-204644.", sent)


@pytest.mark.parametrize(
    ("question", "address"),
    [
        (
            "Please change the delivery address to: 19 Heron Quay, Ballina, Co. Mayo. Thanks, Rory",
            "19 Heron Quay, Ballina, Co. Mayo",
        ),
        ("Die neue Adresse: Lindenweg 4, 34131 Kassel\nDanke", "Lindenweg 4, 34131 Kassel"),
        ("The right address is: Mill Lane, Ely", ""),
        ("Please use my new address, we moved last week.", ""),
        ("My address: 1 Mill Lane, Ely\nHer address: 2 Mill Lane, Ely", ""),
        ("Address: 1, " + "x" * 300, ""),
    ],
)
def test_an_address_is_taken_only_where_the_message_states_one(question: str, address: str) -> None:
    assert stated_address(question) == address
    found = move(question, PLACED)
    assert found.get("arguments", {}).get("address", "") == address


@pytest.mark.parametrize(
    ("question", "products", "amount"),
    [
        ("The knock box arrived broken, please just refund it.", ["Knock box"], 29),
        ("Die Mühle ist defekt. Bitte erstatten Sie sie.", ["Halden Flint"], 229.5),
        (
            "The Flint is in pieces. I do not want another, please refund it.",
            ["Halden Flint"],
            229.5,
        ),
        ("It came broken. Please refund.", [], None),
        ("Both came broken, refund please.", ["Knock box", "Halden Flint"], None),
        ("One bag is damaged, please refund it.", ["Harbour Blend"], None),
        ("The knock box is broken, refund me 15 EUR.", ["Knock box"], None),
        ("The knock box is broken. Please send a new one.", ["Knock box"], None),
        ("The knock box is broken. No refund, I want a new one.", ["Knock box"], None),
        ("When does the refund of the knock box arrive?", ["Knock box"], None),
        ("The scale came broken, please refund it.", ["Halden Scale"], None),
    ],
)
def test_a_refund_is_of_the_one_thing_that_came_to_harm(
    question: str, products: list[str], amount: float | None
) -> None:
    found = move(question, DELIVERED, "delivery-problem", fields={"products": products})
    assert found.get("arguments", {}).get("amount") == amount


@pytest.mark.parametrize("change", [{"discount": "5.00"}, {"refunded": "29.00"}])
def test_an_amount_that_cannot_be_read_off_is_not_guessed(change: dict[str, str]) -> None:
    found = move(
        "The knock box came broken, please refund it.",
        DELIVERED | change,
        "delivery-problem",
        fields={"products": ["Knock box"]},
    )
    assert "reply" in found


@pytest.mark.parametrize("category", ["refund-status", "returns", "complaint", "order-status"])
def test_other_kinds_of_request_are_not_acted_on(category: str) -> None:
    assert "reply" in move("Please cancel and refund HCW-204644.", PLACED, category)


def acted(status: str, result: Any, language: str = "en") -> str:
    call = {"tool": "cancel_order", "arguments": {}, "status": status, "result": result}
    given = document("Please cancel", PLACED, fields={"language": language})
    given["done"] = [*given["done"], call]
    return str(next_move(given)["move"]["reply"])


CANCELLED = {"order_number": "HCW-204644", "refunded": "899.00", "currency": "EUR"}


def test_the_reply_says_what_was_done_with_the_facts_of_the_result() -> None:
    assert acted("done", CANCELLED) == (
        "Hello Laia,\n\nYour order HCW-204644 is cancelled, as you asked. 899.00 EUR go back to the"
        " payment method you used.\n\nKind regards,\nHalden support"
    )
    unpaid = CANCELLED | {"refunded": "0.00"}
    assert "Sie war noch nicht bezahlt" in acted("done", unpaid, "de")


@pytest.mark.parametrize("status", ["rejected", "failed", "answered", "shadow"])
def test_what_was_not_done_is_not_claimed(status: str) -> None:
    assert acted(status, "No.") == "You can cancel it yourself."


def test_without_words_for_it_a_person_writes() -> None:
    assert acted("done", CANCELLED, "fi") == ""
    assert acted("done", {"found_by_a_person": "It was done"}) == ""


def test_only_tools_at_hand_are_called() -> None:
    assert "reply" in move("Please cancel HCW-204644.", PLACED, tools=[{"name": "look_up_order"}])


def demo_tickets() -> list[dict[str, Any]]:
    files = ("tickets", "history", "routine")
    texts = ((COMPANY / f"{name}.jsonl").read_text(encoding="utf-8") for name in files)
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_of_the_demos_tickets_only_plain_requests_are_read_as_such() -> None:
    """Of 727 messages, those that ask to cancel; a mention of it is not enough."""
    asking = {
        row["external_id"]
        for row in demo_tickets()
        if asked_for(f"{row['subject']}\n\n{row['body']}").cancel
        and row["category"] == "order-change"
    }
    expected = {"demo-1248", "demo-1121", "demo-1119", "demo-1007", "past-0081", "past-r012"}
    assert expected <= asking
    assert not asking & {"demo-1036", "demo-1122", "demo-1123", "demo-1010", "past-0018"}


@given(st.text(max_size=400), st.sampled_from(["order-change", "delivery-problem"]))
def test_any_text_gets_a_move_whose_arguments_are_the_orders_or_its_own(
    text: str, category: str
) -> None:
    found = move(text, PLACED, category)
    arguments = found.get("arguments", {})
    assert arguments.get("order_number", "HCW-204644") == "HCW-204644"
    assert arguments.get("address", "") in text
