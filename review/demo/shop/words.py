"""The shop's calls as a person reads them: what, how much, for whom."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from review.demo.shop.models import ShopOrder

Arguments = Mapping[str, Any]


def look_up_order(arguments: Arguments) -> str:
    """Return the call in words."""
    return f"Look up order {arguments.get('order_number')}"


def look_up_customer(arguments: Arguments) -> str:
    """Return the call in words."""
    return "Look up the customer's orders and subscriptions"


def refund_order(arguments: Arguments) -> str:
    """Return the call in words."""
    return f"Refund {money(arguments.get('amount'))} of {_order(arguments, 'to')}"


def change_address(arguments: Arguments) -> str:
    """Return the call in words."""
    return f"Send {_order(arguments, 'of')} to {arguments.get('address')}"


def cancel_order(arguments: Arguments) -> str:
    """Return the call in words."""
    order = _found(arguments)
    left = order.paid - order.refunded if order else 0
    return f"Cancel {_order(arguments, 'of')}" + (f" and pay back {money(left)}" if left else "")


def money(amount: Any) -> str:
    """Return a sum of the shop's currency as it is read."""
    try:
        return f"€{Decimal(str(amount)):,.2f}"
    except InvalidOperation:
        return str(amount)


def _order(arguments: Arguments, whose: str) -> str:
    number, order = arguments.get("order_number"), _found(arguments)
    return f"order {number} {whose} {order.customer.name}" if order else f"order {number}"


def _found(arguments: Arguments) -> ShopOrder | None:
    number = str(arguments.get("order_number", ""))
    return ShopOrder.objects.select_related("customer").filter(number=number).first()
