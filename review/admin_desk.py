"""What reviewers keep at hand and say to each other, in the administration."""

from django.contrib import admin

from observability.read_only import ModelAdmin, ReadOnlyAdmin, as_text
from review.models import (
    Attachment,
    AttachmentContent,
    BusinessHours,
    CarriedText,
    Comment,
    Holiday,
    Macro,
    Notification,
    Preferences,
    Redraft,
    SavedView,
    Signature,
    TicketVector,
    TicketWords,
    WorkingText,
)


@admin.register(Macro)
class MacroAdmin(ModelAdmin):
    list_display = ("name", "queue", "category", "owner", "updated_at")
    list_select_related = ("queue", "owner")
    list_filter = ("queue",)
    search_fields = ("name", "text")
    autocomplete_fields = ("queue", "owner")


@admin.register(BusinessHours)
class BusinessHoursAdmin(ReadOnlyAdmin):
    """Set on the page of the queue's service level."""

    list_display = ("queue", "weekday", "opens_at", "closes_at")
    list_select_related = ("queue",)
    list_filter = ("queue",)


@admin.register(Holiday)
class HolidayAdmin(ReadOnlyAdmin):
    """Set on the page of the queue's service level."""

    list_display = ("queue", "day", "name")
    list_select_related = ("queue",)
    list_filter = ("queue",)


@admin.register(WorkingText)
class WorkingTextAdmin(ReadOnlyAdmin):
    list_display = ("item", "saved_by", "saved_at")
    list_select_related = ("item", "saved_by")
    numbers = ("pk",)


@admin.register(CarriedText)
class CarriedTextAdmin(ReadOnlyAdmin):
    list_display = ("item", "written_by", "written_at", "looked_at")
    list_select_related = ("item", "written_by")
    numbers = ("pk",)


@admin.register(Redraft)
class RedraftAdmin(ReadOnlyAdmin):
    list_display = ("id", "item", "run", "asked_by", "created_at")
    list_select_related = ("item", "run", "asked_by")
    numbers = ("pk", "item_id", "run_id")
    computed = ("asked",)

    @admin.display(description="what was asked")
    def asked(self, redraft: Redraft) -> str:
        return as_text(redraft.instruction)


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin):
    list_display = ("user", "queue", "text")
    list_select_related = ("user", "queue")
    search_fields = ("user__username",)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "is_shared", "query")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")


@admin.register(Preferences)
class PreferencesAdmin(ReadOnlyAdmin):
    list_display = ("user", "density")
    list_select_related = ("user",)


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("id", "ticket", "author", "created_at")
    list_select_related = ("ticket", "author")
    numbers = ("pk", "ticket_id")
    computed = ("text",)

    @admin.display(description="text")
    def text(self, comment: Comment) -> str:
        return as_text(comment.body)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "kind", "text", "created_at", "read_at")
    list_select_related = ("user",)
    list_filter = ("kind",)
    search_fields = ("user__username",)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "content_type", "size", "created_at")
    list_filter = ("created_at",)
    numbers = ("pk", "item_id")
    search_fields = ("name", "sha256")


@admin.register(AttachmentContent)
class AttachmentContentAdmin(ReadOnlyAdmin):
    """That the bytes are here or were erased; a page never shows them."""

    list_display = ("attachment", "erased_at")
    list_select_related = ("attachment",)
    hidden = ("data",)


@admin.register(TicketWords)
class TicketWordsAdmin(ReadOnlyAdmin):
    list_display = ("ticket",)
    list_select_related = ("ticket",)


@admin.register(TicketVector)
class TicketVectorAdmin(ReadOnlyAdmin):
    list_display = ("ticket",)
    list_select_related = ("ticket",)
    hidden = ("vector",)
