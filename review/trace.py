"""A run as its page reads it: the waterfall, one step opened, and how it ended with people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.contrib.auth.models import User
from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.utils import timezone

from agents.journal import root_span_id
from agents.models import Effect, Run, RunPayload, Step
from observability.models import Span
from observability.traces import in_tree, spans_of
from review import runs_by_hand
from review.ending import Ending, ending_of
from review.escalation import decide_failure
from review.models import ReviewItem, TicketRun
from review.readable import Content, readable
from review.trace_rows import Row, Rows, Use, cuts_of, step_key, together

# As stored, in bytes: of a result this small the waterfall says a word, larger ones stay unread.
SMALL_RESULT = 8_000


@dataclass(frozen=True, kw_only=True)
class Side:
    """What went in or came out. content: None when it is erased."""

    content: Content | None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What was left out of a model's context, in characters."""

    what: str
    kept: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The step that is shown beside the waterfall; the run itself has no step."""

    row: Row
    step: Step | None
    tries: Sequence[Row]
    cuts: Sequence[Cut]
    given: Side | None
    made: Side | None


@dataclass(frozen=True, kw_only=True)
class Siblings:
    """The run's place, from 1, among those of its ticket, and the runs beside it."""

    place: int
    number: int
    older: int | None
    newer: int | None


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A run with everything its page shows. failure: what a person is told of a failed run."""

    run: Run
    link: TicketRun
    rows: Sequence[Row]
    total: Use
    calls: int
    machine_ms: int
    shown_ms: int
    is_shortened: bool
    opened: Opened
    ending: Ending | None
    failure: str
    item_is_visible: bool
    siblings: Siblings
    effects: Sequence[Effect]
    now: datetime

    @property
    def may_stop(self) -> bool:
        """Whether it has not ended."""
        return self.run.status not in Run.ENDED

    @property
    def may_start_again(self) -> bool:
        """Whether it ended in a way that can be tried again, and nobody has decided since."""
        ended = self.ending is None or self.ending.item.status == ReviewItem.Status.OPEN
        return runs_by_hand.may_start_again(self.run) and ended

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it will change any more."""
        if self.run.status not in Run.ENDED or self.link.settled_at is None:
            return False
        return self.ending is None or self.ending.is_settled


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Which queues a person sees."""

    every: bool
    queues: Collection[int]

    def sees(self, queue_id: int | None) -> bool:
        """Whether they see the queue; what is in none is for those who see every queue."""
        return self.every or queue_id in self.queues


def sight_of(user: User) -> Sight:
    """Return what the person sees."""
    if user.has_perm("review.view_every_queue"):
        return Sight(every=True, queues=())
    return Sight(every=False, queues=set(user.queues.values_list("pk", flat=True)))


def visible_runs(sight: Sight) -> QuerySet[TicketRun]:
    """Return the runs of the tickets and items that are seen.

    A ticket that no run has routed yet is in no queue.
    """
    runs = TicketRun.objects.select_related("run__agent", "ticket__queue").defer(
        "run__agent__company", "run__agent__does_not"
    )
    if sight.every:
        return runs
    items = ReviewItem.objects.filter(run=OuterRef("run"), queue__in=sight.queues)
    return runs.filter(Q(ticket__queue__in=sight.queues) | Exists(items))


def shadow_link(sight: Sight, run_id: int) -> TicketRun | None:
    """Return a shadow run as one of the ticket whose run it repeats, for who sees every queue.

    It is no run of the ticket's: what comes back is not stored.
    """
    if not sight.every:
        return None
    run = Run.objects.select_related("agent").filter(pk=run_id, shadow_of__isnull=False).first()
    if run is None:
        return None
    beside = TicketRun.objects.select_related("ticket__queue").get(run=run.shadow_of_id)
    return TicketRun(
        ticket=beside.ticket, run=run, upto_seq=beside.upto_seq, settled_at=run.finished_at
    )


def trace_of(link: TicketRun, sight: Sight, *, step: str | None = None) -> Trace:
    """Return the run's trace with this step opened, in a fixed number of queries.

    step: a key, empty for the run itself; None opens what most likely is looked for.
    """
    run, now = link.run, timezone.now()
    steps = {step.key: step for step in _steps(run)}
    spans = _spans(run, steps, now)
    ending = ending_of(run.pk)
    pauses = run.pauses.select_related("answer").order_by("pk") if run.attempts > 1 else ()
    making = Rows(run, in_tree(spans, root_span_id(run)), ending, now, list(pauses))
    work = list(making.steps(steps))
    rows = [making.whole(), *work, *(making.people(ending) if ending else ())]
    calls = [row for row in work if row.kind == "model"]
    return Trace(
        run=run,
        link=link,
        rows=rows,
        total=together([row.use for row in calls]),
        calls=len(calls),
        machine_ms=sum(row.took_ms for row in work if row.kind in {"model", "step"}),
        shown_ms=max(row.begins_ms + row.took_ms for row in rows),
        is_shortened=making.scale.is_shortened,
        opened=_opened(run, rows, steps, spans, step),
        ending=ending,
        failure=_failure(run),
        item_is_visible=ending is not None and sight.sees(ending.item.queue_id),
        siblings=_siblings(link, sight),
        effects=list(run.effects.order_by("pk")),
        now=now,
    )


def _steps(run: Run) -> QuerySet[Step]:
    """Return the run's steps, each with its result as `small_result` if that is small."""
    size = Func(F("result__content"), function="pg_column_size", output_field=IntegerField())
    return run.steps.annotate(size=size).annotate(
        small_result=Case(
            When(size__lte=SMALL_RESULT, then=F("result__content")), output_field=JSONField()
        )
    )


