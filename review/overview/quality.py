"""What became of drafts, in all and category by category."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.evals.models import OUT_OF_SCOPE
from review.overview import words
from review.overview.counts import Calls, Decided, Replies
from review.overview.statistics import Share, difference_p, holm

# Fewer drafts than this on either side, and a category is not tested: it could show nothing.
LEAST_TESTED = 5


def category_name(slug: str, names: Mapping[str, str]) -> str:
    """Return a category's name as a person reads it. names: by slug."""
    if slug == OUT_OF_SCOPE:
        return "Out of scope"
    return names.get(slug, slug) or "Not classified"


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What became of drafts. decided: verdicts; the shares are of those that had a draft."""

    decided: int
    sent: int
    success: Share
    under_3_edits: Share
    edited: Share

    @classmethod
    def of(cls, rows: Iterable[Decided]) -> "Quality":
        """Return the rows' counts together."""
        rows = list(rows)
        drafts = sum(row.drafts for row in rows)
        sent_drafts = sum(row.sent_drafts for row in rows)
        good = sum(row.sent_as_success for row in rows)
        return cls(
            decided=sum(row.decided for row in rows),
            sent=sum(row.sent for row in rows),
            success=Share(part=sum(row.succeeded for row in rows), whole=drafts),
            under_3_edits=Share(part=sum(row.under_3_edits for row in rows), whole=sent_drafts),
            edited=Share(part=sent_drafts - good, whole=sent_drafts),
        )


@dataclass(frozen=True, kw_only=True)
class CategoryFigures:
    """One category in the period, and before it.

    edited_p: how likely so different edit rates are by chance, corrected for how many categories
    were tested; None where there are too few drafts to test.
    """

    slug: str
    name: str
    now: Quality
    before: Quality
    replies: Replies | None
    calls: Calls | None
    edited_p: float | None

    @property
    def cost(self) -> str:
        """Model cost a reply that left: an amount, `none` for local calls, `unpriced`, or `–`."""
        if self.calls is None or self.replies is None:
            return "–"
        if self.calls.unpriced:
            return "unpriced"
        if self.calls.local == self.calls.calls:
            return "none"
        return words.usd(self.calls.cost_usd / self.replies.replies)

    @property
    def first_reply(self) -> str:
        """Median time to a ticket's first reply, of those that got it in the period."""
        return words.duration(self.replies.first_median_s if self.replies else None)

    @property
    def edited_more(self) -> bool:
        return (self.now.edited.ratio or 0) > (self.before.edited.ratio or 0)


def edited_chances(pairs: Mapping[str, tuple[Quality, Quality]]) -> dict[str, float]:
    """Return the corrected p-value of each category that has enough drafts to be tested."""
    tested = [
        slug
        for slug, (now, before) in pairs.items()
        if min(now.edited.whole, before.edited.whole) >= LEAST_TESTED
    ]
    chances = [difference_p(pairs[slug][0].edited, pairs[slug][1].edited) for slug in tested]
    return dict(zip(tested, holm(chances), strict=True))
