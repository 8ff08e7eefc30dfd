"""How a run ended with people: who decided what about its item, and what became of the reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from review.edits import Comparison, compare
from review.items import drafted
from review.models import Delivery, ReviewItem, Verdict, VerdictKind


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A verdict with what it changed. waiting_since: when the item, or its revision, was there.

    comparison: None when nothing was sent, or one of the two texts is erased.
    """

    verdict: Verdict
    delivery: Delivery | None
    waiting_since: datetime
    had_draft: bool
    is_erased: bool
    comparison: Comparison | None

    @property
    def waited_ms(self) -> int:
        """How long it waited until this was decided."""
        return round((self.verdict.created_at - self.waiting_since).total_seconds() * 1000)

    @property
    def what(self) -> str:
        """What was decided, in a few words."""
        edits = self.verdict.edit_operations
        if self.verdict.kind == VerdictKind.REJECT:
            return "Rejected"
        if not self.had_draft:
            return "Written"
        if not edits:
            return "Countersigned without edits"
        return f"Countersigned with {edits} edit{'' if edits == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A run's item and its verdicts, oldest first."""

    item: ReviewItem
    decided: Sequence[Decided]

    @property
    def verdict(self) -> Decided | None:
        """The verdict that stands: none while the item is open, though one was undone."""
        is_closed = self.item.status == ReviewItem.Status.DECIDED
        return self.decided[-1] if self.decided and is_closed else None

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it will change any more."""
        moving = {Delivery.State.DUE, Delivery.State.SENDING}
        last = self.verdict.delivery if self.verdict else None
        is_open = self.item.status == ReviewItem.Status.OPEN
        return not is_open and (last is None or last.state not in moving)


def ending_of(run_id: int) -> Ending | None:
    """Return how the run ended with people, None while it has no item."""
    items = ReviewItem.objects.filter(run=run_id).select_related("queue", "claimed_by")
    item = items.order_by("-pk").first()  # of several questions the newest
    if item is None:
        return None
    verdicts = item.verdicts.select_related("reviewer", "proposed", "final", "delivery")
    decided: list[Decided] = []
    for verdict in verdicts.order_by("pk"):
        since = decided[-1].verdict.created_at if decided else item.opened_at
        decided.append(_decided(verdict, since))
    return Ending(item=item, decided=decided)


def _decided(verdict: Verdict, since: datetime) -> Decided:
    draft, final = drafted(verdict.proposed), verdict.final
    is_erased = verdict.proposed.content is None or (final is not None and final.content is None)
    return Decided(
        verdict=verdict,
        delivery=getattr(verdict, "delivery", None),
        waiting_since=since,
        had_draft=bool(draft) or verdict.proposed.content is None,
        is_erased=is_erased,
        comparison=compare(draft, str(final.content)) if final and not is_erased else None,
    )
