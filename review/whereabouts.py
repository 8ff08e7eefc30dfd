"""What became of items that have left somebody's list, in a few words each."""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.timezone import localtime

from review.models import ReviewItem, Verdict

MOST = 100
DONE = {
    "approve": "sent it",
    "edit": "edited and sent it",
    "reject": "rejected it",
    "respond": "answered the agent",
}
ENDED = {
    ReviewItem.Status.SUPERSEDED: "A newer message has come in",
    ReviewItem.Status.EXPIRED: "It has expired",
    ReviewItem.Status.CANCELLED: "It was withdrawn",
}


def whereabouts(user: User, ids: Iterable[int]) -> Mapping[int, str]:
    """Return what became of each item, of up to MOST of them, in three queries.

    Of an item the person may no longer see, only that it has left their queues.
    """
    asked = list(ids)[:MOST]
    items = (
        ReviewItem.objects.visible_to(user)
        .filter(pk__in=asked)
        .select_related("claimed_by", "assigned_to", "queue")
        .in_bulk()
    )
    verdicts = {
        (verdict.item_id, verdict.revision): verdict
        for verdict in Verdict.objects.filter(item__in=items).select_related("reviewer")
    }
    found = dict.fromkeys(asked, "It has left your queues")
    for pk, item in items.items():
        found[pk] = _became_of(item, verdicts.get((pk, item.revision)), user)
    return found


def _became_of(item: ReviewItem, verdict: Verdict | None, user: User) -> str:
    if item.status == ReviewItem.Status.DECIDED:
        kind = verdict.kind if verdict else ""
        who = _who(verdict.reviewer if verdict else None, user)
        return f"{who} {DONE.get(kind, 'decided it')}"
    if item.status in ENDED:
        return ENDED[ReviewItem.Status(item.status)]
    now = timezone.now()
    if item.snoozed_until and item.snoozed_until > now:
        return f"Snoozed until {localtime(item.snoozed_until):%a %H:%M}"
    if item.claimed_by and item.claim_expires_at and item.claim_expires_at > now:
        return f"{_who(item.claimed_by, user)} took it"
    if item.assigned_to:
        return f"Handed to {'you' if item.assigned_to == user else _name(item.assigned_to)}"
    return f"Now in {item.queue.name}"


def _who(person: User | None, user: User) -> str:
    return "You" if person == user else _name(person)


def _name(person: User | None) -> str:
    return (person.get_full_name() or person.get_username()) if person else "Somebody"
