"""What would have happened: a changed policy held against past runs, and what differs. Bounded."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agents.models import LIVE, Agent, Run
from agents.results import RuleOutcome, RunResult
from agents.rule_facts import facts_of_result
from agents.rule_sentences import OUTCOME_NAMES
from agents.rules import OUTCOMES, Facts, Rule, caught
from review.models import ReviewItem

MOST_RUNS = 2000
MOST_LISTED = 100
CHOICES: Mapping[str, tuple[str, int, int | None]] = {
    "100": ("last 100 runs", 100, None),
    "500": ("last 500 runs", 500, None),
    "2000": ("last 2,000 runs", MOST_RUNS, None),
    "7d": ("last 7 days", MOST_RUNS, 7),
    "28d": ("last 28 days", MOST_RUNS, 28),
}
USUAL = "500"
ORDER: tuple[RuleOutcome | None, ...] = (None, *OUTCOMES)


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that ended. facts: None where its input or result is erased or cannot be read."""

    id: int
    at: datetime
    subject: str
    facts: Facts | None


@dataclass(frozen=True, kw_only=True)
class Ruled:
    """What the rules ask of a run: all their outcomes, and the rows that hold."""

    outcomes: frozenset[RuleOutcome]
    rows: tuple[str, ...]
    queue: str

    @property
    def outcome(self) -> RuleOutcome | None:
        """The strictest of them."""
        return max(self.outcomes, key=OUTCOMES.index, default=None)

    @property
    def name(self) -> str:
        """What the strictest is called."""
        return OUTCOME_NAMES[self.outcome]

    def asks(self, outcome: RuleOutcome) -> bool:
        """Whether any row asks for it; a reason is given by every row."""
        return bool(self.rows) if outcome == "review" else outcome in self.outcomes


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A run of which the changed policy asks something else. item_id: None where it has none."""

    run: PastRun
    before: Ruled
    after: Ruled
    item_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Move:
    """How many runs go from one outcome to another."""

    before: str
    after: str
    runs: int


@dataclass(frozen=True, kw_only=True)
class RowUse:
    """How many of the runs a row of the changed policy caught, and how many before the change."""

    rule: Rule
    caught: int
    before: int | None


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer. held: runs that the rules could be held against; unknown: those they could not.

    sentences: the figures in words, the gravest first.
    """

    held: int
    unknown: int
    sentences: Sequence[str]
    moves: Sequence[Move]
    changed: Sequence[Changed]
    changed_total: int
    rows: Sequence[RowUse]

    @property
    def idle(self) -> Sequence[Rule]:
        """The rows that caught nothing."""
        return [use.rule for use in self.rows if not use.caught]


def what_if(
    agent: Agent, before: Sequence[Rule], after: Sequence[Rule], *, choice: str, now: datetime
) -> WhatIf:
    """Return what the changed policy would have asked of past runs, in two queries."""
    found = compared(past_runs(agent, choice, now), before, after)
    return _with_items(found)


def past_runs(agent: Agent, choice: str, now: datetime) -> list[PastRun]:
    """Return the newest ended runs of the agent, facts read from what they were given and gave."""
    _, most, days = CHOICES.get(choice, CHOICES[USUAL])
    runs = Run.objects.filter(
        agent=agent, environment=LIVE, status=Run.Status.DONE, shadow_of=None, comparison=None
    )
    if days is not None:
        runs = runs.filter(created_at__gte=now - timedelta(days=days))
    rows = runs.order_by("-pk").values_list(
        "pk", "created_at", "input__content", "result__content"
    )[:most]
    return [
        PastRun(id=pk, at=at, subject=_subject(given), facts=_facts(given, gave))
        for pk, at, given, gave in rows
    ]


