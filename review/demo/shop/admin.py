"""The demo shop's rows in the administration, to look at: its tools change them."""

from django.contrib import admin

from observability.read_only import ReadOnlyAdmin
from review.demo.shop.models import ShopChange, ShopCustomer, ShopOrder, ShopRefund


@admin.register(ShopCustomer)
class ShopCustomerAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "country", "language", "since")
    list_filter = ("country", "language")
    search_fields = ("email", "name")


@admin.register(ShopOrder)
class ShopOrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "customer", "status", "total", "paid", "refunded", "placed_at")
    list_select_related = ("customer",)
    list_filter = ("status", "placed_at")
    search_fields = ("number", "customer__email", "customer__name")


@admin.register(ShopRefund)
class ShopRefundAdmin(ReadOnlyAdmin):
    list_display = ("id", "order", "amount", "reason", "created_at")
    list_select_related = ("order",)
    list_filter = ("created_at",)
    search_fields = ("order__number", "key")


@admin.register(ShopChange)
class ShopChangeAdmin(ReadOnlyAdmin):
    list_display = ("id", "order", "kind", "reason", "created_at")
    list_select_related = ("order",)
    list_filter = ("kind", "created_at")
    search_fields = ("order__number", "key")
