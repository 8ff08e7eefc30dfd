"""The journal of a run: each step's result is written when it ends, and replayed after a crash."""

import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from agents.configuration import configuration_of
from agents.errors import AttemptOver, RunError, RunLost, RunTimeout
from agents.halting import Halt
from agents.models import Run, RunPayload, Step
from agents.run_rows import write_step
from agents.tools.loops import MadeCall, made_call
from observability import recorder
from observability.payloads import digest

# A step with less time than this left to its attempt is left to the next one.
STEP_TAKES_S = 20
OPERATIONS = {"model": "chat", "retrieval": "retrieval", "tool": "execute_tool"}


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """What a model call took. cost_usd: None when the price is unknown.

    cached_tokens: those of the input that the provider had in its cache; reasoning_tokens: those of
    the output that no answer holds; None where it is silent. rendered_digest: of the prompt as it
    was sent.
    """

    tier: int
    model: str
    prompt_version: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    rendered_digest: str = ""
    price_version: str = ""
    pricing: Step.Pricing
    cost_usd: Decimal | None


@dataclass(frozen=True, kw_only=True)
class ModelCall:
    """Which model answered a step, and to which prompt."""

    model: str
    prompt_version: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a step gives: its result as JSON, and for a model call what it used."""

    result: dict[str, Any]
    use: ModelUse | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """The steps of one attempt at a run. The attempt number fences it: a later one wins.

    deadline: the time.monotonic() by which the attempt must have ended. halt: what stops it before.
    """

    def __init__(self, run: Run, deadline: float = math.inf, halt: Halt | None = None) -> None:
        self.run = run
        self.configuration = configuration_of(run)
        self.deadline = deadline
        self.halt = halt or Halt()
        self.attempt = run.attempts
        self._has_worked = False
        self._written: dict[str, Any] = {}
        self._model_calls: dict[str, ModelCall] = {}
        self.calls: list[MadeCall] = []
        # The first attempt finds nothing that was written before it.
        written = run.steps.select_related("result", "input") if run.attempts > 1 else ()
        for step in written:
            self._written[step.key] = step.result.content
            if step.model:
                call = ModelCall(model=step.model, prompt_version=step.prompt_version)
                self._model_calls[step.key] = call
            if step.tool:
                self._note_call(step.tool, step.input, step.result.content)

    @property
    def is_shadow(self) -> bool:
        """Whether the run repeats another one unseen, and so changes nothing."""
        return self.run.shadow_of_id is not None

    def written(self, key: str) -> dict[str, Any] | None:
        """Return the result of the step if it is written, else None."""
        return dict(self._written[key] or {}) if key in self._written else None

    def call(self, key: str) -> ModelCall | None:
        """Return the model call that the written step was, None where it was none."""
        return self._model_calls.get(key)

    def step(
        self,
        key: str,
        kind: Step.Kind,
        work: Callable[[], Outcome],
        *,
        given: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
        tool: str = "",
    ) -> dict[str, Any]:
        """Return the step's result: replayed if it is written, else worked out and written.

        key: stable over restarts. given: what the step worked on, kept for the trace. tool: the one
        it calls. attributes: of the step's span, however it ends. Raises RunLost when the run is no
        longer this attempt's, RunTimeout when it is past its deadline, AttemptOver when the next
        attempt should do the rest.
        """
        known = self.written(key)
        if known is not None:
            return known
        self.halt.check()
        started_at = timezone.now()
        try:
            self.require_time()
            outcome = work()
        except RunError as error:
            self._record_failure(key, started_at, error, attributes or {})
            raise
        outcome = replace(outcome, attributes={**outcome.attributes, **(attributes or {})})
        self._write(key, kind, started_at, outcome, given, tool)
        self._written[key] = outcome.result
        self._has_worked = True
        if use := outcome.use:
            call = ModelCall(model=use.model, prompt_version=use.prompt_version)
            self._model_calls[key] = call
        if tool:
            self.calls.append(made_call(tool, given, outcome.result))
        return outcome.result

    def require_time(self, takes_s: float = STEP_TAKES_S, *, is_repeated: bool = False) -> None:
        """Return if the attempt has this long for what comes next.

        An attempt that has done nothing yet may always begin. is_repeated: it has done this before.
        Raises AttemptOver, RunTimeout when the time of the whole run is over.
        """
        left_s = self.deadline - time.monotonic()
        if left_s <= 0 and self.run.deadline_at and self.run.deadline_at <= timezone.now():
            raise RunTimeout("The run took longer than a run may.")
        if left_s <= 0 or (left_s < takes_s and (self._has_worked or is_repeated)):
            raise AttemptOver

    def _note_call(self, tool: str, given: RunPayload | None, result: Any) -> None:
        self.calls.append(made_call(tool, given.content if given else None, result))

    def _record_failure(
        self, key: str, started_at: datetime, error: RunError, attributes: Mapping[str, Any]
    ) -> None:
        """Leave a span of the step that failed, its model calls with what they took."""
        recorder.record(
            [
                recorder.SpanRecord(
                    trace_id=self.run.trace_id,
                    span_id=secrets.token_hex(8),
                    parent_span_id=root_span_id(self.run),
                    name=key,
                    started_at=started_at,
                    ended_at=timezone.now(),
                    error_type=error.error_type,
                    attributes={
                        "countersign.run.id": self.run.pk,
                        "countersign.step.key": key,
                        "countersign.attempts": list(getattr(error, "attempts", ())),
                        **attributes,
                    },
                )
            ]
        )

    def _write(
        self,
        key: str,
        kind: Step.Kind,
        started_at: datetime,
        outcome: Outcome,
        given: Mapping[str, Any] | None,
        tool: str,
    ) -> None:
        use = asdict(outcome.use) if outcome.use else {}
        step = Step(
            run=self.run,
            key=key,
            kind=kind,
            attempt=self.attempt,
            started_at=started_at,
            finished_at=timezone.now(),
            result_digest=digest(outcome.result),
            tool=tool,
            **use,
        )
        written = write_step(
            self.run,
            self.attempt,
            step,
            RunPayload(content=dict(given)) if given else None,
            RunPayload(content=outcome.result),
            _span(self.run, step, outcome),
        )
        if not written:
            raise RunLost


def held(run: Run, attempt: int) -> Any:
    """Return the queryset of the run while it is running under this attempt, for updates."""
    return Run.objects.filter(pk=run.pk, attempts=attempt, status=Run.Status.RUNNING)


def root_span_id(run: Run) -> str:
    """Return the id of the span that stands for the whole run."""
    return run.trace_id[:16]


def _span(run: Run, step: Step, outcome: Outcome) -> recorder.SpanRecord:
    attributes: dict[str, Any] = {
        "countersign.run.id": run.pk,
        "countersign.step.key": step.key,
        "gen_ai.operation.name": OPERATIONS.get(step.kind, ""),
        "gen_ai.tool.name": step.tool,
        **outcome.attributes,
    }
    if use := outcome.use:
        attributes |= {
            "gen_ai.request.model": use.model,
            "gen_ai.usage.input_tokens": use.input_tokens,
            "gen_ai.usage.output_tokens": use.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": use.cached_tokens,
            "gen_ai.usage.reasoning.output_tokens": use.reasoning_tokens,
            "gen_ai.prompt.name": use.prompt_version,
            "countersign.tier": use.tier,
            "countersign.pricing": use.pricing,
            "countersign.price_version": use.price_version,
            "countersign.prompt.digest": use.rendered_digest,
            "countersign.cost_usd": str(use.cost_usd) if use.cost_usd is not None else None,
        }
    return recorder.SpanRecord(
        trace_id=run.trace_id,
        span_id=secrets.token_hex(8),
        parent_span_id=root_span_id(run),
        name=f"chat {step.model}" if outcome.use else _name(step),
        started_at=step.started_at,
        ended_at=step.finished_at,
        attributes={name: value for name, value in attributes.items() if value not in ("", None)},
    )


def _name(step: Step) -> str:
    return f"execute_tool {step.tool}" if step.tool else step.key
