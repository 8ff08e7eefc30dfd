"""The shop's tables. They stand for another firm's system: no row of ours refers to them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class ShopCustomer(models.Model):
    """Somebody who has ordered. country: ISO 3166; language: ISO 639-1."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=2)
    address = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True)
    subscriptions = models.JSONField(default=list, blank=True)
    since = models.DateField()

    def __str__(self) -> str:
        return self.name


class ShopOrder(models.Model):
    """An order. lines: [{code, name, quantity, unit_price}], prices as text."""

    class Status(models.TextChoices):
        PLACED = "placed", "Placed"
        PACKED = "packed", "Packed"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        RETURNED = "returned", "Returned"
        CANCELLED = "cancelled", "Cancelled"

    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(ShopCustomer, on_delete=models.CASCADE, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices)
    placed_at = models.DateTimeField()
    sent_on = models.DateField(null=True, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    lines = models.JSONField()
    deliver_to = models.CharField(max_length=200, help_text="The name on the parcel.")
    address = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3, default="EUR")
    shipping = models.DecimalField(max_digits=10, decimal_places=2)
    discount = models.DecimalField(max_digits=10, decimal_places=2)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    paid = models.DecimalField(max_digits=10, decimal_places=2)
    refunded = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    payment_method = models.CharField(max_length=40)
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    status__in=["placed", "packed", "sent", "delivered", "returned", "cancelled"]
                ),
                name="shop_order_status_known",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("paid")),
                name="shop_refunds_within_payment",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ShopRefund(models.Model):
    """Money that went back. key: the call's; a second one under it is the first."""

    order = models.ForeignKey(ShopOrder, on_delete=models.CASCADE, related_name="refunds")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    reason = models.CharField(max_length=300)
    key = models.CharField(max_length=120, unique=True)
    result = models.JSONField(help_text="What its caller was told.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="shop_refund_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of order {self.order_id}"


class ShopChange(models.Model):
    """What was changed of an order. key: as a refund's."""

    order = models.ForeignKey(ShopOrder, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=20)
    before = models.JSONField()
    after = models.JSONField()
    reason = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)
    result = models.JSONField(help_text="What its caller was told.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} of order {self.order_id}"
