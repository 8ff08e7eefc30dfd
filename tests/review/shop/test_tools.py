"""The demo shop's tools: each acts once a key, for its own customer, while it still can."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents.errors import ToolFailed
from agents.tools.registry import ToolContext, tools_of
from review.demo.shop.loading import load_shop
from review.demo.shop.models import ShopChange, ShopOrder, ShopRefund
from review.demo.shop.tools import AGENT
from review.schema_check import refusal

LAIA, KASPER = "laia.ferrer@buzon.example", "kasper.toft@havnepost.example"
PLACED, DELIVERED, SENT = "HCW-204644", "HCW-204540", "HCW-204441"


@pytest.fixture
def shop(db: None) -> None:
    load_shop(timezone.now())


def call(tool: str, email: str, *, key: str = "k-1", **arguments: Any) -> Any:
    context = ToolContext(run_id=1, key=key, subject={"email": email, "name": ""}, timeout_s=5)
    return tools_of(AGENT)[tool].call(arguments, context)


def order(number: str) -> ShopOrder:
    return ShopOrder.objects.get(number=number)


@pytest.mark.usefixtures("shop")
def test_placed_orders_can_be_changed_when_the_demo_starts() -> None:
    placed = ShopOrder.objects.filter(status="placed")
    assert placed.count() == 5
    assert all((timezone.now() - one.placed_at).total_seconds() < 3 * 3600 for one in placed)
    found = call("look_up_order", LAIA, order_number=PLACED)
    assert (found["can_be_changed"], found["paid"]) == (True, "899.00")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("number", ["hcw 204644", "HCW204644", " HCW-204644 "])
def test_an_order_number_is_read_as_customers_write_it(number: str) -> None:
    assert call("look_up_order", LAIA, order_number=number)["order_number"] == PLACED


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("look_up_order", {}),
        ("refund_order", {"amount": 5, "reason": "x"}),
        ("change_address", {"address": "Mill Lane 4, Ely"}),
        ("cancel_order", {}),
    ],
)
@pytest.mark.parametrize("email", [KASPER, "nobody@fenmail.example", ""])
def test_nobody_gets_at_anothers_order(tool: str, more: dict[str, Any], email: str) -> None:
    with pytest.raises(ToolFailed):
        call(tool, email, order_number=PLACED, **more)
    assert order(PLACED).status == "placed"
    assert not ShopRefund.objects.exists()


@pytest.mark.usefixtures("shop")
def test_an_account_is_the_partys_own() -> None:
    found = call("look_up_customer", KASPER)
    assert [one["order_number"] for one in found["orders"]] == [DELIVERED]
    with pytest.raises(ToolFailed, match="knows no customer"):
        call("look_up_customer", "nobody@fenmail.example")


@pytest.mark.usefixtures("shop")
def test_cancelling_pays_back_and_cannot_be_done_twice() -> None:
    first = call("cancel_order", LAIA, order_number=PLACED, reason="Changed their mind")
    assert first["refunded"] == "899.00"
    assert call("cancel_order", LAIA, order_number=PLACED) == first, "the same key"
    with pytest.raises(ToolFailed, match="cancelled already"):
        call("cancel_order", LAIA, order_number=PLACED, key="k-2")
    assert order(PLACED).refunded == order(PLACED).paid
    assert (ShopChange.objects.count(), ShopRefund.objects.count()) == (1, 1)


@pytest.mark.usefixtures("shop")
def test_an_order_that_was_not_paid_is_cancelled_without_a_refund() -> None:
    told = call("cancel_order", "lukas.behr@mailhaus.example", order_number="HCW-204788")
    assert told["refunded"] == "0.00"
    assert not ShopRefund.objects.exists()


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("tool", "more", "said"),
    [
        ("cancel_order", {}, "is sent already, so it cannot be cancelled"),
        ("change_address", {"address": "ul. Długa 2, Lublin"}, "its address cannot be changed"),
    ],
)
def test_what_is_packed_is_not_changed(tool: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolFailed, match=said):
        call(tool, "mateusz.sowa@wiatrak.example", order_number=SENT, **more)
    assert order(SENT).status == "sent"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("amount", [0, -1, 967.01, 39.999, "many", 1e12])
def test_no_more_is_refunded_than_was_paid(amount: object) -> None:
    with pytest.raises(ToolFailed):
        call("refund_order", KASPER, order_number=DELIVERED, amount=amount, reason="Broken")
    assert order(DELIVERED).refunded == 0


@pytest.mark.usefixtures("shop")
def test_refunds_add_up_to_what_was_paid() -> None:
    about = {"order_number": DELIVERED, "reason": "Broken"}
    told = call("refund_order", KASPER, amount=29, **about)
    assert (told["refunded"], told["left_to_refund"]) == ("29.00", "938.00")
    assert call("refund_order", KASPER, amount=29, **about) == told, "the same key"
    call("refund_order", KASPER, amount=938, key="k-2", **about)
    with pytest.raises(ToolFailed, match=r"at most 0\.00"):
        call("refund_order", KASPER, amount=0.01, key="k-3", **about)


@pytest.mark.parametrize(
    ("amount", "effect"), [(29, "write"), (200, "write"), (200.01, "irreversible")]
)
def test_a_refund_above_the_limit_is_irreversible(amount: float, effect: str) -> None:
    tool = tools_of(AGENT)["refund_order"]
    assert tool.effect_with({"order_number": DELIVERED, "amount": amount}) == effect
    assert tool.amount_of
    assert tool.amount_of({"amount": amount}) == amount


@pytest.mark.usefixtures("shop")
def test_a_call_is_told_in_words() -> None:
    tools = tools_of(AGENT)
    arguments = {"order_number": DELIVERED, "amount": 29, "reason": "Broken"}
    assert tools["refund_order"].describe
    said = tools["refund_order"].describe(arguments)
    assert said == f"Refund €29.00 of order {DELIVERED} to Kasper Toft"
    assert tools["cancel_order"].describe
    said = tools["cancel_order"].describe({"order_number": PLACED})
    assert said == f"Cancel order {PLACED} of Laia Ferrer and pay back €899.00"
    assert "no-such" in tools["cancel_order"].describe({"order_number": "no-such"})


def test_every_tool_has_a_schema_values_can_be_held_against() -> None:
    assert {tool.name: refusal(tool.schema) for tool in tools_of(AGENT).values()} == dict.fromkeys(
        tools_of(AGENT), ""
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same_key", [True, False])
def test_many_calls_at_once_refund_once_a_key_and_never_too_much(is_same_key: bool) -> None:
    load_shop(timezone.now())

    def refund(number: int) -> bool:
        key = "k-1" if is_same_key else f"k-{number}"
        try:
            call("refund_order", KASPER, order_number=DELIVERED, amount=400, reason="x", key=key)
        except ToolFailed:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(refund, range(16)))
    assert sum(done) == (16 if is_same_key else 2)
    assert order(DELIVERED).refunded == Decimal(400 if is_same_key else 800)
