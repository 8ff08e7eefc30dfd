"""Plotly's data and layout for each kind of chart. Pure.

A colour is a custom property, `var(--accent)`, which the page's script reads, and reads again
when the theme changes.
"""

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import Any

from review.overview import words
from review.overview.statistics import Share

ACCENT, INK, QUIET = "var(--accent)", "var(--ink-2)", "var(--ink-3)"
BAD, GOOD = "var(--bad)", "var(--good)"
LABEL_WIDTH = 24
# Of the axis: labels of lines that end closer than this would lie on each other.
LEAST_GAP = 0.09
MOST_TICKS = 5

Plot = dict[str, Any]


def share_line(ticks: Sequence[str], shares: Sequence[Share]) -> Plot:
    """Return a line of shares with their intervals, the last one labelled.

    Of many ticks every second one is written, counted from the last.
    """
    every = 1 if len(ticks) <= MOST_TICKS else 2
    line = {
        "x": list(range(len(ticks))),
        **_with_intervals("y", shares),
        "mode": "lines+markers+text",
        "line": {"color": ACCENT, "width": 2},
        "marker": {"color": ACCENT, "size": 7},
        "text": [""] * (len(shares) - 1) + [f"  {words.share(shares[-1])}"],
        "textposition": "middle right",
        "textfont": {"color": ACCENT},
        "cliponaxis": False,
        "hovertemplate": "%{y:.0f} %<extra></extra>",
    }
    xaxis = {
        "range": [-0.4, len(ticks) - 0.6],
        "tickvals": list(range(len(ticks) - 1, -1, -every)),
        "ticktext": list(reversed(ticks))[::every],
        "tickangle": 0,
        "showgrid": False,
    }
    return {
        "data": [line],
        "layout": {"xaxis": xaxis, "yaxis": _percent_axis(), "margin": {"r": 56}},
    }


def share_dots(
    names: Sequence[str], now: Sequence[Share], before: Sequence[Share], colors: Sequence[str]
) -> Plot:
    """Return a row a name, the first on top: now as a dot with its interval, before as a ring."""
    labels = ["<br>".join(wrap(escape(name), LABEL_WIDTH)) for name in names]
    rings = {
        "x": [None if share.ratio is None else 100 * share.ratio for share in before],
        "y": labels,
        "mode": "markers",
        "cliponaxis": False,
        "marker": {"symbol": "circle-open", "size": 10, "color": QUIET, "line": {"width": 2}},
        "hovertemplate": "before: %{x:.0f} %<extra></extra>",
    }
    dots = {
        **_with_intervals("x", now),
        "y": labels,
        "mode": "markers",
        "cliponaxis": False,
        "marker": {"size": 9, "color": list(colors)},
        "hovertemplate": "%{x:.0f} %<extra></extra>",
    }
    yaxis = {
        "type": "category",
        "autorange": "reversed",
        "automargin": True,
        "showgrid": False,
        "ticklabelstandoff": 10,
    }
    return {
        "data": [rings, dots],
        "layout": {"xaxis": _percent_axis(), "yaxis": yaxis, "margin": {"r": 24, "l": 8}},
    }


def bars_and_line(
    dates: Sequence[str], bars: tuple[str, Sequence[int]], line: tuple[str, Sequence[int]]
) -> Plot:
    """Return counts by day, one as bars and one as a line, each with its name at the right end."""
    return {
        "data": [
            {
                "type": "bar",
                "x": list(dates),
                "y": list(bars[1]),
                "marker": {"color": ACCENT, "opacity": 0.45},
                "hovertemplate": f"%{{y}} {bars[0]}<extra></extra>",
            },
            _line(dates, *line, INK, unit=""),
        ],
        "layout": {
            "xaxis": _day_axis(),
            "yaxis": {"rangemode": "tozero", "tickformat": ",d", "nticks": 4},
            "bargap": 0.35,
            "margin": {"r": 64},
            "annotations": _end_labels([(*bars, ACCENT), (*line, INK)]),
        },
    }


def lines(dates: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> Plot:
    """Return durations in seconds by day, each line with its name at the right end."""
    colored = [
        (name, values, color)
        for (name, values), color in zip(series, (ACCENT, INK, QUIET), strict=False)
    ]
    return {
        "data": [_line(dates, *one, unit=" s") for one in colored],
        "layout": {
            "xaxis": _day_axis(),
            "yaxis": {"rangemode": "tozero", "ticksuffix": " s", "nticks": 4},
            "margin": {"r": 40},
            "annotations": _end_labels(colored),
        },
    }


def _line(
    dates: Sequence[str],
    name: str,
    values: Sequence[float | None],
    color: str,
    *,
    unit: str,
) -> dict[str, Any]:
    number = "%{y:.2f}" if unit else "%{y}"
    return {
        "x": list(dates),
        "y": list(values),
        "mode": "lines" if len(dates) > 1 else "markers",
        "line": {"color": color, "width": 2},
        "marker": {"color": color},
        "hovertemplate": f"{number}{unit} {name}<extra></extra>",
    }


def _with_intervals(axis: str, shares: Sequence[Share]) -> dict[str, Any]:
    """Return the shares along an axis in percent, with their intervals as error bars."""
    ratios = [share.ratio or 0 for share in shares]
    return {
        axis: [100 * ratio for ratio in ratios],
        f"error_{axis}": {
            "type": "data",
            "symmetric": False,
            "array": [
                100 * (share.interval[1] - ratio)
                for share, ratio in zip(shares, ratios, strict=True)
            ],
            "arrayminus": [
                100 * (ratio - share.interval[0])
                for share, ratio in zip(shares, ratios, strict=True)
            ],
            "color": QUIET,
            "thickness": 1,
            "width": 3,
        },
    }


def _end_labels(
    series: Sequence[tuple[str, Sequence[float | None], str]],
) -> list[dict[str, Any]]:
    """Return a label at each line's last value, pushed apart where lines end together."""
    top = max((value or 0 for _, values, _ in series for value in values), default=0) or 1
    floor = float("-inf")
    labels = []
    for name, values, color in sorted(series, key=lambda one: one[1][-1] or 0):
        floor = max(values[-1] or 0, floor + LEAST_GAP * top)
        labels.append(
            {
                "xref": "paper",
                "x": 1,
                "y": floor,
                "text": name,
                "font": {"color": color},
                "showarrow": False,
                "xanchor": "left",
                "xshift": 4,
            }
        )
    return labels


def _percent_axis() -> dict[str, Any]:
    values = [0, 25, 50, 75, 100]
    return {
        "range": [0, 100],
        "tickvals": values,
        "ticktext": [f"{value}{words.THIN}%" for value in values],
    }


def _day_axis() -> dict[str, Any]:
    return {"type": "date", "tickformat": "%-d %b", "nticks": 5, "showgrid": False, "tickangle": 0}
