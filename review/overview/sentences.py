"""What the figures say, in sentences."""

from review.overview import words
from review.overview.figures import Overview
from review.overview.quality import CategoryFigures
from review.overview.statistics import SIGNIFICANT, Share, difference_p

BASELINE = "the four weeks before"


def lead(overview: Overview) -> str:
    """Return the one sentence a manager came for: whether it works."""
    success = overview.current.success
    if not overview.standing.ever_decided:
        return "Nothing was decided yet."
    if not success.whole:
        return f"No draft was decided in {overview.period.name}."
    if success.whole < words.LEAST_FOR_PERCENT:
        return f"{words.share(success)} drafts succeeded in {overview.period.name}."
    return f"{words.percent(success.part / success.whole)} of drafts succeeded{_change(overview)}."


def _change(overview: Overview) -> str:
    """Return `, 3 points more than the week before`; nothing where few cases would mislead."""
    now, before = overview.current.success, overview.previous.success
    if before.whole < words.LEAST_FOR_PERCENT:
        return ""
    points = round(100 * (now.part / now.whole - before.part / before.whole))
    than = overview.period.previous_name
    if points == 0:
        return f", as in {than}"
    more = "more" if points > 0 else "less"
    return f", {words.many(abs(points), 'point').replace(' ', words.NBSP)} {more} than {than}"


def certainty(overview: Overview) -> str:
    """Return how sure the share of success is, and whether its change is more than chance."""
    now, before = overview.current.success, overview.previous.success
    if not now.whole:
        return ""
    low, high = (words.percent(bound) for bound in now.interval)
    text = f"Between {low} and {high}, with 95{words.THIN}% confidence."
    if min(now.whole, before.whole) < words.LEAST_FOR_PERCENT or now.part == before.part == 0:
        return text
    p = difference_p(now, before)
    so = "more than chance does" if p < SIGNIFICANT else "within what chance does"
    return f"{text} The change is {so} ({words.chance(p)})."


def plain_figure(overview: Overview) -> str:
    """Return the plain figure beside the metric: edits alone, of what was sent."""
    under = overview.current.under_3_edits
    if not under.whole:
        return ""
    if under.whole < words.LEAST_FOR_PERCENT:
        return f"{words.share(under)} sent drafts had fewer than three edits."
    return f"Of those sent, {words.share(under)} had fewer than three edits."


def movements(overview: Overview, *, told_apart: bool) -> list[str]:
    """Return what moved more than chance would against the four weeks before, else that none did.

    told_apart: categories that are edited more are told elsewhere. Empty where there is nothing
    yet to compare with.
    """
    tested = [figures for figures in overview.categories if figures.edited_p is not None]
    moved = [figures for figures in tested if is_moved(figures)]
    mix = overview.mix
    if not tested and mix is None:
        return []
    said = [
        edited_sentence(figures) for figures in moved if not (told_apart and figures.edited_more)
    ]
    if mix is not None and mix.p < SIGNIFICANT:
        said.append(
            f"Tickets are about other things than in {BASELINE} ({words.chance(mix.p)}): "
            f"“{overview.name_of(mix.moved)}” is {_rate(mix.now)} of them against "
            f"{_rate(mix.before)}."
        )
    if said or moved:
        return said
    return [f"Against {BASELINE}, nothing moved more than chance would."]


def is_moved(figures: CategoryFigures) -> bool:
    """Whether the category's edit rate moved more than chance would."""
    return figures.edited_p is not None and figures.edited_p < SIGNIFICANT


def edited_sentence(figures: CategoryFigures) -> str:
    """Return the sentence on a category whose edit rate moved."""
    more = "more" if figures.edited_more else "less"
    return (
        f"Drafts for “{figures.name}” are edited {more} than in {BASELINE}: "
        f"{edited_detail(figures)}"
    )


def edited_detail(figures: CategoryFigures) -> str:
    """Return both edit rates, and how likely they are by chance."""
    now, before = (_rate(side.edited) for side in (figures.now, figures.before))
    return (
        f"{now} against {before} needed three or more edits or a rewrite, "
        f"too much for chance ({words.chance(figures.edited_p or 0)})."
    )


def _rate(share: Share) -> str:
    return words.percent(share.ratio or 0)
