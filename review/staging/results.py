"""What a comparison has found so far: its figures, its score, and its pairs a page at a time."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils import timezone

from agents.models import Agent, Comparison, Run
from agents.shadowing import LIVE_RUNS
from review.models import ComparedPair
from review.overview.statistics import Share
from review.staging.gate import Gate, Score, gate_of, summary_of
from review.staging.measure import Side, outcomes_differ, total
from review.staging.statistics import Discordance, discordance

Standing = ComparedPair.Standing
PAGE = 15
# What a list may be narrowed to.
SHOWN: Mapping[str, tuple[str, Q]] = {
    "": ("All", Q()),
    "worse": ("Worse", Q(standing=Standing.WORSE)),
    "better": ("Better", Q(standing=Standing.BETTER)),
    "same": ("The same", Q(standing=Standing.SAME)),
    "rejected": ("Rejected", Q(standing=Standing.REJECTED)),
    "errors": ("Errors", Q(standing=Standing.ERROR)),
}
A_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two runs' figures. was_sent: whether there is a sent text to hold both against."""

    standing: str
    live: Side
    candidate: Side

    @property
    def was_sent(self) -> bool:
        """Whether both count for success: a failed shadow run on a sent reply is no success."""
        return self.live.succeeded is not None and self.standing != Standing.ERASED


@dataclass(frozen=True, kw_only=True)
class Results:
    """A comparison's measured pairs, and how many pairs stand how."""

    comparison: Comparison
    pairs: Sequence[Pair]
    counts: Mapping[str, int]
    runs_a_day: float

    @property
    def measured(self) -> int:
        """How many shadow runs have ended."""
        return len(self.pairs)

    @property
    def sent(self) -> list[Pair]:
        """The pairs whose reply was sent."""
        return [pair for pair in self.pairs if pair.was_sent]

    @property
    def both_drafted(self) -> list[Pair]:
        """The pairs of which both drafts were held against what was sent."""
        return [
            pair
            for pair in self.sent
            if pair.live.edits is not None and pair.candidate.edits is not None
        ]

    @property
    def score(self) -> Score:
        """What the gate looks at."""
        both, sent = self.both_drafted, [pair for pair in self.pairs if pair.was_sent]
        live, candidate = self.costs
        less = None
        if live is not None and candidate is not None and self.pairs and (live or candidate):
            less = float(live - candidate) / len(self.pairs) * self.runs_a_day
        return Score(
            live=self.successes(lambda pair: pair.live),
            candidate=self.successes(lambda pair: pair.candidate),
            differs=self.differing(sent, lambda side: bool(side.succeeded)),
            is_over=self.comparison.status == Comparison.Status.DONE,
            errors=Share(
                part=sum(bool(pair.candidate.error_type) for pair in self.pairs),
                whole=self.measured,
            ),
            live_errors=sum(bool(pair.live.error_type) for pair in self.pairs),
            edits_fewer=sum((p.live.edits or 0) - (p.candidate.edits or 0) for p in both)
            if both
            else None,
            usd_less_a_day=less,
        )

    @property
    def gate(self) -> Gate:
        """Whether the candidate may go live on this."""
        return gate_of(self.score)

    @property
    def costs(self) -> tuple[Decimal | None, Decimal | None]:
        """What live's runs and the candidate's cost; None where a price is unknown."""
        return total([p.live for p in self.pairs]), total([p.candidate for p in self.pairs])

    @property
    def spent_usd(self) -> Decimal:
        """What the shadow runs' priced calls have cost."""
        return sum((pair.candidate.cost_usd or Decimal(0) for pair in self.pairs), Decimal(0))

    @property
    def outcomes_differing(self) -> int:
        """How many items a person would be asked otherwise about."""
        return sum(outcomes_differ(pair.live, pair.candidate) for pair in self.pairs)

    @property
    def errors(self) -> list[tuple[str, int, int]]:
        """Each kind of failure with its number under live and under the candidate."""
        live = Counter(pair.live.error_type for pair in self.pairs if pair.live.error_type)
        mine = Counter(p.candidate.error_type for p in self.pairs if p.candidate.error_type)
        return [(kind, live[kind], mine[kind]) for kind in sorted({*live, *mine})]

    @property
    def rejected(self) -> list[Pair]:
        """The pairs whose live draft a person rejected: nothing was sent to compare with."""
        return [pair for pair in self.pairs if pair.standing == Standing.REJECTED]

    def successes(self, side: Callable[[Pair], Side]) -> Share:
        """Return the drafts of one side that succeed, of the replies that were sent."""
        sent = self.sent
        return Share(part=sum(bool(side(pair).succeeded) for pair in sent), whole=len(sent))

    @staticmethod
    def differing(pairs: Sequence[Pair], asked: Callable[[Side], bool]) -> Discordance:
        """Return in what the two sides' answers differ."""
        return discordance([(asked(pair.live), asked(pair.candidate)) for pair in pairs])