def _spans(run: Run, steps: Mapping[str, Step], now: datetime) -> list[Span]:
    """Return the run's spans; a step stands for its own where that day's have been dropped."""
    spans = spans_of(run.trace_id, since=run.created_at, until=run.finished_at or now)
    traced = {step_key(span) for span in spans}
    untraced = [
        Span(
            span_id=f"step {step.pk}",
            parent_span_id=root_span_id(run),
            name=step.key,
            started_at=step.started_at,
            ended_at=step.finished_at,
            attributes={"countersign.step.key": step.key},
        )
        for step in steps.values()
        if step.key not in traced
    ]
    return sorted([*spans, *untraced], key=lambda span: span.started_at)


def _opened(
    run: Run,
    rows: Sequence[Row],
    steps: Mapping[str, Step],
    spans: Sequence[Span],
    key: str | None,
) -> Opened:
    row = _row_to_open(rows, key)
    step = steps.get(row.key or "")
    given_id, made_id = (run.input_id, run.result_id) if row.kind == "run" else (None, None)
    if step is not None:
        given_id, made_id = step.input_id, step.result_id
    payloads = RunPayload.objects.in_bulk([pk for pk in (given_id, made_id) if pk])
    return Opened(
        row=row,
        step=step,
        tries=_tries_below(rows, row),
        cuts=[
            Cut(what=str(cut.get("what")), kept=int(cut.get("kept", 0)), of=int(cut.get("of", 0)))
            for span in spans
            if row.key and step_key(span) == row.key
            for cut in cuts_of(span)
        ],
        given=_side(payloads.get(given_id)),
        made=_side(payloads.get(made_id)),
    )


def _row_to_open(rows: Sequence[Row], key: str | None) -> Row:
    """Return the asked row, else the one that failed, else the last model call, else the run."""
    can_open = [row for row in rows if row.key is not None]
    asked = [row for row in can_open if row.key == key]
    steps = [row for row in can_open if row.kind != "run"]
    failed = [row for row in steps if row.error_type]
    calls = [row for row in steps if row.kind == "model"]
    return [*can_open[:1], *calls, *failed, *asked][-1]


def _tries_below(rows: Sequence[Row], row: Row) -> list[Row]:
    below = list(rows)[rows.index(row) + 1 :]
    return list(takewhile(lambda row: row.kind == "try", below))


def _side(payload: RunPayload | None) -> Side | None:
    if payload is None:
        return None
    return Side(content=None if payload.content is None else readable(payload.content))


def _failure(run: Run) -> str:
    if run.status != Run.Status.FAILED:
        return ""
    return decide_failure(run.error_type, run.error_message).reasons[0].text


def _siblings(link: TicketRun, sight: Sight) -> Siblings:
    ids = [link.run_id]
    if link.pk and sight.sees(link.ticket.queue_id):
        runs = TicketRun.objects.filter(ticket=link.ticket_id).order_by("pk")
        ids = list(runs.values_list("run", flat=True))
    place = ids.index(link.run_id)
    return Siblings(
        place=place + 1,
        number=len(ids),
        older=ids[place - 1] if place else None,
        newer=ids[place + 1] if place + 1 < len(ids) else None,
    )
