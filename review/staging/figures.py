"""A comparison's figures as rows of a table: live, candidate, and the difference with interval."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from review.overview import words
from review.overview.statistics import Share
from review.staging.gate import points, signed
from review.staging.measure import Side
from review.staging.results import Pair, Results
from review.staging.statistics import (
    Estimate,
    mean_difference,
    mean_ratio,
    share_difference,
    typical_ratio,
)

NONE = "–"
Ask = Callable[[Side], float | int | None]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A row. of: what it is counted over. state: good or bad where the difference is clear."""

    name: str
    of: str
    live: str
    candidate: str
    difference: str = NONE
    interval: str = ""
    state: str = ""


def figures(found: Results) -> list[Figure]:
    """Return the rows that there is something to say in, the gate's own first."""
    return list(_rows(found))


def _rows(found: Results) -> Iterator[Figure]:
    sent, both = found.sent, found.both_drafted
    over = words.many(len(sent), "sent reply", "sent replies")
    yield _share("Drafts that succeed", over, sent, lambda side: side.succeeded)
    yield _share("Drafts offered", _runs(found.pairs), found.pairs, lambda side: side.drafted)
    drafted = f"{words.many(len(both), 'draft')} of both"
    yield _mean("Edits a draft", drafted, both, lambda side: side.edits, less_is_good=True)
    known = [pair for pair in found.pairs if pair.live.category_is_right is not None]
    yield _share(
        "Category as people found it",
        words.many(len(known), "decided item"),
        known,
        lambda side: side.category_is_right,
    )
    yield _cost(found)
    for name, ask in (
        ("Model time a run", lambda side: side.model_ms),
        ("All steps of a run", lambda side: side.work_ms),
    ):
        yield _time(name, found.pairs, ask)
    yield _mean(
        "Tokens a run",
        _runs(found.pairs),
        found.pairs,
        lambda side: side.input_tokens + side.output_tokens,
        less_is_good=True,
        places=0,
    )
    yield _share(
        "Runs that failed",
        _runs(found.pairs),
        found.pairs,
        lambda side: bool(side.error_type),
        less_is_good=True,
    )


def _share(
    name: str, of: str, pairs: Sequence[Pair], ask: Callable[[Side], bool | None], **kind: bool
) -> Figure:
    live, candidate = (
        Share(part=sum(bool(ask(side)) for side in sides), whole=len(pairs))
        for sides in _both(pairs)
    )
    differs = Results.differing(pairs, lambda side: bool(ask(side)))
    return Figure(
        name=name,
        of=of,
        live=_told(live),
        candidate=_told(candidate),
        **_difference(share_difference(differs), points, " points", **kind),
    )


def _mean(
    name: str,
    of: str,
    pairs: Sequence[Pair],
    ask: Ask,
    *,
    less_is_good: bool,
    places: int = 1,
) -> Figure:
    values = [(float(ask(pair.live) or 0), float(ask(pair.candidate) or 0)) for pair in pairs]
    live, candidate = (
        f"{sum(pair[side] for pair in values) / len(values):,.{places}f}" if values else NONE
        for side in (0, 1)
    )
    found = mean_difference(values)
    said = _difference(found, lambda value: signed(value, places), "", less_is_good=less_is_good)
    return Figure(name=name, of=of, live=live, candidate=candidate, **said)


def _time(name: str, pairs: Sequence[Pair], ask: Callable[[Side], int]) -> Figure:
    """Return the row of a duration: its medians, and the typical ratio of a pair."""
    good = [pair for pair in pairs if not pair.live.error_type and not pair.candidate.error_type]
    live, candidate = (
        words.duration(median(ask(side) for side in sides) / 1000) if good else NONE
        for sides in _both(good)
    )
    found = typical_ratio([(ask(pair.live), ask(pair.candidate)) for pair in good])
    return Figure(
        name=name,
        of=f"median of {_runs(good)}",
        live=live,
        candidate=candidate,
        **_difference(_less_one(found), _percent, "", less_is_good=True),
    )


def _cost(found: Results) -> Figure:
    """Return the row of the cost. What runs on this installation is free, not unpriced."""
    priced = [
        pair
        for pair in found.pairs
        if pair.live.cost_usd is not None and pair.candidate.cost_usd is not None
    ]
    values = [(float(p.live.cost_usd or 0), float(p.candidate.cost_usd or 0)) for p in priced]
    told = []
    for sides in _both(found.pairs):
        costs = [side.cost_usd for side in sides]
        known = [cost for cost in costs if cost is not None]
        if sides and all(side.is_local for side in sides):
            told.append("local")
        elif len(known) < len(costs):
            told.append("unpriced")
        else:
            told.append(words.usd(float(sum(known)) / len(known)) if known else NONE)
    return Figure(
        name="Cost a run",
        of=_runs(found.pairs),
        live=told[0],
        candidate=told[1],
        **_difference(_less_one(mean_ratio(values)), _percent, "", less_is_good=True),
    )


def _difference(
    found: Estimate | None,
    say: Callable[[float], str],
    unit: str,
    *,
    less_is_good: bool = False,
) -> dict[str, str]:
    if found is None:
        return {}
    state = ""
    if found.is_clear:
        state = "good" if (found.value < 0) == less_is_good else "bad"
    return {
        "difference": f"{say(found.value)}{unit}",
        "interval": f"{say(found.low)} to {say(found.high)}",
        "state": state,
    }


def _less_one(found: Estimate | None) -> Estimate | None:
    """Return a ratio as what it is more than 1."""
    if found is None:
        return None
    return Estimate(
        value=found.value - 1, low=found.low - 1, high=found.high - 1, pairs=found.pairs
    )


def _percent(value: float) -> str:
    return f"{signed(value * 100, 0)}{words.THIN}%"


def _told(share: Share) -> str:
    if not share.whole:
        return NONE
    counted = f"{words.whole(share.part)} of {words.whole(share.whole)}"
    return f"{counted} ({words.interval(share)}{words.THIN}%)"


def _runs(pairs: Sequence[Pair]) -> str:
    return words.many(len(pairs), "run")


def _both(pairs: Sequence[Pair]) -> tuple[list[Side], list[Side]]:
    return [pair.live for pair in pairs], [pair.candidate for pair in pairs]
