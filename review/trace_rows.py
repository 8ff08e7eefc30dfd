"""The lines of a run's waterfall: its steps, their tries, and what was waited for between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from agents.models import Pause, Run, Step
from observability.models import Span
from observability.traces import Branch
from review.ending import Ending
from review.readable import counted, gist
from review.waterfall import Bar, Scale

SAID = {
    "approve": "approved",
    "edit": "changed and approved",
    "reject": "refused",
    "respond": "answered in words",
}
RowKind = Literal["run", "model", "step", "try", "wait", "person"]


@dataclass(frozen=True, kw_only=True)
class Use:
    """Tokens and cost. pricing: empty where no model was used; cost_usd: None when unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    pricing: str = ""
    cost_usd: Decimal | None = None

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the waterfall. key: what `?step=` opens it by, None where nothing is to open."""

    kind: RowKind
    name: str
    key: str | None = None
    depth: int = 1
    tier: int | None = None
    model: str = ""
    detail: str = ""
    error_type: str = ""
    begins_ms: int
    took_ms: int
    use: Use = Use()
    bar: Bar


class Rows:
    """Makes the rows of one run. now: where what has not ended ends on the page."""

    def __init__(
        self,
        run: Run,
        branches: Sequence[Branch],
        ending: Ending | None,
        now: datetime,
        pauses: Sequence[Pause] = (),
    ) -> None:
        self.run = run
        self.answered = [pause for pause in pauses if pause.answered_at]
        self.end = run.finished_at or now
        self.branches = [branch for branch in branches if branch.depth]
        last = self.end
        if ending is not None and ending.item.status == ending.item.Status.OPEN:
            last = max(last, now)
        elif ending is not None and ending.decided:
            last = max(last, ending.decided[-1].verdict.created_at)
        work = [(branch.span.started_at, branch.span.ended_at) for branch in self.branches]
        self.scale = Scale(run.created_at, max([last, *(end for _, end in work)]), work)
        self.now = now

    def whole(self) -> Row:
        """Return the row of the run itself."""
        run = self.run
        return self._row(
            "run",
            run.agent.name,
            run.started_at or run.created_at,
            self.end,
            key="",
            depth=0,
            detail="" if run.status in Run.ENDED else run.get_status_display().lower(),
            error_type=run.error_type,
        )

    def steps(self, steps: Mapping[str, Step]) -> Iterator[Row]:
        """Yield the waits, the steps with their tries, and where a worker was lost."""
        run = self.run
        is_queued = run.status == Run.Status.QUEUED
        name = "waits for a worker" if is_queued else "waited for a worker"
        yield self._row("wait", name, run.created_at, run.started_at or self.end)
        attempt, done_until = 1, run.started_at or self.end
        for branch in self.branches:
            span = branch.span
            step = steps.get(step_key(span))
            by = step.attempt if step else run.attempts
            if by > attempt:
                yield from self._between(done_until, span.started_at, attempt, by)
            attempt, done_until = max(attempt, by), max(done_until, span.ended_at)
            yield from self._step(branch, step)
        if run.attempts > attempt:
            yield from self._between(done_until, self.end, attempt, run.attempts)
        elif run.status == Run.Status.RUNNING:
            yield self._row("wait", "at work on the next step", done_until, self.end)

    def _between(self, begin: datetime, end: datetime, last: int, now: int) -> Iterator[Row]:
        """Yield why attempt `now` went on after attempt `last`: people's answers, lost workers."""
        answers = [pause for pause in self.answered if begin <= pause.opened_at <= end]
        for pause in answers:
            said = ((pause.answer.content if pause.answer else None) or {}).get("verdict", "")
            yield self._row(
                "person",
                "waited for a person",
                pause.opened_at,
                pause.answered_at or end,
                detail=SAID.get(said, ""),
            )
            begin = pause.answered_at or end
        if now - last > len(answers):
            yield self._loss(begin, end, now)

    def people(self, ending: Ending) -> Iterator[Row]:
        """Yield a row for each wait until a person decided, and for one that still goes on."""
        since = ending.item.opened_at
        for decided in ending.decided:
            verdict = decided.verdict
            who = verdict.reviewer.get_full_name() or verdict.reviewer.get_username()
            detail = f"{decided.what.lower()} by {who}"
            name = "waited for a person"
            yield self._row("person", name, since, verdict.created_at, depth=0, detail=detail)
            since = verdict.created_at
        if ending.item.status == ending.item.Status.OPEN:
            detail = f"in {ending.item.queue.name}"
            yield self._row("person", "waits for a person", since, self.now, depth=0, detail=detail)

    def _step(self, branch: Branch, step: Step | None) -> Iterator[Row]:
        span = branch.span
        attempts = tries_of(span)
        tries = list(self._tries(branch, attempts))
        missed = [row.use for row in tries if row.error_type]
        detail = (gist(getattr(step, "small_result", None))) or _documents(span)
        yield self._row(
            "model" if attempts or (step and step.model) else "step",
            step_key(span) or span.name,
            span.started_at,
            span.ended_at,
            key=step_key(span) or None,
            depth=branch.depth,
            tier=step.tier if step else None,
            model=step.model if step else "",
            detail=", ".join(filter(None, [detail, "context cut" if cuts_of(span) else ""])),
            error_type=span.error_type,
            use=together([*missed, _use_of_step(step)] if step else missed),
        )
        if len(tries) > 1 or span.error_type:
            yield from tries

    def _tries(self, branch: Branch, attempts: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
        start, asked = branch.span.started_at, set[str]()
        for attempt in attempts:
            waited_ms = int(attempt.get("waited_ms") or 0)
            start = _moment(attempt.get("started_at")) or start + timedelta(milliseconds=waited_ms)
            end = start + timedelta(milliseconds=int(attempt.get("latency_ms") or 0))
            model = str(attempt.get("model", ""))
            role = "once more" if model in asked else "fallback" if asked else ""
            role = "to mend its answer" if attempt.get("is_repair") else role
            waited = f"after a wait of {waited_ms:,} ms" if waited_ms else ""
            # The sentence begins with the model's name, which stands before it already.
            message = str(attempt.get("message") or "").removeprefix(model).strip().rstrip(".")
            yield self._row(
                "try",
                model,
                start,
                end,
                depth=branch.depth + 1,
                tier=attempt.get("tier"),
                detail=", ".join(filter(None, [" ".join(filter(None, [role, waited])), message])),
                error_type=str(attempt.get("error_type") or ""),
                use=use_of_try(attempt),
            )
            start = end
            asked.add(model)

    def _loss(self, start: datetime, end: datetime, attempt: int) -> Row:
        is_given_up = self.run.error_type == "crashed" and end == self.end
        detail = f"attempt {attempt} went on from what was written"
        if is_given_up:
            detail = f"{attempt - 1} attempts, then the run was given up"
        return self._row("wait", "lost the worker", start, end, detail=detail)

    def _row(self, kind: RowKind, name: str, start: datetime, end: datetime, **fields: Any) -> Row:
        return Row(
            kind=kind,
            name=name,
            begins_ms=_milliseconds(start - self.run.created_at),
            took_ms=_milliseconds(end - start),
            bar=self.scale.bar(start, end),
            **fields,
        )


def step_key(span: Span) -> str:
    """Return the key of the step the span records, empty for a span of something else."""
    return str(span.attributes.get("countersign.step.key", ""))


def tries_of(span: Span) -> list[Mapping[str, Any]]:
    """Return every try at the span's model call, first to last."""
    attempts = span.attributes.get("countersign.attempts")
    return [a for a in attempts if isinstance(a, Mapping)] if isinstance(attempts, list) else []


def cuts_of(span: Span) -> list[Mapping[str, Any]]:
    """Return what was left out of the model's context: {what, kept, of}, in characters."""
    cuts = span.attributes.get("countersign.context.cut")
    return [cut for cut in cuts if isinstance(cut, Mapping)] if isinstance(cuts, list) else []


def together(uses: Sequence[Use]) -> Use:
    """Return the sum; one unknown price makes the whole cost unknown, never less than it was."""
    paid = [use for use in uses if use.pricing]
    kinds = {use.pricing for use in paid}
    pricing = next((kind for kind in ("unpriced", "priced", "local") if kind in kinds), "")
    is_known = bool(paid) and pricing != Step.Pricing.UNPRICED
    return Use(
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cached_tokens=sum(use.cached_tokens for use in uses),
        pricing=pricing,
        cost_usd=sum((u.cost_usd or Decimal(0) for u in paid), Decimal(0)) if is_known else None,
    )


def _use_of_step(step: Step) -> Use:
    return Use(
        input_tokens=step.input_tokens or 0,
        output_tokens=step.output_tokens or 0,
        cached_tokens=step.cached_tokens or 0,
        pricing=step.pricing,
        cost_usd=step.cost_usd,
    )


def use_of_try(attempt: Mapping[str, Any]) -> Use:
    """Return what a try took, as its span records it."""
    cost = attempt.get("cost_usd")
    return Use(
        input_tokens=attempt.get("input_tokens") or 0,
        output_tokens=attempt.get("output_tokens") or 0,
        cached_tokens=attempt.get("cached_tokens") or 0,
        pricing=str(attempt.get("pricing") or ""),
        cost_usd=None if cost is None else Decimal(str(cost)),
    )


def _documents(span: Span) -> str:
    found = span.attributes.get("gen_ai.retrieval.documents")
    return counted(len(found), "article") if isinstance(found, list) else ""


def _moment(text: Any) -> datetime | None:
    """Return the moment of an ISO time; one without a zone is UTC."""
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _milliseconds(length: timedelta) -> int:
    return max(0, round(length.total_seconds() * 1000))
