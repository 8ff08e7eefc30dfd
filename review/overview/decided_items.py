"""The decided items behind a figure, newest first, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F, Q, QuerySet

from agents.models import Category
from review.models import Delivery, ReviewItem, Verdict, VerdictKind
from review.overview import words
from review.overview.period import Period
from review.overview.quality import category_name

PAGE = 50
SENT = ~Q(kind=VerdictKind.REJECT) & Q(item__kind=ReviewItem.Kind.DRAFT)
DRAFTED = Q(succeeded__isnull=False)


@dataclass(frozen=True)
class Outcome:
    """What an address may ask for, how the page names it, and what that means."""

    title: str
    condition: Q
    meaning: str = ""


OUTCOMES: Mapping[str, Outcome] = {
    "decided": Outcome("decided items", Q()),
    "drafts": Outcome("decided drafts", DRAFTED, "Items that had a draft to judge."),
    "succeeded": Outcome(
        "drafts that succeeded",
        Q(succeeded=True),
        "Sent with fewer than three edits and at least half of their words.",
    ),
    "failed": Outcome(
        "drafts that failed",
        Q(succeeded=False),
        "Rejected, or sent with three or more edits or under half of their words.",
    ),
    "edited": Outcome(
        "drafts edited much",
        Q(succeeded=False) & SENT,
        "Sent with three or more edits or under half of their words.",
    ),
    "under-3-edits": Outcome(
        "drafts with under three edits",
        DRAFTED & Q(edit_operations__lt=3, item__is_correction=False),
        "Sent with fewer than three edits, however many of their words were kept.",
    ),
    "sent": Outcome("replies", SENT),
}


@dataclass(frozen=True, kw_only=True)
class DecidedItem:
    """One verdict in force, with its category's name."""

    verdict: Verdict
    category: str

    @property
    def outcome(self) -> str:
        """What became of the draft."""
        if self.verdict.succeeded is None:
            return "There was none"
        if self.verdict.succeeded:
            return "Succeeded"
        if self.verdict.item.is_correction:
            return "Corrected after it was sent"
        return "Rejected" if self.verdict.kind == VerdictKind.REJECT else "Edited much"

    @property
    def kept(self) -> str:
        """The share of the draft's words that were sent."""
        kept = self.verdict.words_kept_ratio
        return "–" if kept is None or self.verdict.succeeded is None else words.percent(kept)

    @property
    def took(self) -> str:
        """How long the ticket had been there when it was decided."""
        took = self.verdict.created_at - self.verdict.item.ticket.received_at
        return words.duration(took.total_seconds())


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of decided items. after: what asks for the next one, empty on the last."""

    title: str
    meaning: str
    items: Sequence[DecidedItem]
    after: str


def in_force() -> QuerySet[Verdict]:
    """Return the verdicts that count: of their decided item's revision, and not undone."""
    return Verdict.objects.filter(
        item__status=ReviewItem.Status.DECIDED, revision=F("item__revision"), action=0
    ).exclude(delivery__state=Delivery.State.UNDONE)


def decided_items(
    period: Period, *, outcome: str = "", category: str | None = None, after: str = ""
) -> Page:
    """Return the items decided in the period with this outcome, newest first.

    category: None for all. after: of the page before (keyset: a new verdict shifts nothing).
    """
    asked = OUTCOMES.get(outcome, OUTCOMES["decided"])
    verdicts = in_force().filter(
        asked.condition, item__decided_at__gte=period.start, item__decided_at__lt=period.end
    )
    if category is not None:
        verdicts = verdicts.filter(item__ticket__category=category)
    if (last := _key(after)) is not None:
        moment, pk = last
        verdicts = verdicts.filter(
            Q(item__decided_at__lt=moment) | Q(item__decided_at=moment, pk__lt=pk)
        )
    found = list(
        verdicts.select_related("item__ticket__customer", "reviewer").order_by(
            "-item__decided_at", "-pk"
        )[: PAGE + 1]
    )
    names = dict(Category.objects.values_list("slug", "name"))
    return Page(
        title=asked.title + (f" of “{category_name(category, names)}”" if category else ""),
        meaning=asked.meaning,
        items=[
            DecidedItem(verdict=one, category=category_name(one.item.ticket.category, names))
            for one in found[:PAGE]
        ],
        after=_after(found[PAGE - 1]) if len(found) > PAGE else "",
    )


def _after(verdict: Verdict) -> str:
    return f"{verdict.item.decided_at:%Y-%m-%dT%H:%M:%S.%f}_{verdict.pk}"


def _key(after: str) -> tuple[datetime, int] | None:
    """Return the time and id that `after` names; None when it names none."""
    moment, _, pk = after.partition("_")
    try:
        at = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (at, int(pk)) if pk.isdecimal() and len(pk) < 19 else None
