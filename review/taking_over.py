"""Taking an item from the colleague who holds it, who is told at once."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from review import audit
from review.claims import claim, refuse_if_ended
from review.models import Notification, ReviewItem, Ticket, WorkingText
from review.notifications import name_of, notify


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """An item that changed hands. former: who held it until now; None when it was free."""

    item: ReviewItem
    former: User | None


@transaction.atomic
def take_over(item_id: int, user: User) -> TakenOver:
    """Return the item, held by the user under a new token; what was written on it stays with it.

    Locks the ticket, then the item. Raises AlreadyDecided, Superseded or Withdrawn.
    """
    ticket_id = ReviewItem.objects.values_list("ticket_id", flat=True).get(pk=item_id)
    Ticket.objects.select_for_update().get(pk=ticket_id)
    item = (
        ReviewItem.objects.select_related("queue").select_for_update(of=("self",)).get(pk=item_id)
    )
    refuse_if_ended(item)
    former = _holder(item)
    if former is None or former == user:
        return TakenOver(item=claim(item, user), former=None)
    now = timezone.now()
    since = item.held_since
    item.claimed_by = user
    item.claim_token = uuid.uuid4()
    item.claimed_at = now
    item.claim_expires_at = now + timedelta(seconds=settings.CLAIM_TTL_S)
    item.save(update_fields=["claimed_by", "claim_token", "claimed_at", "claim_expires_at"])
    detail = {"from": name_of(former), "since": since}
    audit.record(user, "item.taken_over", item, before=item.digest, **detail)
    said = f"{name_of(user)} has taken an item over from you; your text went along."
    notify(former, Notification.Kind.TAKEN_OVER, item, said, actor=user)
    return TakenOver(item=item, former=former)


def last_typed_at(item: ReviewItem) -> datetime | None:
    """Return when the item's holder last wrote on it, None when they have not."""
    working: WorkingText | None = getattr(item, "working", None)
    return working.saved_at if working and working.saved_by_id == item.claimed_by_id else None


def was_taken_from(item: ReviewItem, user: User) -> bool:
    """Whether the person lost the item to the colleague who holds it, and not to time."""
    if item.claimed_at is None:
        return False
    return Notification.objects.filter(
        user=user,
        item=item,
        kind=Notification.Kind.TAKEN_OVER,
        actor=item.claimed_by,
        created_at__gte=item.claimed_at,
    ).exists()


def _holder(item: ReviewItem) -> User | None:
    now = timezone.now()
    in_force = item.claim_expires_at is not None and item.claim_expires_at > now
    return item.claimed_by if in_force else None
