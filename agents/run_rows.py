"""Taking a run, writing its steps and ending it: one statement each, fenced by the attempt.

A triage run has seven steps; by the ORM each took nine statements.
"""

from datetime import datetime
from typing import Any

from agents.models import HEARTBEAT_TIMEOUT, Agent, Comparison, Run, RunPayload, Step
from observability.recorder import SpanRecord, recording
from observability.rows import ask, columns, inserting, instances, relate

HELD = """
held AS (
    UPDATE agents_run SET heartbeat_at = %s
    WHERE id = %s AND attempts = %s AND status = 'running' RETURNING id
)"""
HELD_TO_END = """
held AS (
    SELECT id FROM agents_run WHERE id = %s AND attempts = %s AND status = 'running' FOR UPDATE
)"""
# Of the statement's own transaction: its commit does not wait for the disk.
UNWAITED = "set_config('synchronous_commit', 'off', true)"
TAKE = f"""
WITH taken AS (
    UPDATE agents_run run SET status = 'running', attempts = run.attempts + 1,
        crashes = run.crashes + (run.status = 'running')::int,  -- found running: its worker is gone
        heartbeat_at = %(now)s, started_at = coalesce(run.started_at, %(now)s),
        deadline_at = coalesce(
            -- in a queue, or with a worker that is gone, it did not work
            run.deadline_at + (%(now)s - CASE WHEN run.status = 'queued' THEN run.due_at
                ELSE run.heartbeat_at END),
            %(now)s + agent.run_timeout_s * interval '1 second')
    FROM agents_agent agent
    WHERE run.id = %(run)s AND agent.id = run.agent_id AND (
        run.status = 'queued' AND run.due_at <= %(now)s
        OR run.status = 'running' AND run.heartbeat_at < %(lapsed)s)
    RETURNING run.*
)
SELECT {columns(Run, "taken")}, {columns(Agent, "agent")}, {columns(RunPayload, "input")},
    {columns(Comparison, "comparison")}
FROM taken JOIN agents_agent agent ON agent.id = taken.agent_id
    JOIN agents_runpayload input ON input.id = taken.input_id
    LEFT JOIN agents_comparison comparison ON comparison.id = taken.comparison_id
"""  # noqa: S608 - made of the models' own names


def take(run_id: int, now: datetime) -> Run | None:
    """Return the run if it was due or left by a dead worker: it is the caller's attempt now."""
    values = {"run": run_id, "now": now, "lapsed": now - HEARTBEAT_TIMEOUT}
    rows = ask(TAKE, values)
    if not rows:
        return None
    run, agent, given, comparison = instances(rows[0], Run, Agent, RunPayload, Comparison)
    relate(run, agent=agent, input=given, comparison=comparison)
    taken: Run = run
    return taken


def write_step(
    run: Run, attempt: int, step: Step, given: RunPayload | None, made: RunPayload, span: SpanRecord
) -> bool:
    """Write the step with its payloads and span; return whether the run is still this attempt's.

    The disk is not waited for. Whatever is durable later (a pause, an effect, the run's end) makes
    durable what was written before it, and a step that a crash of the database takes away is done
    again, like one whose worker died in it.
    """
    parts, values = [HELD], [step.finished_at, run.pk, attempt]
    taken = {"result": "(SELECT id FROM made)"}
    for name, payload in (("given", given), ("made", made)):
        if payload is not None:
            _add(parts, values, name, inserting(payload, "held"), "RETURNING id")
    if given is not None:
        taken["input"] = "(SELECT id FROM given)"
    written = inserting(step, "held", **taken)
    _add(parts, values, "step", written, "ON CONFLICT DO NOTHING RETURNING id")
    _add(parts, values, "span", recording(span, "step"))
    return _wrote(parts, values, "step", f"id, {UNWAITED}")


def end(run: Run, attempt: int, made: RunPayload | None, span: SpanRecord, **ended: Any) -> bool:
    """Write how the run ended, with its root span; return whether it was still this attempt's.

    ended: values of the run's columns.
    """
    parts, values = [HELD_TO_END], [run.pk, attempt]
    sets = [f"{name} = %s" for name in ended]
    if made is not None:
        _add(parts, values, "made", inserting(made, "held"), "RETURNING id")
        sets.append("result_id = (SELECT id FROM made)")
    written = f"UPDATE agents_run SET {', '.join(sets)} WHERE id IN (SELECT id FROM held)"  # noqa: S608
    _add(parts, values, "ended", (written, list(ended.values())), "RETURNING id")
    _add(parts, values, "span", recording(span, "ended"))
    return _wrote(parts, values, "ended")


def _add(
    parts: list[str], values: list[Any], name: str, statement: tuple[str, list[Any]], tail: str = ""
) -> None:
    sql, given = statement
    parts.append(f"{name} AS ({sql} {tail})")
    values.extend(given)


def _wrote(parts: list[str], values: list[Any], last: str, asked: str = "id") -> bool:
    return bool(ask(f"WITH {', '.join(parts)} SELECT {asked} FROM {last}", values))  # noqa: S608
