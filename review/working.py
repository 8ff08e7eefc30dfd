"""What a reviewer is writing, saved while they type, under the fence of their claim."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from agents.results import RunResult
from review.actions import LONGEST_REPLY, one_form
from review.claims import require_claim
from review.corrections import Corrections, found_fields
from review.errors import ReplyTooLong
from review.items import draft_text, working_text
from review.models import ReviewItem, WorkingText


@transaction.atomic
def save(
    item_id: int, reviewer: User, claim_token: uuid.UUID, *, text: str, corrections: Corrections
) -> WorkingText | None:
    """Return what is kept of text and choices; None when they stand as the agent proposed them.

    Raises ReplyTooLong, ClaimLost, AlreadyDecided or Superseded; nothing is changed then.
    """
    text = one_form(text)
    if len(text) > LONGEST_REPLY:
        raise ReplyTooLong
    item = (
        ReviewItem.objects.select_related("proposal", "queue", "run__result")
        .select_for_update(of=("self",))
        .get(pk=item_id)
    )
    require_claim(item, reviewer, claim_token)
    content = item.run.result.content if item.run.result else None
    choices = corrections.changed(
        item, found_fields(RunResult.from_json(content) if content else None)
    )
    earlier = WorkingText.objects.filter(item=item).values_list("choices", flat=True).first()
    if earlier and "answers" in earlier:
        choices["answers"] = earlier["answers"]
    written = working_text(item, text)
    if written is None:
        choices.pop("edit_reason", None)  # there is nothing it could be the reason of
    if written is None and not choices:
        WorkingText.objects.filter(item=item).delete()
        return None
    kept = {"text": written or draft_text(item), "choices": choices, "saved_by": reviewer}
    working, _ = WorkingText.objects.update_or_create(item=item, defaults=kept)
    return working


def saved_choices(item: ReviewItem) -> Mapping[str, Any]:
    """Return the choices that were saved on the item beside its text."""
    working: WorkingText | None = getattr(item, "working", None)
    return working.choices if working else {}
