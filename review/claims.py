"""Claims: fenced leases on items. A claim has a token; a later claim's token voids it."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from review.errors import AlreadyDecided, ClaimedByAnother, ClaimLost, Superseded
from review.items import store_working_text
from review.models import ReviewItem


def claim(item: ReviewItem, user: User) -> ReviewItem:
    """Return the item, held by the user from now on; one of many who ask at once gets it.

    The holder's own repeated claim keeps its token and runs anew. Raises ClaimedByAnother,
    AlreadyDecided or Superseded.
    """
    now = timezone.now()
    expires_at = now + timedelta(seconds=settings.CLAIM_TTL_S)
    if renew(item.pk, user, item.claim_token):
        item.refresh_from_db()
        return item
    won = (
        ReviewItem.objects.open()
        .free_for(user, now)
        .filter(pk=item.pk)
        .update(
            claimed_by=user,
            claim_token=uuid.uuid4(),
            claim_expires_at=expires_at,
            claimed_at=now,
            snoozed_until=None,
        )
    )
    item.refresh_from_db()
    if not won:
        refuse_if_ended(item)
        raise ClaimedByAnother
    return item


@transaction.atomic
def claim_next(user: User) -> ReviewItem | None:
    """Return the most urgent item the person may take, claimed; None when nothing is waiting.

    SKIP LOCKED: two people who ask at once get two items.
    """
    now = timezone.now()
    item = (
        ReviewItem.objects.open()
        .visible_to(user)
        .awake(now)
        .filter(Q(assigned_to__isnull=True) | Q(assigned_to=user))
        .exclude(claim_expires_at__gt=now)
        .in_order()
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    return claim(item, user) if item else None


def renew(item_id: int, user: User, token: uuid.UUID | None) -> bool:
    """Extend the claim while it is in force; return whether it was."""
    now = timezone.now()
    expires_at = now + timedelta(seconds=settings.CLAIM_TTL_S)
    return bool(
        token
        and ReviewItem.objects.open()
        .filter(pk=item_id, claimed_by=user, claim_token=token, claim_expires_at__gt=now)
        .update(claim_expires_at=expires_at)
    )


@transaction.atomic
def release(item: ReviewItem, user: User, token: uuid.UUID, *, text: str = "") -> bool:
    """Give the item back with what was written so far; return whether this claim still held it."""
    released = bool(
        ReviewItem.objects.open()
        .filter(pk=item.pk, claimed_by=user, claim_token=token)
        .update(claimed_by=None, claim_token=None, claim_expires_at=None, claimed_at=None)
    )
    if released:
        store_working_text(item, user, text)
    return released


def require_claim(item: ReviewItem, user: User, token: uuid.UUID) -> None:
    """Return if the user holds the (locked) item under this token. Raises what stands against."""
    refuse_if_ended(item)
    if not item.is_held_by(user.pk, timezone.now()) or item.claim_token != token:
        raise ClaimLost


def refuse_if_ended(item: ReviewItem) -> None:
    """Return if the item is open. Raises Superseded or AlreadyDecided."""
    if item.status == ReviewItem.Status.SUPERSEDED:
        raise Superseded
    if item.status != ReviewItem.Status.OPEN:
        raise AlreadyDecided
