"""The overview's charts: one question each, titled by its answer, with a table of the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse

from review.overview import plots, words
from review.overview.figures import Day, Overview
from review.overview.period import week_query
from review.overview.quality import CategoryFigures
from review.overview.sentences import BASELINE, is_moved
from review.overview.statistics import SIGNIFICANT, difference_p

MOST_CATEGORIES = 8
# A difference of at most this share of what came in is no news.
KEPT_UP = 0.05


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a chart's table. url: what stands behind it."""

    name: str
    cells: Sequence[str]
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart and its table. note: what is drawn, in words."""

    slug: str
    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Row]
    plot: plots.Plot

    @property
    def script_id(self) -> str:
        """The id of the element that holds the plot's data."""
        return f"plot-{self.slug}"


def charts(overview: Overview) -> list[Chart]:
    """Return the charts that there is something to draw for."""
    drawn = [_success(overview), _edits(overview), _flow(overview), _latency(overview)]
    return [chart for chart in drawn if chart is not None]


def _success(overview: Overview) -> Chart | None:
    weeks = [week for week in overview.weeks if week.quality.success.whole]
    if not weeks:
        return None
    names = [f"{week.first.day} {week.first:%b}" for week in weeks]
    shares = [week.quality.success for week in weeks]
    ticks = [
        name if week.is_whole else f"{name}<br>so far"
        for name, week in zip(names, weeks, strict=True)
    ]
    return Chart(
        slug="success",
        title=_success_title(overview),
        note=f"Share of decided drafts that succeeded, by calendar week, "
        f"with its 95{words.THIN}% interval.",
        columns=("Week of", "Succeeded", "Between", "Drafts"),
        rows=[
            Row(
                name=name,
                cells=(words.share(share), words.interval(share), words.whole(share.whole)),
                url=f"{reverse('overview')}?{week_query(week.first)}",
            )
            for name, share, week in reversed(list(zip(names, shares, weeks, strict=True)))
        ],
        plot=plots.share_line(ticks, shares),
    )


def _success_title(overview: Overview) -> str:
    now, before = overview.current.success, overview.baseline.success
    if now.whole < words.LEAST_FOR_PERCENT:
        return f"{words.share(now)} drafts succeeded" if now.whole else "No draft was decided"
    rate = words.share(now)
    if before.whole < words.LEAST_FOR_PERCENT:
        return f"{rate} of drafts succeeded"
    name = overview.period.name  # the chart's last week need not be it
    if difference_p(now, before) >= SIGNIFICANT:
        return f"Success held at {rate} in {name}"
    moved = "rose" if (now.ratio or 0) > (before.ratio or 0) else "fell"
    return f"Success {moved} to {rate} in {name}"


def _edits(overview: Overview) -> Chart | None:
    shown = [figures for figures in overview.categories if figures.now.edited.whole]
    if not shown:
        return None
    drawn = shown[:MOST_CATEGORIES]
    return Chart(
        slug="edits",
        title=_edits_title(overview),
        note="Share of sent drafts that needed three or more edits or a rewrite. "
        f"Dot: {overview.period.name}, with its 95{words.THIN}% interval. Ring: {BASELINE}.",
        columns=("Category", "Edited", "Between", "Sent", "Before"),
        rows=[_edits_row(overview, figures) for figures in shown],
        plot=plots.share_dots(
            names=[figures.name for figures in drawn],
            now=[figures.now.edited for figures in drawn],
            before=[figures.before.edited for figures in drawn],
            colors=[_edits_color(figures) for figures in drawn],
        ),
    )


def _edits_title(overview: Overview) -> str:
    tested = [figures for figures in overview.categories if figures.edited_p is not None]
    moved = [figures for figures in tested if is_moved(figures)]
    if not tested:
        return "Too few drafts to compare categories"
    if not moved:
        return "No category is edited more than chance would"
    if len(moved) == 1:
        return f"“{moved[0].name}” is edited {'more' if moved[0].edited_more else 'less'}"
    rose = sum(figures.edited_more for figures in moved)
    fell = len(moved) - rose
    if not rose or not fell:
        return f"{len(moved)} categories are edited {'more' if rose else 'less'}"
    return f"{words.many(rose, 'category', 'categories')} edited more, {fell} less"


def _edits_color(figures: CategoryFigures) -> str:
    if not is_moved(figures):
        return plots.ACCENT
    return plots.BAD if figures.edited_more else plots.GOOD


def _edits_row(overview: Overview, figures: CategoryFigures) -> Row:
    edited = figures.now.edited
    cells = (words.share(edited), words.interval(edited), words.whole(edited.whole))
    return Row(
        name=figures.name,
        cells=(*cells, words.share(figures.before.edited)),
        url=f"{reverse('overview-items')}?{overview.period.query}"
        f"&category={quote(figures.slug)}&outcome=edited",
    )


def _flow(overview: Overview) -> Chart | None:
    days = overview.days
    if not any(day.decided or day.received for day in days):
        return None
    return Chart(
        slug="flow",
        title=_flow_title(overview),
        note="By day: the bars were decided, the line came in."
        + (" Today is not over." if days[-1].day == overview.today else ""),
        columns=("Day", "Came in", "Decided"),
        rows=[
            Row(name=_named(day), cells=(words.whole(day.received), words.whole(day.decided)))
            for day in reversed(days)
        ],
        plot=plots.bars_and_line(
            [day.day.isoformat() for day in days],
            bars=("decided", [day.decided for day in days]),
            line=("came in", [day.received for day in days]),
        ),
    )


def _flow_title(overview: Overview) -> str:
    arrived, decided = overview.arrived, overview.current.decided
    if abs(arrived - decided) <= KEPT_UP * arrived:
        return f"{words.whole(decided)} decided, about as many as came in"
    more = "more" if decided > arrived else "fewer"
    return (
        f"{words.whole(decided)} decided, {words.whole(abs(decided - arrived))} {more} than came in"
    )


def _latency(overview: Overview) -> Chart | None:
    days = [
        (day, day.runs)
        for day in overview.days
        if day.runs is not None and day.runs.ran_p50_s is not None
    ]
    if not days:
        return None
    return Chart(
        slug="latency",
        title=_latency_title(overview),
        note="Machine time of runs in seconds, by day: median, 95th and 99th percentile.",
        columns=("Day", "p50", "p95", "p99", "Ended", "Failed"),
        rows=[
            Row(
                name=_named(day),
                cells=(
                    *map(words.duration, (runs.ran_p50_s, runs.ran_p95_s, runs.ran_p99_s)),
                    *map(words.whole, (runs.ended, runs.failed)),
                ),
            )
            for day, runs in reversed(days)
        ],
        plot=plots.lines(
            [day.day.isoformat() for day, _ in days],
            [
                ("p50", [runs.ran_p50_s for _, runs in days]),
                ("p95", [runs.ran_p95_s for _, runs in days]),
                ("p99", [runs.ran_p99_s for _, runs in days]),
            ],
        ),
    )


def _latency_title(overview: Overview) -> str:
    runs = overview.runs_now
    if runs is None or runs.ran_p50_s is None:
        return f"No run ended well in {overview.period.name}"
    half, most = words.duration(runs.ran_p50_s), words.duration(runs.ran_p95_s)
    if runs.ended < words.LEAST_FOR_PERCENT:
        return f"Half of {words.many(runs.ended, 'run')} took up to {half}"
    return f"Half of the runs take up to {half}, 95{words.THIN}% up to {most}"


def _named(day: Day) -> str:
    return f"{day.day:%a} {day.day.day} {day.day:%b}"
