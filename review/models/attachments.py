"""Files that came with a message or go out with a reply."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from review.models.items import ReviewItem, Verdict
from review.models.tickets import Message


class Attachment(models.Model):
    """A file: of a message that came in or left, or laid ready on an item for its reply."""

    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    item = models.ForeignKey(
        ReviewItem, on_delete=models.CASCADE, null=True, related_name="attachments"
    )
    verdict = models.ForeignKey(
        Verdict,
        on_delete=models.PROTECT,
        null=True,
        related_name="attachments",
        help_text="The verdict that sends it; none while it is laid ready.",
    )
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120, default="application/octet-stream")
    size = models.PositiveIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(message__isnull=False) | Q(item__isnull=False),
                name="attachment_has_a_place",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AttachmentContent(models.Model):
    """An attachment's bytes, apart so that no list loads them; null once erased."""

    attachment = models.OneToOneField(
        Attachment, on_delete=models.CASCADE, primary_key=True, related_name="content"
    )
    data = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"content of attachment {self.attachment_id}"
