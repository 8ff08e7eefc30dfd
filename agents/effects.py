"""What a run does to the world: meant before it is done, known afterwards.

Exactly once exists only with a key that the other side honours. Without one a call is made at most
once, and where nobody can know how it ended a person finds out.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agents.errors import RunLost, ToolFailed, ToolUnclear
from agents.journal import Journal, held
from agents.models import HEARTBEAT_TIMEOUT, Effect, Run, RunPayload
from agents.tools.limits import count_call
from agents.tools.registry import Tool, ToolContext
from observability.failures import count_failure
from observability.payloads import digest
from observability.storable import storable, storable_json

log = logging.getLogger(__name__)

# A call whose end is unclear is made again under its key after these waits, then a person is asked.
WAITS_S = (0.5, 2.0)
MARKED_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How an effect ended. result: the tool's, or a sentence why it was not done or is unclear."""

    effect: Effect
    result: Any


def bound_digest(tool: str, arguments: Mapping[str, Any], revision: int) -> str:
    """Return the digest that binds an approval to what it was given for."""
    return digest({"tool": tool, "arguments": dict(arguments), "revision": revision})


def carry_out(
    journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any], *, revision: int = 0
) -> Ended:
    """Return how the call ended, made now or in an earlier attempt.

    revision: of the proposal that was approved. Raises RunLost, ToolError when a limit is reached,
    AttemptOver when the next attempt should make the call.
    """
    journal.halt.check()
    journal.require_time(tool.timeout_s)
    effect, is_new = _intend(journal, key, tool, arguments, revision)
    if effect.state != Effect.State.INTENDED:
        return Ended(effect=effect, result=_kept(effect))
    if not is_new and not effect.takes_key:
        # Whoever meant to make the call is gone, and may have made it.
        return _end(effect, Effect.State.UNKNOWN, "The worker died while it was called.")
    return _call(journal, effect, tool, arguments)


def settle(effect: Effect, state: Effect.State, said: str) -> Ended:
    """Return the unclear effect as a person found it to be, or as its worker has said meanwhile."""
    return _end(effect, state, said, result={"found_by_a_person": said})


def mark_left_behind(now: datetime) -> int:
    """Turn what ended runs and dead workers have left unclear into `unknown`; return how many.

    A call under a key is made again by the next worker; without one nothing can be learnt by
    waiting for that worker, which may be long in coming. A worker that still waits for the other
    side has the time that any call has to say so itself, and what it says then counts.
    """
    lapsed = now - HEARTBEAT_TIMEOUT
    unclear = Effect.objects.filter(state=Effect.State.INTENDED)
    ended = unclear.filter(run__status__in=Run.ENDED, run__finished_at__lt=lapsed)
    died = unclear.filter(
        takes_key=False, run__status=Run.Status.RUNNING, run__heartbeat_at__lt=lapsed
    )
    return sum(
        # The state is asked for once more: what its worker says meanwhile counts.
        unclear.filter(pk__in=list(left.values_list("pk", flat=True)[:MARKED_AT_ONCE])).update(
            state=Effect.State.UNKNOWN, ended_at=now, detail=detail
        )
        for left, detail in (
            (ended, "Its run ended while it was called."),
            (died, "The worker died while it was called."),
        )
    )


def call(tool: Tool, arguments: Mapping[str, Any], context: ToolContext) -> Any:
    """Return what the tool gives, within its time and as the database can hold it.

    Raises ToolFailed when it surely was not done, TimeoutError or anything else when that is open.
    """
    try:
        result = _in_time(lambda: tool.call(arguments, context), None if tool.is_local else tool)
    except ToolFailed as error:
        raise ToolFailed(storable(str(error))) from error
    try:
        return storable_json(json.loads(json.dumps(result)))
    except (TypeError, ValueError, RecursionError):
        log.warning("%s gave what no JSON of the database can hold", tool.name)
        return {"note": "It was done, and its answer cannot be kept."}


def context_of(journal: Journal, tool: Tool, key: str) -> ToolContext:
    """Return what a tool is told of the run that calls it."""
    given = journal.run.input.content or {}
    return ToolContext(
        run_id=journal.run.pk, key=key, subject=given.get("party") or {}, timeout_s=tool.timeout_s
    )


def _in_time(work: Callable[[], Any], watched: Tool | None) -> Any:
    if watched is None:
        return work()
    # A thread that hangs is left to its fate: no run waits for it, nor does the process's end.
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"tool-{watched.name}")
    try:
        made: Future[Any] = pool.submit(work)
        return made.result(watched.timeout_s)
    finally:
        pool.shutdown(wait=False)


def _intend(
    journal: Journal, key: str, tool: Tool, arguments: Mapping[str, Any], revision: int
) -> tuple[Effect, bool]:
    """Return the effect's row, committed, and whether this attempt is the one that meant it."""
    run = journal.run
    with transaction.atomic():
        if not held(run, journal.attempt).update(heartbeat_at=timezone.now()):
            raise RunLost
        known = Effect.objects.filter(run=run, step_key=key).select_related("result").first()
        if known is not None:
            return known, False
        count_call(run.agent, tool, sum(one.tool == tool.name for one in journal.calls))
        return Effect.objects.create(
            run=run,
            step_key=key,
            tool=tool.name,
            arguments=RunPayload.objects.create(content=dict(arguments)),
            bound_digest=bound_digest(tool.name, arguments, revision),
            idempotency_key=f"run-{run.trace_id}-{key}",
            takes_key=tool.takes_key,
        ), True


def _call(journal: Journal, effect: Effect, tool: Tool, arguments: Mapping[str, Any]) -> Ended:
    context = context_of(journal, tool, effect.idempotency_key)
    for number, wait_s in enumerate((*WAITS_S, None) if effect.takes_key else (None,)):
        if number:
            journal.require_time(tool.timeout_s, is_repeated=True)
        Effect.objects.filter(pk=effect.pk).update(attempts=F("attempts") + 1)
        try:
            result = call(tool, arguments, context)
        except ToolFailed as error:
            return _failed(effect, str(error))
        except SoftTimeLimitExceeded:
            raise  # of the worker's task: there is no time for another try
        except Exception as error:
            log.exception("%s of run %s is unclear", tool.name, effect.run_id)
            ended = str(error) if isinstance(error, ToolUnclear) else _broke(error)
            unclear = f"{ended} Nobody knows whether it was done."
        else:
            return _end(effect, Effect.State.DONE, "", result=result)
        if wait_s is not None:
            time.sleep(wait_s)
    count_failure("tool", tool.name, "unknown")
    return _end(effect, Effect.State.UNKNOWN, unclear)


def _broke(error: Exception) -> str:
    return f"The call ended with {type(error).__name__}."


def _failed(effect: Effect, said: str) -> Ended:
    count_failure("tool", effect.tool, "tool_error")
    return _end(effect, Effect.State.FAILED, said)


def _end(effect: Effect, state: Effect.State, said: str, *, result: Any = None) -> Ended:
    """Write how it ended, whoever holds the run by now: what happened happened."""
    with transaction.atomic():
        kept = RunPayload.objects.create(content=result) if state == Effect.State.DONE else None
        open_states = [Effect.State.INTENDED, Effect.State.UNKNOWN]
        Effect.objects.filter(pk=effect.pk, state__in=open_states).update(
            state=state, detail=said[:500], ended_at=timezone.now(), result=kept
        )
        stands = Effect.objects.select_related("result").get(pk=effect.pk)
    return Ended(effect=stands, result=_kept(stands))


def _kept(effect: Effect) -> Any:
    return effect.result.content if effect.result else effect.detail
