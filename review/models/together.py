"""What colleagues say to each other about a ticket."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from review.models.items import ReviewItem
from review.models.tickets import ReviewPayload, Ticket


class Comment(models.Model):
    """An internal word on a ticket; no customer ever sees it. Append-only."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    body = models.ForeignKey(ReviewPayload, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"comment on ticket {self.ticket_id}"


class CarriedText(models.Model):
    """What somebody had written on the item that this one replaces, when the customer wrote again.

    Nothing is sent from the item before somebody has looked at both texts. It goes away with the
    choice of one of them, or with the verdict.
    """

    item = models.OneToOneField(
        ReviewItem, on_delete=models.CASCADE, primary_key=True, related_name="carried"
    )
    text = models.TextField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField()
    upto_seq = models.PositiveIntegerField(
        help_text="The newest message its writer had before them."
    )
    looked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"text carried to item {self.item_id}"


class Notification(models.Model):
    """Something that one person should know. `text` names no customer and quotes nobody."""

    class Kind(models.TextChoices):
        MENTIONED = "mentioned", "Mentioned"
        ASSIGNED = "assigned", "Handed to you"
        TAKEN_OVER = "taken_over", "Taken over"
        RETURNED = "returned", "Came back to you"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    text = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"
            ),
            models.Index(fields=["user", "-id"], name="notification_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
