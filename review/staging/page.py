"""What the pages on staging show."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agents.models import Agent, Comparison, Promotion
from agents.promoting import needs_second
from review.changes import Piece, pieces
from review.edits import Comparison as Diff
from review.edits import compare
from review.models import ComparedPair
from review.overview.words import many, usd, whole
from review.staging.candidates import (
    Difference,
    Ground,
    as_pairs,
    differences,
    ground_of,
    in_words,
)
from review.staging.estimates import Estimated, estimate
from review.staging.figures import Figure, figures
from review.staging.gate import Gate, gate_of, summary_of
from review.staging.measure import Side
from review.staging.promotion import NEVER, gate_now
from review.staging.reading import Texts, texts_of
from review.staging.results import SHOWN, Results, results

EARLIER = 20


@dataclass(frozen=True, kw_only=True)
class Result:
    """A comparison with what it found. gate: as it counts now, live being what it is."""

    comparison: Comparison
    found: Results
    rows: Sequence[Figure]
    gate: Gate
    summary: str
    spent_usd: Decimal

    @property
    def is_running(self) -> bool:
        """Whether there is more to come."""
        return self.comparison.status == Comparison.Status.RUNNING

    @property
    def planned(self) -> int:
        """How many shadow runs it is of: its items, and what is wished of live traffic."""
        order = self.comparison.order
        return int(self.comparison.reviewed_items + order.live_wished)

    @property
    def lead(self) -> str:
        """What it found, in a sentence."""
        if self.is_running:
            return f"{whole(self.found.measured)} of {many(self.planned, 'shadow run')} have ended"
        return self.gate.reason

    @property
    def filters(self) -> list[tuple[str, str]]:
        """What the list may be narrowed to, as (address, word)."""
        return [(name, word) for name, (word, _) in SHOWN.items()]

    @property
    def rejected_drafted(self) -> int:
        """Of the rejected items, how many the candidate drafts something for."""
        return sum(pair.candidate.drafted for pair in self.found.rejected)


@dataclass(frozen=True, kw_only=True)
class StagingPage:
    """Staging as it is for an agent."""

    agents: Sequence[Agent]
    agent: Agent
    mix: Sequence[Difference]
    candidate: str
    versions: str
    seen: str
    cost: Estimated
    needs_second: bool
    result: Result | None
    gate: Gate
    earlier: Sequence[Comparison]
    asked: Promotion | None
    promotions: Sequence[Promotion]

    @property
    def is_running(self) -> bool:
        """Whether a comparison of the agent is running."""
        return self.result is not None and self.result.is_running


def staging_page(agents: Sequence[Agent], agent: Agent) -> StagingPage:
    """Return what staging differs in, what is known of it, and what may be done with it."""
    ground = ground_of(agent)
    candidate = ground.candidate
    mix = as_pairs(candidate)
    comparisons = list(
        Comparison.objects.filter(agent=agent)
        .select_related("order", "started_by")
        .order_by("-pk")[: EARLIER + 1]
    )
    shown = _to_show(comparisons, mix)
    cost = estimate(ground, candidate)
    result = result_of(shown, ground, runs_a_day=cost.runs_seen / 7) if shown else None
    promotions = list(
        Promotion.objects.select_related("asked_by", "decided_by").order_by("-pk")[:EARLIER]
    )
    asked = [one for one in promotions if one.outcome == "asked" and one.versions == mix]
    return StagingPage(
        agents=agents,
        agent=agent,
        mix=differences(ground, candidate),
        candidate=in_words(candidate),
        versions=json.dumps(mix),
        seen=json.dumps(ground.seen),
        cost=cost,
        needs_second=needs_second(candidate),
        result=result,
        gate=_gate(result, mix),
        earlier=[one for one in comparisons if one != shown][:EARLIER],
        asked=asked[0] if asked else None,
        promotions=[one for one in promotions if one not in asked and _is_a_mix(one, shown)],
    )


def result_of(comparison: Comparison, ground: Ground, *, runs_a_day: float | None = None) -> Result:
    """Return the comparison with its figures."""
    found = results(comparison, runs_a_day=runs_a_day)
    score = found.score
    return Result(
        comparison=comparison,
        found=found,
        rows=figures(found),
        gate=gate_now(ground, comparison, gate_of(score)),
        summary=summary_of(score),
        spent_usd=found.spent_usd,
    )


def mix_of(comparison: Comparison, ground: Ground) -> tuple[str, Sequence[Difference]]:
    """Return the comparison's candidate in words, and each version beside what is live now."""
    versions = ground.find(comparison.versions)
    return in_words(versions), differences(ground, versions)


