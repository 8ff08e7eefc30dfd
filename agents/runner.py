"""Executing runs: one worker at a time, taken up again after a crash, never silent."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import Q
from django.utils import timezone

from agents.errors import AttemptOver, Quarantined, RunError, RunLost, RunTimeout
from agents.halting import Halt
from agents.journal import Journal, held, root_span_id
from agents.models import (
    HEARTBEAT_INTERVAL,
    HEARTBEAT_TIMEOUT,
    MOST_CRASHES,
    Run,
    RunPayload,
)
from agents.pauses import Paused, open_pause
from agents.resolution.agent import resolve
from agents.results import RunResult
from agents.run_rows import end, take
from agents.status import refusal
from agents.triage.agent import triage
from agents.triage.redraft import redraft
from observability import recorder
from observability.failures import count_failure
from observability.payloads import digest

log = logging.getLogger(__name__)

# Of one attempt at a run. Under Celery's soft limit, so that the run ends by itself and says why.
ATTEMPT_TIMEOUT_S = 80
# How soon a run at work hears that it was cancelled, or its agent stopped.
LISTEN_EVERY_S = 0.5

Work = Callable[[Journal, dict[str, Any]], RunResult]

AGENTS: dict[str, Work] = {"triage": triage, "resolution": resolve}
# What an agent does with an input that asks for another draft.
REDRAFTS: dict[str, Work] = {"triage": redraft}


def register_agent(slug: str, work: Work) -> None:
    """Let runs of the agent be done by this function, whose every step goes through the journal."""
    AGENTS[slug] = work


def execute(run_id: int) -> bool:
    """Run it if it is due and nobody has it; return whether this call ended it or let it wait.

    Safe to call at any time and any number of times. A run whose worker died goes on from its
    journal; one that lost three workers is quarantined; one that must ask a person waits.
    """
    run = take(run_id, timezone.now())
    if run is None:
        return False
    halt = Halt()
    try:
        with _heartbeat(run, halt):
            result = _work(run, halt)
    except (RunLost, AttemptOver, Paused) as end:
        return _leave(run, end)
    except (OperationalError, InterfaceError):
        raise  # the database went away: its heartbeat lapses, and the run goes on from its journal
    except RunError as error:
        return _finish(run, error_type=error.error_type, error_message=str(error))
    except Exception as error:
        log.exception("run %s failed", run.pk)
        return _finish(run, error_type="internal", error_message=type(error).__name__)
    return _finish(run, result=result)


def _work(run: Run, halt: Halt) -> RunResult:
    if stopped := refusal(run.agent.status, run.agent.status_note, run.environment):
        raise stopped
    if run.crashes >= MOST_CRASHES:
        raise Quarantined(f"The worker died {MOST_CRASHES} times on this run.")
    left_s = (run.deadline_at - timezone.now()).total_seconds() if run.deadline_at else math.inf
    if left_s <= 0:
        raise RunTimeout("The run took longer than a run of this agent may.")
    journal = Journal(run, time.monotonic() + min(ATTEMPT_TIMEOUT_S, left_s), halt)
    given = run.input.content or {}
    return (REDRAFTS if "redraft" in given else AGENTS)[run.agent.slug](journal, given)


def _leave(run: Run, end: Exception) -> bool:
    """Let go of a run that has not ended; return whether it waits for a person now."""
    if isinstance(end, Paused):
        return _wait(run, end)
    if isinstance(end, AttemptOver):
        held(run, run.attempts).update(status=Run.Status.QUEUED, due_at=timezone.now())
    else:
        log.info("run %s was taken over or cancelled", run.pk)
    return False


def due(now: datetime) -> Q:
    """Return the filter of runs that a worker should take: due, or left by a dead worker."""
    return Q(status=Run.Status.QUEUED, due_at__lte=now) | Q(
        status=Run.Status.RUNNING, heartbeat_at__lt=now - HEARTBEAT_TIMEOUT
    )


@transaction.atomic
def _wait(run: Run, paused: Paused) -> bool:
    """Let the run wait for a person; return whether it was still this attempt's."""
    now = timezone.now()
    waits = held(run, run.attempts).update(status=Run.Status.WAITING, heartbeat_at=None)
    if waits:
        open_pause(run, paused, now)
    return bool(waits)


def _finish(
    run: Run,
    *,
    result: RunResult | None = None,
    error_type: str = "",
    error_message: str = "",
) -> bool:
    now = timezone.now()
    content = result.as_json() if result else None
    ended = end(
        run,
        run.attempts,
        RunPayload(content=content) if result else None,
        recorder.SpanRecord(
            trace_id=run.trace_id,
            span_id=root_span_id(run),
            name=f"invoke_agent {run.agent.slug}",
            started_at=run.created_at,
            ended_at=now,
            error_type=error_type,
            attributes={
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": run.agent.slug,
                "countersign.run.id": run.pk,
                "countersign.attempts": run.attempts,
            },
        ),
        status=Run.Status.DONE if result else Run.Status.FAILED,
        result_digest=digest(content) if result else "",
        error_type=error_type,
        error_message=error_message[:500],
        finished_at=now,
    )
    if ended and error_type:
        count_failure("run", run.agent.slug, error_type, environment=run.environment)
    return ended


@contextmanager
def _heartbeat(run: Run, halt: Halt) -> Iterator[None]:
    """Keep the run's heartbeat fresh while a step takes its time; listen for the word to stop."""
    stop = threading.Event()

    def beat() -> None:
        beaten = time.monotonic()
        while not stop.wait(LISTEN_EVERY_S):
            with suppress(OperationalError, InterfaceError):  # the next one may get through
                close_old_connections()
                _listen(run, halt)
                if time.monotonic() - beaten >= HEARTBEAT_INTERVAL.total_seconds():
                    held(run, run.attempts).update(heartbeat_at=timezone.now())
                    beaten = time.monotonic()
        connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _listen(run: Run, halt: Halt) -> None:
    """Say so when the run is no longer this attempt's, or its agent was stopped."""
    now = (
        Run.objects.filter(pk=run.pk)
        .values_list("status", "attempts", "agent__status", "agent__status_note")
        .first()
    )
    if now is None:
        return
    status, attempts, agent_status, note = now
    if (status, attempts) != (Run.Status.RUNNING, run.attempts):
        halt.say(RunLost())
    elif stopped := refusal(agent_status, note, run.environment):
        halt.say(stopped)
