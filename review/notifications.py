"""What one person should know: they were mentioned, handed an item, or something came back."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from review.models import Notification, ReviewItem

NEWEST = 100


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A notification on its page. item: None once the person may not see it any more."""

    notification: Notification
    item: ReviewItem | None


def notify(
    user: User, kind: Notification.Kind, item: ReviewItem, text: str, *, actor: User | None = None
) -> Notification:
    """Return the stored notification. text: a sentence that names no customer and quotes nobody."""
    return Notification.objects.create(user=user, kind=kind, item=item, actor=actor, text=text)


def name_of(person: User) -> str:
    """Return the name a colleague knows them by."""
    return person.get_full_name() or person.get_username()


def unread_count(user: User) -> int:
    """Return how many the person has not opened."""
    return Notification.objects.filter(user=user, read_at=None).count()


def newest(user: User) -> Sequence[Listed]:
    """Return the person's newest notifications, newest first."""
    found = list(Notification.objects.filter(user=user).order_by("-pk")[:NEWEST])
    items = (
        ReviewItem.objects.visible_to(user)
        .select_related("ticket", "queue")
        .distinct()
        .in_bulk({notification.item_id for notification in found})
    )
    return [Listed(notification=one, item=items.get(one.item_id)) for one in found]


def read(user: User, notification_id: int) -> Notification | None:
    """Return the person's notification, read from now on; None when they have no such one."""
    found = Notification.objects.filter(user=user, pk=notification_id).first()
    if found is not None and found.read_at is None:
        found.read_at = timezone.now()
        found.save(update_fields=["read_at"])
    return found


def read_all(user: User) -> int:
    """Return how many were unread; none is from now on."""
    return Notification.objects.filter(user=user, read_at=None).update(read_at=timezone.now())
