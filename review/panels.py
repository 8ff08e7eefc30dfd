"""What the panels of the item's actions offer: people, queues, times, reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from review.forms import REJECT_REASONS
from review.handing import Later, colleagues, laters
from review.models import ReviewItem
from review.service.levels import zone_called


@dataclass(frozen=True, kw_only=True)
class Panels:
    """people: who may be handed the item; above: to whom it may be escalated.

    zone: the queue's time zone, by whose clock times are read.
    """

    people: Sequence[User]
    above: Sequence[User]
    laters: Sequence[Later]
    earliest: datetime
    zone: str
    reasons: Sequence[tuple[str, str]] = REJECT_REASONS


def panels_of(item: ReviewItem, user: User, now: datetime) -> Panels:
    """Return what the panels offer the item's holder, in one query."""
    zone = zone_called(item.queue.time_zone)
    others = colleagues(item.queue, user)
    return Panels(
        people=[user, *(one.user for one in others if one.sees_queue)],
        above=[one.user for one in others if one.sees_above],
        laters=laters(now, zone),
        earliest=now,
        zone=str(zone),
    )
