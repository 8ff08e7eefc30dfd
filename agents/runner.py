"""Executing runs: one worker at a time, taken up again after a crash, never silent."""

import logging
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
from django.db.models import Case, F, Q, SmallIntegerField, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from agents.errors import RunError, RunLost
from agents.journal import Journal, held, root_span_id
from agents.models import HEARTBEAT_INTERVAL, HEARTBEAT_TIMEOUT, MOST_CRASHES, Run, RunPayload
from agents.resolution.agent import resolve
from agents.results import RunResult
from agents.triage.agent import triage
from agents.triage.redraft import redraft
from observability import recorder
from observability.payloads import digest

log = logging.getLogger(__name__)

# Of one attempt at a run. Under Celery's soft limit, so that the run ends by itself and says why.
ATTEMPT_TIMEOUT_S = 80

Work = Callable[[Journal, dict[str, Any]], RunResult]

AGENTS: dict[str, Work] = {"triage": triage, "resolution": resolve}
# What an agent does with an input that asks for another draft.
REDRAFTS: dict[str, Work] = {"triage": redraft}


def execute(run_id: int) -> bool:
    """Run it if it is due and nobody has it; return whether this call brought it to an end.

    Safe to call at any time and any number of times. A run whose worker died goes on from its
    journal; one that lost three workers fails.
    """
    run = _take(run_id)
    if run is None:
        return False
    if run.crashes >= MOST_CRASHES:
        message = f"The worker died {MOST_CRASHES} times on this run."
        return _finish(run, error_type="crashed", error_message=message)
    try:
        with _heartbeat(run):
            journal = Journal(run, deadline=time.monotonic() + ATTEMPT_TIMEOUT_S)
            given = run.input.content or {}
            result = (REDRAFTS if "redraft" in given else AGENTS)[run.agent.slug](journal, given)
    except RunLost:
        log.info("run %s was taken over or cancelled", run.pk)
        return False
    except RunError as error:
        return _finish(run, error_type=error.error_type, error_message=str(error))
    except (OperationalError, InterfaceError):
        raise  # the database went away: its heartbeat lapses, and the run goes on from its journal
    except Exception as error:
        log.exception("run %s failed", run.pk)
        return _finish(run, error_type="internal", error_message=type(error).__name__)
    return _finish(run, result=result)


def due(now: datetime) -> Q:
    """Return the filter of runs that a worker should take: due, or left by a dead worker."""
    return Q(status=Run.Status.QUEUED, due_at__lte=now) | Q(
        status=Run.Status.RUNNING, heartbeat_at__lt=now - HEARTBEAT_TIMEOUT
    )


def _take(run_id: int) -> Run | None:
    now = timezone.now()
    taken = Run.objects.filter(due(now), pk=run_id).update(
        status=Run.Status.RUNNING,
        attempts=F("attempts") + 1,
        # A run that is found running has lost its worker.
        crashes=F("crashes")
        + Case(
            When(status=Run.Status.RUNNING, then=1), default=0, output_field=SmallIntegerField()
        ),
        heartbeat_at=now,
        started_at=Coalesce("started_at", now),
    )
    if not taken:
        return None
    return Run.objects.select_related("agent", "input", "comparison").get(pk=run_id)


@transaction.atomic
def _finish(
    run: Run,
    *,
    result: RunResult | None = None,
    error_type: str = "",
    error_message: str = "",
) -> bool:
    now = timezone.now()
    content = result.as_json() if result else None
    ended = held(run, run.attempts).update(
        status=Run.Status.DONE if result else Run.Status.FAILED,
        result=RunPayload.objects.create(content=content) if result else None,
        result_digest=digest(content) if result else "",
        error_type=error_type,
        error_message=error_message[:500],
        finished_at=now,
    )
    if not ended:
        transaction.set_rollback(True)
        return False
    recorder.record(
        [
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
            )
        ]
    )
    return True


@contextmanager
def _heartbeat(run: Run) -> Iterator[None]:
    """Keep the run's heartbeat fresh while a step takes its time."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_INTERVAL.total_seconds()):
            with suppress(OperationalError, InterfaceError):  # the next beat may get through
                close_old_connections()
                held(run, run.attempts).update(heartbeat_at=timezone.now())
        connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
