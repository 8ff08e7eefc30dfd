"""What stands around the text while a reply is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from agents.results import RunResult
from review.corrections import Chosen, EditReason, chosen
from review.models import Queue, ReviewItem
from review.signatures import signature_of


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The choices beside the text and what will stand under it.

    queues: those the ticket could belong to. reasons: with their place, from 1.
    """

    chosen: Chosen
    queues: Sequence[Queue]
    signature: str
    reasons: Sequence[tuple[int, EditReason]]


def desk_of(
    item: ReviewItem,
    user: User,
    result: RunResult | None,
    saved: Mapping[str, Any],
    *,
    is_mine: bool,
) -> Desk:
    """Return the desk; what only the holder of the item uses is looked up for them alone.

    saved: the choices that differ from the proposal, as `Corrections.changed` gives them.
    """
    return Desk(
        chosen=chosen(item, result, saved),
        queues=list(Queue.objects.only("slug", "name")) if is_mine else [],
        signature=signature_of(user, item.queue) if is_mine else "",
        reasons=list(enumerate(EditReason, start=1)),
    )
