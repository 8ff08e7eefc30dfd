"""Filling the demo's shop: its files' customers and orders, with their dates moved to be recent."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from review.demo import files
from review.demo.shop.models import ShopChange, ShopCustomer, ShopOrder, ShopRefund

Status = ShopOrder.Status
STATUSES = {
    "received": Status.PLACED,
    "waiting for payment": Status.PLACED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "returned": Status.RETURNED,
    "cancelled": Status.CANCELLED,
}
UNPAID = "waiting for payment"
# The newest order was placed so long before the demo began, each other that can still be changed
# as long before the next.
JUST_PLACED = timedelta(minutes=25)


def load_shop(now: datetime) -> None:
    """Fill the shop as it stands now. What is there already stays."""
    moved = now.date() - files.WRITTEN_ON
    ShopCustomer.objects.bulk_create(
        (_customer(row, moved) for row in files.lines("customers")), ignore_conflicts=True
    )
    customers = {customer.email: customer for customer in ShopCustomer.objects.all()}
    rows = sorted(files.lines("orders"), key=lambda row: str(row["placed_at"]))
    fresh = [row["order_number"] for row in reversed(rows) if _is_placed(row)]
    ShopOrder.objects.bulk_create(
        (_order(row, customers[row["customer_email"]], moved, now, fresh) for row in rows),
        ignore_conflicts=True,
    )


def empty_shop(db: str) -> None:
    """Take all of the shop away."""
    for model in (ShopRefund, ShopChange, ShopOrder, ShopCustomer):
        model._base_manager.using(db).all().delete()


def _customer(row: files.Row, moved: timedelta) -> ShopCustomer:
    return ShopCustomer(
        email=row["email"].lower(),
        name=row["name"],
        country=row["country"],
        language=row["language"],
        address=row["address"],
        phone=row["phone"] or "",
        subscriptions=[_subscription(one, moved) for one in row["subscriptions"]],
        since=date.fromisoformat(row["since"]) + moved,
    )


def _subscription(row: Mapping[str, Any], moved: timedelta) -> dict[str, Any]:
    charged_on = date.fromisoformat(row["next_charge_on"]) + moved
    return {**row, "next_charge_on": charged_on.isoformat()}


def _order(
    row: files.Row, customer: ShopCustomer, moved: timedelta, now: datetime, fresh: Sequence[str]
) -> ShopOrder:
    total = Decimal(row["total"])
    number = row["order_number"]
    placed_at = datetime.fromisoformat(row["placed_at"]) + moved
    if number in fresh:
        placed_at = now - JUST_PLACED * (fresh.index(number) + 1)
    status = STATUSES[row["status"]]
    return ShopOrder(
        number=number,
        customer=customer,
        status=status,
        placed_at=placed_at,
        sent_on=_moved(row["sent_on"], moved),
        delivered_on=_moved(row["delivered_on"], moved),
        lines=row["items"],
        deliver_to=row["deliver_to"]["name"],
        address=row["deliver_to"]["address"],
        country=row["deliver_to"]["country"],
        currency=row["currency"],
        shipping=Decimal(row["shipping"]),
        discount=Decimal(row["discount"]),
        total=total,
        paid=Decimal(0) if row["status"] == UNPAID else total,
        refunded=total if status == Status.CANCELLED else Decimal(0),
        payment_method=row["payment_method"],
        carrier=row["carrier"] or "",
        tracking_number=row["tracking_number"] or "",
    )


def _is_placed(row: files.Row) -> bool:
    return STATUSES[row["status"]] == Status.PLACED


def _moved(day: str | None, moved: timedelta) -> date | None:
    return date.fromisoformat(day) + moved if day else None
