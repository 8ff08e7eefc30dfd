"""Tickets, items, queues and people in the administration.

Agents and categories stand here too: their forms offer this room's queues.
"""

from typing import TYPE_CHECKING, Any

import allauth.account.admin  # noqa: F401 - so that what it registers can be taken back
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from agents.models import Agent, Category
from observability.read_only import ModelAdmin, PayloadAdmin, ReadOnlyAdmin, as_text
from review import admin_desk  # noqa: F401 - registers its own
from review.admin_forms import AgentForm, CategoryForm, SourceForm
from review.administration import is_referred_to
from review.models import (
    ApiToken,
    Assessment,
    AuditEntry,
    Customer,
    Delivery,
    IdempotencyKey,
    Message,
    Queue,
    ReviewItem,
    ReviewPayload,
    Source,
    Ticket,
    TicketRun,
    Verdict,
)

if TYPE_CHECKING:
    PeopleAdmin = UserAdmin[User]
else:
    PeopleAdmin = UserAdmin

admin.site.register(ReviewPayload, PayloadAdmin)
admin.site.unregister(User)
admin.site.unregister(EmailAddress)  # people are known here by their user names alone


class KeptWhileReferredTo(ModelAdmin):
    """Rows that can be deleted only while no record refers to them."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and is_referred_to(obj))


@admin.register(User)
class PersonAdmin(KeptWhileReferredTo, PeopleAdmin):
    """People. Who has decided anything is made inactive rather than deleted."""

    list_display = (
        "username",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "groups", "queues")


@admin.register(Queue)
class QueueAdmin(KeptWhileReferredTo):
    list_display = ("name", "slug", "escalates_to", "position", "description")
    list_select_related = ("escalates_to",)
    search_fields = ("name", "slug", "description")
    autocomplete_fields = ("escalates_to", "members")
    # Its service level has a page of its own, which shows what a change means.
    fields = ("slug", "name", "description", "position", "escalates_to", "members")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("slug",) if obj else ()  # categories name a queue by its slug

    def has_delete_permission(self, request: HttpRequest, obj: Queue | None = None) -> bool:  # type: ignore[override]
        named = obj and (
            Category.objects.filter(queue=obj.slug).exists()
            or Agent.objects.filter(fallback_queue=obj.slug).exists()
        )
        return super().has_delete_permission(request, obj) and not named


@admin.register(Source)
class SourceAdmin(KeptWhileReferredTo):
    form = SourceForm
    list_display = ("name", "slug", "webhook_url", "is_demo")
    list_filter = ("is_demo",)
    search_fields = ("name", "slug", "webhook_url")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("slug",) if obj else ()


@admin.register(Agent)
class AgentAdmin(ModelAdmin):
    """What an agent is told. Agents come with the code: none is made or deleted here."""

    form = AgentForm
    list_display = ("name", "slug", "job", "metric")
    search_fields = ("name", "slug", "job")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    form = CategoryForm
    list_display = ("name", "slug", "agent", "queue", "description")
    list_select_related = ("agent",)
    list_filter = ("agent", "queue")
    search_fields = ("name", "slug", "description")
    autocomplete_fields = ("agent",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("agent", "slug") if obj else ()  # labels and items name a category by its slug


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "segment", "created_at")
    list_filter = ("segment", "created_at")
    search_fields = ("email", "name")


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "subject",
        "customer",
        "status",
        "queue",
        "category",
        "source",
        "received_at",
    )
    list_display_links = ("id", "subject")
    list_select_related = ("customer", "queue", "source")
    list_filter = ("status", "queue", "source", "received_at")
    search_fields = (
        "external_id",
        "subject",
        "customer__email",
        "customer__name",
    )


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("id", "ticket", "seq", "sender", "at")
    list_select_related = ("ticket",)
    list_filter = ("sender", "at")
    numbers = ("ticket_id",)
    search_fields = ("ticket__subject", "ticket__customer__email")
    computed = ("text",)

    @admin.display(description="text")
    def text(self, message: Message) -> str:
        return as_text(message.body)


@admin.register(TicketRun)
class TicketRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "ticket", "run", "upto_seq", "settled_at")
    list_select_related = ("ticket", "run")
    list_filter = (("settled_at", admin.EmptyFieldListFilter),)
    numbers = ("ticket_id", "run_id")
    search_fields = ("ticket__subject",)


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "ticket",
        "queue",
        "status",
        "category",
        "stated",
        "priority",
        "claimed_by",
        "opened_at",
        "decided_at",
    )
    list_select_related = ("ticket", "queue", "claimed_by")
    list_filter = ("status", "queue", "priority", "is_escalated", "opened_at")
    numbers = ("pk", "ticket_id")
    search_fields = ("ticket__subject", "ticket__customer__email", "category")
    hidden = ("claim_token",)
    computed = ("draft",)

    def view_on_site(self, item: ReviewItem) -> str:
        return reverse("item", args=[item.pk])

    @admin.display(description="confidence", ordering="confidence")
    def stated(self, item: ReviewItem) -> str:
        return _as_ratio(item.confidence)

    @admin.display(description="proposal's content")
    def draft(self, item: ReviewItem) -> str:
        return as_text(item.proposal)


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "item", "kind", "reviewer", "category", "created_at")
    list_select_related = ("item", "reviewer")
    list_filter = ("kind", "created_at")
    numbers = ("pk", "item_id")
    search_fields = ("reviewer__username", "reason")


@admin.register(Verdict)
class VerdictAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "item",
        "kind",
        "edit_operations",
        "words_kept",
        "succeeded",
        "reviewer",
        "created_at",
    )
    list_select_related = ("item", "reviewer")
    list_filter = ("kind", "succeeded", "created_at")
    numbers = ("pk", "item_id")
    search_fields = ("reviewer__username", "reason")
    computed = ("proposed_text", "final_text")

    @admin.display(description="words kept", ordering="words_kept_ratio")
    def words_kept(self, verdict: Verdict) -> str:
        return _as_ratio(verdict.words_kept_ratio)

    @admin.display(description="text as proposed")
    def proposed_text(self, verdict: Verdict) -> str:
        return as_text(verdict.proposed)

    @admin.display(description="text as sent")
    def final_text(self, verdict: Verdict) -> str:
        return as_text(verdict.final)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "ticket", "channel", "state", "attempts", "due_at", "sent_at")
    list_select_related = ("ticket",)
    list_filter = ("state", "channel", "due_at")
    numbers = ("pk", "ticket_id")
    search_fields = ("ticket__subject", "idempotency_key__exact")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "subject")
    list_filter = ("at",)
    search_fields = ("subject", "action", "actor_name")
    search_help_text = "What it was done to, such as reviewitem:12, what was done, or who did it."


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "scopes", "created_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name",)
    hidden = ("digest",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "token", "status", "created_at")
    list_select_related = ("token",)
    list_filter = ("created_at",)
    search_fields = ("key", "token__name")


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Django's own log of what was done in the administration."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag")
    list_select_related = ("user", "content_type")
    list_filter = ("action_flag", "action_time")
    search_fields = ("object_repr", "user__username")


def _as_ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
