"""The figures: how often the right reply was chosen, and how far it is from what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from review.draft_quality.answers import Answer
from review.draft_quality.corpus import Case
from review.edits import Comparison, compare


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One way's figures over the cases that have a right reply; None where nothing was measured.

    right_reply_ratio: the past reply, or one of its group, is the right one. right_article_ratio:
    the main article of the right reply is cited. right_ratio: one or the other;
    right_of_drafts_ratio: of the cases with a draft, like edits_median and words_kept_ratio, which
    hold it against the reference. under_3_edits_ratio and
    succeeded_ratio: of all cases; one without a draft has not succeeded. left_alone_ratio: of the
    cases out of scope, those without a draft.
    """

    cases: int
    category_ratio: float | None
    right_ratio: float
    right_reply_ratio: float
    right_article_ratio: float | None
    drafted_ratio: float
    right_of_drafts_ratio: float | None
    edits_median: float | None
    under_3_edits_ratio: float
    succeeded_ratio: float
    words_kept_ratio: float | None
    out_of_scope: int
    left_alone_ratio: float | None


def measure(answered: Sequence[tuple[Case, Answer]]) -> Figures:
    """Return the figures of these answers. Raises ValueError where no case has a right reply."""
    known = [(case, answer) for case, answer in answered if case.right is not None]
    if not known:
        raise ValueError("No case has a right reply.")
    strange = [answer for case, answer in answered if case.right is None]
    compared = [compare(answer.text, case.reference) for case, answer in known if answer.text]
    return Figures(
        cases=len(known),
        category_ratio=_ratio(
            [answer.category == case.category for case, answer in known if answer.category]
        ),
        right_ratio=fmean(_is_right(*pair) for pair in known),
        right_reply_ratio=fmean(_has_reply(*pair) for pair in known),
        right_article_ratio=_ratio([_has_article(*pair) for pair in known if pair[0].article]),
        drafted_ratio=len(compared) / len(known),
        right_of_drafts_ratio=_ratio([_is_right(*pair) for pair in known if pair[1].text]),
        edits_median=median(c.operations for c in compared) if compared else None,
        under_3_edits_ratio=sum(_is_under_3(c) for c in compared) / len(known),
        succeeded_ratio=sum(c.succeeds for c in compared) / len(known),
        words_kept_ratio=_ratio([c.words_kept_ratio for c in compared]),
        out_of_scope=len(strange),
        left_alone_ratio=_ratio([not answer.text for answer in strange]),
    )


def _ratio(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _is_right(case: Case, answer: Answer) -> bool:
    return _has_reply(case, answer) or _has_article(case, answer)


def _has_reply(case: Case, answer: Answer) -> bool:
    return answer.group == case.right


def _has_article(case: Case, answer: Answer) -> bool:
    return bool(case.article) and case.article in answer.articles


def _is_under_3(compared: Comparison) -> bool:
    return compared.operations < 3
