"""Claims: fenced leases on items. A claim has a token; a later claim's token voids it."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from observability.rows import ask, columns, instances
from review import audit
from review.errors import AlreadyDecided, ClaimedByAnother, ClaimLost, Superseded, Withdrawn
from review.items import store_working_text
from review.models import ReviewItem

# What a person may take: awake, nobody's, and not the one they were the first of two to judge.
FREE = """
    item.status = 'open'
    AND (item.claimed_by_id IS NULL OR item.claim_expires_at <= %(now)s)
    AND (item.snoozed_until IS NULL OR item.snoozed_until <= %(now)s)
    AND (item.assigned_to_id IS NULL OR item.assigned_to_id = %(user)s)
    AND NOT (item.needs_second AND (
        -- Not EXISTS: that may be planned as a hash of all the person ever said.
        SELECT true FROM review_assessment said WHERE said.item_id = item.id
            AND said.revision = item.revision AND said.reviewer_id = %(user)s LIMIT 1) IS TRUE)
"""
# The first of each queue are read off the index item_next, merged, and tried one by one: what a
# colleague's Next has locked is passed over, what they have just taken no longer matches FREE.
TAKE = f"""
WITH held AS MATERIALIZED (
    SELECT * FROM review_reviewitem
    WHERE status = 'open' AND claimed_by_id = %(user)s AND claim_expires_at > %(now)s
    ORDER BY priority DESC, due_at, id LIMIT %(most_held)s
), taken AS (
    UPDATE review_reviewitem SET claimed_by_id = %(user)s, claim_token = %(token)s,
        claim_expires_at = %(expires_at)s, claimed_at = %(now)s, snoozed_until = NULL
    WHERE NOT EXISTS (SELECT FROM held) AND id = (
        SELECT item.id
        FROM (
            SELECT first.*
            FROM (SELECT id FROM review_queue WHERE %(sees_all)s OR id IN (
                SELECT queue_id FROM review_queue_members WHERE user_id = %(user)s)) queue
            CROSS JOIN LATERAL (
                SELECT item.id, item.priority, item.due_at FROM review_reviewitem item
                WHERE item.queue_id = queue.id AND {FREE}
                ORDER BY item.priority DESC, item.due_at, item.id LIMIT 10
            ) first
            UNION ALL
            SELECT item.id, item.priority, item.due_at FROM review_reviewitem item
            WHERE item.assigned_to_id = %(user)s AND {FREE}
        ) first
        JOIN review_reviewitem item ON item.id = first.id
        WHERE {FREE} AND item.id <> %(but)s
        ORDER BY first.priority DESC, first.due_at, first.id
        LIMIT 1 FOR UPDATE OF item SKIP LOCKED
    )
    RETURNING *
), told AS (
    INSERT INTO review_auditentry (actor_id, actor_name, action, subject, before, after, detail, at)
    SELECT %(user)s, %(name)s, 'item.claimed', 'reviewitem:' || id, digest, '', '{{}}', %(now)s
    FROM taken
)
SELECT {columns(ReviewItem, "held")}, true FROM held
UNION ALL SELECT {columns(ReviewItem, "taken")}, false FROM taken
"""  # noqa: S608 - made of constants
# For when more colleagues than that ask at the same instant.
TAKE_ANY = TAKE.replace("LIMIT 10", "")


@transaction.atomic
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
    audit.record(user, "item.claimed", item, before=item.digest)
    return item


def claim_next(user: User) -> ReviewItem | None:
    """Return the most urgent item the person may take, claimed; None when nothing is waiting.

    One statement. Two people who ask at once get two items.
    """
    item, _ = _next(user, most_held=0)
    return item


def held_or_next(user: User, *, but: int = 0) -> tuple[ReviewItem | None, bool]:
    """Return what `claim_next` does, or the item the person holds already, and whether they do.

    but: an item they have just handed on.
    """
    return _next(user, most_held=1, but=but)


def _next(user: User, *, most_held: int, but: int = 0) -> tuple[ReviewItem | None, bool]:
    now = timezone.now()
    values = {
        "user": user.pk,
        "but": but,
        "most_held": most_held,
        "name": user.get_username(),
        "token": uuid.uuid4(),
        "now": now,
        "expires_at": now + timedelta(seconds=settings.CLAIM_TTL_S),
        "sees_all": user.has_perm("review.view_every_queue"),
    }
    rows = ask(TAKE, values) or ask(TAKE_ANY, values)
    if not rows:
        return None, False
    item: ReviewItem
    (item,) = instances(rows[0], ReviewItem)
    return item, bool(rows[0][-1])


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
        audit.record(user, "item.released", item, before=item.digest, since=item.held_since)
    return released


def require_claim(item: ReviewItem, user: User, token: uuid.UUID) -> None:
    """Return if the user holds the (locked) item under this token. Raises what stands against."""
    refuse_if_ended(item)
    if not item.is_held_by(user.pk, timezone.now()) or item.claim_token != token:
        raise ClaimLost


def refuse_if_ended(item: ReviewItem) -> None:
    """Return if the item is open. Raises Superseded, Withdrawn or AlreadyDecided."""
    if item.status == ReviewItem.Status.SUPERSEDED:
        raise Superseded
    if item.status == ReviewItem.Status.CANCELLED:
        raise Withdrawn
    if item.status != ReviewItem.Status.OPEN:
        raise AlreadyDecided