@dataclass(frozen=True, kw_only=True)
class PairShown:
    """A pair opened: its texts, and each draft as a diff to what was sent.

    live_changes, candidate_changes: the diffs' changes between a few words; none where all was
    sent as drafted.
    """

    pair: ComparedPair
    texts: Texts
    live: Side
    candidate: Side
    live_diff: Diff | None
    candidate_diff: Diff | None

    @property
    def live_changes(self) -> Sequence[Piece]:
        """What was changed in live's draft."""
        return _changes(self.live_diff)

    @property
    def candidate_changes(self) -> Sequence[Piece]:
        """What would have been changed in the candidate's."""
        return _changes(self.candidate_diff)

    @property
    def is_erased(self) -> bool:
        """Whether a text is gone."""
        verdict = self.pair.verdict
        return verdict is not None and verdict.final is not None and self.texts.sent is None


def pair_shown(pair: ComparedPair) -> PairShown:
    """Return the pair as its row or page shows it."""
    texts = texts_of(pair)
    return PairShown(
        pair=pair,
        texts=texts,
        live=Side.from_json(pair.live),
        candidate=Side.from_json(pair.candidate),
        live_diff=_diff(texts.live, texts.sent),
        candidate_diff=_diff(texts.candidate, texts.sent),
    )


def cost_in_words(cost: Estimated, runs: int) -> str:
    """Return what so many runs may cost at worst, as a sentence."""
    if cost.is_free:
        return "It costs nothing: every model of this candidate runs on this installation."
    worst = cost.for_runs(runs)
    if worst is not None:
        said = (
            f"It costs {usd(float(worst))} at most for {many(runs, 'run')}, by the tokens that 95 "
            f"in 100 of last week’s runs stayed under."
        )
        if cost.uncounted:
            said += f" No calls last week, so not counted: {', '.join(cost.uncounted)}."
        return said
    if cost.unpriced:
        models = ", ".join(cost.unpriced)
        return f"Its cost is unpriced: nobody here knows what {models} costs."
    return "Its cost is unpriced: no run of last week tells how many tokens one takes."


def _to_show(
    comparisons: Sequence[Comparison], mix: Sequence[Sequence[object]]
) -> Comparison | None:
    """Return the one that is running, else the newest of exactly this mix, else the newest."""
    running = [one for one in comparisons if one.status == Comparison.Status.RUNNING]
    same = [one for one in comparisons if one.versions == mix]
    return next(iter([*running, *same, *comparisons]), None)


def _gate(result: Result | None, mix: Sequence[Sequence[object]]) -> Gate:
    if result is None or result.comparison.versions != mix:
        return NEVER
    return result.gate


def _is_a_mix(promotion: Promotion, shown: Comparison | None) -> bool:
    return promotion.environment == "live" and (
        len(promotion.versions) > 1 or (shown is not None and promotion.versions == shown.versions)
    )


def _diff(draft: str | None, sent: str | None) -> Diff | None:
    return compare(draft, sent) if draft and sent else None


def _changes(diff: Diff | None) -> Sequence[Piece]:
    found = pieces(diff.segments) if diff else ()
    return found if any(piece.kind == "change" for piece in found) else ()
