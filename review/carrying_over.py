"""What becomes of a person's claim and text when the customer writes again meanwhile.

The item they worked on is superseded, and another opens once the agent has read the whole
conversation. Claim and text move to it, and nothing is sent from it before somebody has looked at
that text beside the new draft.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from review import audit
from review.actions import one_form
from review.claims import require_claim
from review.errors import NotLookedAt
from review.items import draft_text
from review.models import (
    CarriedText,
    Delivery,
    Notification,
    ReviewItem,
    Ticket,
    VerdictKind,
    WorkingText,
)
from review.notifications import name_of, notify

Choice = Literal["mine", "new", "both"]
OVERTAKEN = "A newer message arrived before it left."


def carry_over(item: ReviewItem) -> None:
    """Give the just opened item what was under way on the one before it, in the caller's lock.

    Under way is a claim in force on a superseded item, or a reply that was stopped before it left.
    """
    last = (
        ReviewItem.objects.filter(ticket=item.ticket_id, pk__lt=item.pk, kind=ReviewItem.Kind.DRAFT)
        .select_related("claimed_by", "working__saved_by", "proposal")
        .order_by("-pk")
        .first()
    )
    if last is None:
        return
    if last.status == ReviewItem.Status.SUPERSEDED:
        _carry_claim(last, item)
    elif last.status == ReviewItem.Status.DECIDED:
        _carry_stopped_reply(last, item)


@transaction.atomic
def bring(old_id: int, user: User, text: str) -> ReviewItem | None:
    """Return the draft that took the old item's place, with the person's text beside its draft.

    text: as it stands in their editor. It comes along while they hold the item and have neither
    chosen nor written on it; None when there is no such item yet.
    """
    old = ReviewItem.objects.select_related("proposal").get(pk=old_id)
    Ticket.objects.select_for_update().get(pk=old.ticket_id)
    item = (
        ReviewItem.objects.open()
        .filter(ticket=old.ticket_id, pk__gt=old.pk, kind=ReviewItem.Kind.DRAFT)
        .select_related("proposal", "carried", "working")
        .order_by("-pk")
        .first()
    )
    if item is None or not item.is_held_by(user.pk, timezone.now()):
        return item
    carried = carried_to(item)
    has_chosen = carried is not None and carried.looked_at is not None
    if not has_chosen and not hasattr(item, "working"):
        _carry_text(old, item, one_form(text), user)
    return item


@transaction.atomic
def choose(item_id: int, user: User, token: uuid.UUID, choice: Choice) -> ReviewItem:
    """Return the item with the text that was chosen in its editor; now it can be sent.

    `both` starts from the new draft and keeps the other text in view. Raises what `require_claim`
    does.
    """
    item = ReviewItem.objects.select_for_update().get(pk=item_id)
    require_claim(item, user, token)
    carried = CarriedText.objects.filter(item=item).first()
    if carried is None:
        return item
    if choice == "mine":
        WorkingText.objects.update_or_create(
            item=item,
            defaults={"text": carried.text, "choices": {}, "saved_by": carried.written_by},
        )
    if choice == "both":
        carried.looked_at = timezone.now()
        carried.save(update_fields=["looked_at"])
    else:
        carried.delete()
    audit.record(user, "item.looked_at", item, before=item.digest, choice=choice)
    return item


def require_looked_at(item: ReviewItem) -> None:
    """Return if somebody has looked at what was carried to the item. Raises NotLookedAt."""
    carried = carried_to(item)
    if carried is not None and carried.looked_at is None:
        raise NotLookedAt


def carried_to(item: ReviewItem) -> CarriedText | None:
    """Return the text that came along to the item, None when there is none or it was let go."""
    carried: CarriedText | None = getattr(item, "carried", None)
    return carried


def tell_of_stopped(deliveries: Sequence[Delivery], *, by_customer: bool) -> list[int]:
    """Return the ids of those whose replies a newer message stopped, once they are notified."""
    replies = [one.verdict for one in deliveries if one.kind == Delivery.Kind.REPLY]
    what = "The customer wrote again" if by_customer else "The ticket was answered elsewhere"
    for verdict in replies:
        said = f"{what} before your reply left, so it was not sent."
        notify(verdict.reviewer, Notification.Kind.RETURNED, verdict.item, said)
    return [verdict.reviewer_id for verdict in replies]


def _carry_claim(old: ReviewItem, item: ReviewItem) -> None:
    now = timezone.now()
    person = old.claimed_by
    if person is None or not old.is_held_by(person.pk, now):
        return
    item.claimed_by = person
    item.claim_token = uuid.uuid4()
    item.claimed_at = now
    item.claim_expires_at = now + timedelta(seconds=settings.CLAIM_TTL_S)
    item.save(update_fields=["claimed_by", "claim_token", "claimed_at", "claim_expires_at"])
    audit.record(None, "item.carried_over", item, after=item.digest, to=name_of(person))
    working: WorkingText | None = getattr(old, "working", None)
    if working is not None:
        _carry_text(old, item, working.text, working.saved_by)


def _carry_stopped_reply(old: ReviewItem, item: ReviewItem) -> None:
    # A correction that was stopped is closed, so its revision is no longer the item's.
    newest = old.verdicts.filter(action=0).order_by("-revision").values("pk")[:1]
    stopped = (
        Delivery.objects.filter(verdict__in=newest, kind=Delivery.Kind.REPLY, detail=OVERTAKEN)
        .select_related("verdict__assessment__text", "verdict__reviewer")
        .first()
    )
    if stopped is None:
        return
    verdict = stopped.verdict
    said = verdict.assessment.text  # what leaves has the signature below it
    if verdict.kind == VerdictKind.EDIT and said is not None:
        _carry_text(old, item, str(said.content or ""), verdict.reviewer)
    Notification.objects.filter(kind=Notification.Kind.RETURNED, item=old).update(item=item)


def _carry_text(old: ReviewItem, item: ReviewItem, text: str, writer: User) -> None:
    """Lay the text beside the item's draft, unless it says what one of the two drafts says."""
    if not text or text in {one_form(draft_text(old)), one_form(draft_text(item))}:
        return
    CarriedText.objects.update_or_create(
        item=item,
        defaults={
            "text": text,
            "written_by": writer,
            "written_at": timezone.now(),
            "upto_seq": old.upto_seq,
            "looked_at": None,
        },
    )
