"""What the shop can do to an order: pay back, send elsewhere, cancel. Each once a key.

One transaction locks the order, looks for the key, does it and keeps what it answers, so that a
second call under the same key is told what the first was, and does nothing.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from agents.errors import ToolFailed
from review.demo.shop.models import ShopChange, ShopOrder, ShopRefund

Status = ShopOrder.Status


@transaction.atomic
def refund(order: ShopOrder, amount: Decimal, *, reason: str, key: str) -> dict[str, Any]:
    """Return what was paid back. Raises ToolFailed beyond what was paid and is not back yet."""
    order = _locked(order)
    if done := ShopRefund.objects.filter(key=key).first():
        return dict(done.result)
    left = order.paid - order.refunded
    if not 0 < amount <= left:
        raise ToolFailed(
            f"Of order {order.number} at most {left:.2f} {order.currency} can be refunded."
        )
    order.refunded += amount
    order.save(update_fields=["refunded"])
    result = {
        "order_number": order.number,
        "refunded": f"{amount:.2f}",
        "currency": order.currency,
        "refunded_to": order.payment_method,
        "left_to_refund": f"{order.paid - order.refunded:.2f}",
    }
    ShopRefund.objects.create(order=order, amount=amount, reason=reason, key=key, result=result)
    return result


@transaction.atomic
def change_address(order: ShopOrder, address: str, *, key: str) -> dict[str, Any]:
    """Return the address an order now goes to. Raises ToolFailed once it is packed."""
    order = _locked(order)
    if done := ShopChange.objects.filter(key=key).first():
        return dict(done.result)
    _still_placed(order, "its address cannot be changed")
    before, order.address = order.address, address
    order.save(update_fields=["address"])
    result = {"order_number": order.number, "address": address, "country": order.country}
    _keep(order, "address", {"address": before}, {"address": address}, key=key, result=result)
    return result


@transaction.atomic
def cancel(order: ShopOrder, *, reason: str, key: str) -> dict[str, Any]:
    """Return what came of cancelling; what was paid goes back. Raises ToolFailed once packed."""
    order = _locked(order)
    if done := ShopChange.objects.filter(key=key).first():
        return dict(done.result)
    _still_placed(order, "it cannot be cancelled")
    back = order.paid - order.refunded
    order.status, order.refunded = Status.CANCELLED, order.paid
    order.save(update_fields=["status", "refunded"])
    result = {
        "order_number": order.number,
        "status": order.status,
        "refunded": f"{back:.2f}",
        "currency": order.currency,
        "refunded_to": order.payment_method,
    }
    if back:
        ShopRefund.objects.create(
            order=order, amount=back, reason="Order cancelled", key=f"{key}:refund", result=result
        )
    before, after = {"status": Status.PLACED}, {"status": Status.CANCELLED}
    _keep(order, "cancelled", before, after, key=key, result=result, reason=reason)
    return result


def _locked(order: ShopOrder) -> ShopOrder:
    return ShopOrder.objects.select_for_update().get(pk=order.pk)


def _still_placed(order: ShopOrder, otherwise: str) -> None:
    if order.status != Status.PLACED:
        raise ToolFailed(f"Order {order.number} is {order.status} already, so {otherwise}.")


def _keep(
    order: ShopOrder,
    kind: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    key: str,
    result: dict[str, Any],
    reason: str = "",
) -> None:
    ShopChange.objects.create(
        order=order,
        kind=kind,
        before=dict(before),
        after=dict(after),
        reason=reason[:300],
        key=key,
        result=result,
    )