def compared(runs: Iterable[PastRun], before: Sequence[Rule], after: Sequence[Rule]) -> WhatIf:
    """Return how the two tables differ in what they ask of the runs."""
    moves: Counter[tuple[RuleOutcome | None, RuleOutcome | None]] = Counter()
    effects: Counter[tuple[RuleOutcome, bool]] = Counter()
    uses: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    changed: list[Changed] = []
    unknown = 0
    for run in runs:
        if run.facts is None:
            unknown += 1
            continue
        was, would = ruled(before, run.facts), ruled(after, run.facts)
        moves[was.outcome, would.outcome] += 1
        uses[0].update(was.rows)
        uses[1].update(would.rows)
        for outcome in OUTCOMES:
            if was.asks(outcome) != would.asks(outcome):
                effects[outcome, would.asks(outcome)] += 1
        if was != would:
            changed.append(Changed(run=run, before=was, after=would))
    held = moves.total()
    known = {rule.id for rule in before}
    return WhatIf(
        held=held,
        unknown=unknown,
        sentences=_sentences(effects, held, len(changed)),
        moves=_moves(moves),
        changed=changed[:MOST_LISTED],
        changed_total=len(changed),
        rows=[
            RowUse(
                rule=rule,
                caught=uses[1][rule.id],
                before=uses[0][rule.id] if rule.id in known else None,
            )
            for rule in after
        ],
    )


def ruled(rules: Sequence[Rule], facts: Facts) -> Ruled:
    """Return what the rules ask of a run with these facts."""
    found = caught(rules, facts)
    named = [one for one in found if one.queue]
    queue = max(named, key=lambda one: OUTCOMES.index(one.outcome)).queue if named else ""
    outcomes = frozenset(one.outcome for one in found)
    return Ruled(outcomes=outcomes, rows=tuple(one.id for one in found), queue=queue)


def _moves(moves: Mapping[tuple[RuleOutcome | None, RuleOutcome | None], int]) -> list[Move]:
    """Return the moves, those that change something first, the strictest first."""
    order = sorted(
        moves, key=lambda move: (move[0] == move[1], *(-ORDER.index(one) for one in move[::-1]))
    )
    return [
        Move(before=OUTCOME_NAMES[was], after=OUTCOME_NAMES[would], runs=moves[was, would])
        for was, would in order
    ]


_PHRASES: Mapping[RuleOutcome, tuple[str, str]] = {
    "block": ("would have been offered no draft", "would have been offered their draft again"),
    "second": (
        "would have gone to a second person that did not",
        "would not have gone to a second person that did",
    ),
    "plan": (
        "would have been planned on tier 3 that were not",
        "would not have been planned on tier 3 that were",
    ),
    "review": (
        "would have come with a rule’s reason that did not",
        "would have come without a rule’s reason that had one",
    ),
}


def _sentences(
    effects: Mapping[tuple[RuleOutcome, bool], int], held: int, changed: int
) -> list[str]:
    said = []
    for outcome in reversed(OUTCOMES):
        gained, lost = effects.get((outcome, True), 0), effects.get((outcome, False), 0)
        more, fewer = _PHRASES[outcome]
        said += [f"{gained:,} of {held:,} {more}."] if gained else []
        said += [f"{lost:,} of {held:,} {fewer}."] if lost else []
    if not said and changed:
        other = "1 run would have" if changed == 1 else f"{changed:,} runs would have"
        said.append(f"{other} come with other reasons or in another queue, to the same end.")
    return said or ["Nothing would have been different."]


def _with_items(found: WhatIf) -> WhatIf:
    """Return the answer with the items that the listed runs opened."""
    ids = [one.run.id for one in found.changed]
    items = dict(ReviewItem.objects.filter(run__in=ids).order_by("-pk").values_list("run_id", "pk"))
    changed = [
        Changed(run=one.run, before=one.before, after=one.after, item_id=items.get(one.run.id))
        for one in found.changed
    ]
    return WhatIf(**{**vars(found), "changed": changed})


def _facts(given: Any, gave: Any) -> Facts | None:
    if not isinstance(given, Mapping) or not isinstance(gave, Mapping):
        return None
    try:
        return facts_of_result(given, RunResult.from_json(gave))
    except (KeyError, TypeError, ValueError):  # of an agent whose results are of another form
        return None


def _subject(given: Any) -> str:
    return str(given.get("subject", "")) if isinstance(given, Mapping) else ""
