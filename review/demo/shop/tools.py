"""The tools the resolution agent has in the demo firm's shop.

A tool works for the run's own party alone: whose order it is not, is told that there is none.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from agents.errors import ToolFailed
from agents.tools.registry import Effect, Tool, ToolContext, register
from review.demo import files
from review.demo.shop import acts, words
from review.demo.shop.models import ShopCustomer, ShopOrder

AGENT = "resolution"
LONGEST_ADDRESS = 200
SHOWN_ORDERS = 10
_NUMBER = re.compile(r"hcw[- ]?(\d{6})", re.IGNORECASE)

Arguments = Mapping[str, Any]

ORDER_NUMBER = {
    "type": "string",
    "description": "The order's number, such as HCW-204990.",
    "minLength": 9,
    "maxLength": 12,
}
REASON = {
    "type": "string",
    "description": "Why, in a few words, for the order's history.",
    "maxLength": 300,
}


def look_up_order(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    """Return one of the party's orders with what can still be done about it."""
    order = _order(arguments, context)
    return {
        "order_number": order.number,
        "status": order.status,
        "placed_at": _moment(order.placed_at),
        "sent_on": order.sent_on.isoformat() if order.sent_on else None,
        "delivered_on": order.delivered_on.isoformat() if order.delivered_on else None,
        "lines": order.lines,
        "shipping": f"{order.shipping:.2f}",
        "discount": f"{order.discount:.2f}",
        "total": f"{order.total:.2f}",
        "paid": f"{order.paid:.2f}",
        "refunded": f"{order.refunded:.2f}",
        "currency": order.currency,
        "payment_method": order.payment_method,
        "deliver_to": order.deliver_to,
        "address": order.address,
        "country": order.country,
        "carrier": order.carrier,
        "tracking_number": order.tracking_number,
        "can_be_changed": order.status == ShopOrder.Status.PLACED,
    }


def look_up_customer(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    """Return the party's own account: their newest orders and subscriptions."""
    customer = ShopCustomer.objects.filter(email=_email(context)).first()
    if customer is None:
        raise ToolFailed("The shop knows no customer with this e-mail address.")
    return {
        "name": customer.name,
        "country": customer.country,
        "since": customer.since.isoformat(),
        "orders": [
            {
                "order_number": order.number,
                "status": order.status,
                "placed_at": _moment(order.placed_at),
                "total": f"{order.total:.2f}",
                "items": [line["name"] for line in order.lines],
            }
            for order in customer.orders.order_by("-placed_at")[:SHOWN_ORDERS]
        ],
        "subscriptions": customer.subscriptions,
    }


def refund_order(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    """Pay money of an order back."""
    amount = _amount(arguments)
    if amount is None:
        raise ToolFailed("The amount is no sum of money in euro and cents.")
    order = _order(arguments, context)
    return acts.refund(order, amount, reason=str(arguments["reason"]), key=context.key)


def change_address(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    """Send an order elsewhere in its country."""
    address = " ".join(str(arguments["address"]).split())
    return acts.change_address(_order(arguments, context), address, key=context.key)


def cancel_order(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    """Cancel an order and pay back what was paid."""
    reason = str(arguments.get("reason") or "")
    return acts.cancel(_order(arguments, context), reason=reason, key=context.key)


def refund_effect(arguments: Arguments) -> Effect:
    """Return what a refund does: above the company's limit, it is not to be got back."""
    amount = _amount(arguments)
    within = amount is not None and amount <= files.company()["refund_limit"]
    return "write" if within else "irreversible"


def refund_amount(arguments: Arguments) -> float:
    """Return the money a refund moves; of arguments that name none, 0."""
    return float(_amount(arguments) or 0)


def register_tools() -> None:
    """Give the resolution agent the shop's tools."""
    register(AGENT, *_reads(), *_writes())


def _reads() -> tuple[Tool, ...]:
    return (
        Tool(
            name="look_up_order",
            description=(
                "Look up one of the customer's own orders: its status, lines, address, what was"
                " paid and refunded, and whether it can still be changed or cancelled."
            ),
            schema=_schema(order_number=ORDER_NUMBER),
            effect="read",
            call=look_up_order,
            is_local=True,
            per_run=4,
            per_minute=240,
            per_day=20_000,
            describe=words.look_up_order,
        ),
        Tool(
            name="look_up_customer",
            description="Look up the customer's own account: their newest orders, subscriptions.",
            schema=_schema(),
            effect="read",
            call=look_up_customer,
            is_local=True,
            per_run=2,
            per_minute=240,
            per_day=20_000,
            describe=words.look_up_customer,
        ),
    )


def _writes() -> tuple[Tool, ...]:
    return (_refunding(), _readdressing(), _cancelling())


def _refunding() -> Tool:
    amount = {
        "type": "number",
        "description": "How much, in euro: never more than was paid and is not refunded yet.",
        "exclusiveMinimum": 0,
        "maximum": 100_000,
    }
    return Tool(
        name="refund_order",
        description=(
            "Pay back a part or the whole of an order, to the payment method it was paid with."
            " For goods that came damaged, wrong or not at all, or that were returned."
        ),
        schema=_schema(order_number=ORDER_NUMBER, amount=amount, reason=REASON),
        effect="irreversible",
        call=refund_order,
        takes_key=True,
        is_local=True,
        per_run=2,
        per_minute=20,
        per_day=200,
        effect_of=refund_effect,
        amount_of=refund_amount,
        describe=words.refund_order,
    )


def _readdressing() -> Tool:
    address = {
        "type": "string",
        "description": "The whole new address: street and number, postcode, town.",
        "minLength": 8,
        "maxLength": LONGEST_ADDRESS,
    }
    return Tool(
        name="change_address",
        description=(
            "Send an order to another address in the same country. Only while it is placed and"
            " not packed yet."
        ),
        schema=_schema(order_number=ORDER_NUMBER, address=address),
        effect="write",
        call=change_address,
        takes_key=True,
        is_local=True,
        per_run=2,
        per_minute=30,
        per_day=500,
        describe=words.change_address,
    )


def _cancelling() -> Tool:
    return Tool(
        name="cancel_order",
        description=(
            "Cancel an order and pay back what was paid for it. Only while it is placed and not"
            " packed yet. A cancelled order cannot be taken up again."
        ),
        schema=_schema(("reason",), order_number=ORDER_NUMBER, reason=REASON),
        effect="irreversible",
        call=cancel_order,
        takes_key=True,
        is_local=True,
        per_run=2,
        per_minute=30,
        per_day=300,
        describe=words.cancel_order,
    )


def _schema(optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _order(arguments: Arguments, context: ToolContext) -> ShopOrder:
    named = _NUMBER.fullmatch(str(arguments["order_number"]).strip())
    number = f"HCW-{named[1]}" if named else ""
    order = ShopOrder.objects.filter(number=number, customer__email=_email(context)).first()
    if order is None:
        # The same words where it is another's: a stranger learns nothing of it.
        raise ToolFailed("This customer has no order of this number.")
    return order


def _email(context: ToolContext) -> str:
    email = str(context.subject.get("email") or "").strip().lower()
    if not email:
        raise ToolFailed("It is not known who the customer is.")
    return email


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _amount(arguments: Arguments) -> Decimal | None:
    """Return the sum in whole cents, None where it is none."""
    try:
        amount = Decimal(str(arguments["amount"]))
        cents = amount.quantize(Decimal("0.01"))
    except (InvalidOperation, KeyError):
        return None
    return cents if amount == cents and amount > 0 else None