def results(comparison: Comparison, *, runs_a_day: float | None = None) -> Results:
    """Return what the comparison has found so far. Its pairs are read whole, in one query.

    runs_a_day: of the agent's live runs, where it is known already.
    """
    rows = list(comparison.pairs.order_by("pk").values_list("standing", "live", "candidate"))
    return Results(
        comparison=comparison,
        pairs=[
            Pair(standing=standing, live=Side.from_json(live), candidate=Side.from_json(candidate))
            for standing, live, candidate in rows
            if candidate
        ],
        counts=Counter(standing for standing, *_ in rows),
        runs_a_day=_runs_a_day(comparison) if runs_a_day is None else runs_a_day,
    )


def _runs_a_day(comparison: Comparison) -> float:
    since = timezone.now() - A_WEEK
    ran = Run.objects.filter(LIVE_RUNS, agent=comparison.agent_id, finished_at__gte=since)
    return ran.count() / A_WEEK.days


def summary_line(comparison: Comparison) -> str:
    """Return the comparison in one line: `gate: 212 of 240, 9 edits fewer, $0.90 a day less`."""
    return summary_of(results(comparison).score)


def latest_of(agent: Agent, versions: Sequence[Sequence[object]]) -> Comparison | None:
    """Return the agent's newest comparison of exactly this mix, None where there was none."""
    mix = sorted(list(one) for one in versions)
    newest = Comparison.objects.filter(agent=agent).select_related("order").order_by("-pk")
    for comparison in newest[:50]:
        if sorted(comparison.versions) == mix:
            return comparison
    return None


@dataclass(frozen=True, kw_only=True)
class PairPage:
    """Some pairs, worst for the candidate first or best. after: asks for the next ones."""

    pairs: Sequence[ComparedPair]
    after: str


def pair_page(
    comparison: Comparison, *, shown: str = "", best_first: bool = False, after: str = ""
) -> PairPage:
    """Return a page of the measured pairs. after: of the page before (keyset)."""
    _, condition = SHOWN.get(shown, SHOWN[""])
    pairs: QuerySet[ComparedPair] = comparison.pairs.filter(condition, measured_at__isnull=False)
    if (key := _key(after)) is not None:
        badness, pk = key
        further = Q(badness__gt=badness) if best_first else Q(badness__lt=badness)
        pairs = pairs.filter(further | Q(badness=badness, pk__gt=pk))
    found = list(
        pairs.select_related(
            "live_run__result",
            "shadow__result",
            "verdict__item__ticket__customer",
            "verdict__reviewer",
            "verdict__proposed",
            "verdict__final",
        ).order_by("badness" if best_first else "-badness", "pk")[: PAGE + 1]
    )
    last = found[PAGE - 1] if len(found) > PAGE else None
    return PairPage(pairs=found[:PAGE], after=f"{last.badness}_{last.pk}" if last else "")


def _key(after: str) -> tuple[int, int] | None:
    badness, _, pk = after.partition("_")
    digits = badness.removeprefix("-")
    if digits.isdecimal() and pk.isdecimal() and len(digits) < 9 and len(pk) < 18:
        return int(badness), int(pk)
    return None
