"""The measurements of `make bench`. Each prints a figure, its raw limit and their ratio."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from agents import runner
from agents.models import Run
from review import claims, decisions
from review.decisions import Seen
from review.items import draft_text, settle_run
from review.models import ReviewItem
from tests.faults.load import bodies, ticket, write_lines

TICKETS = 1000
RUNS = 100
DECISIONS = 100


def print_all(raw: psycopg.Connection) -> None:
    """Measure everything on the prepared database; `raw` is a bare connection to it."""
    raw.autocommit = True
    report("import of tickets", "a second", import_rate(), "COPY of as many rows", copy_rate(raw))
    spent, steps = triage_ms()
    report("triage run, embedded model", "ms", spent, "its model calls alone", steps)
    report(
        "claim and verdict", "a second", verdict_rate(), "bare claim transaction", claim_rate(raw)
    )


def report(name: str, unit: str, figure: float, limit_name: str, limit: float) -> None:
    """Print one line."""
    print(
        f"{name:28} {figure:9.1f} {unit:9} {limit_name:24} {limit:9.1f}  ratio {figure / limit:.3f}"
    )


def import_rate() -> float:
    """Tickets a second through import_tickets, run requests included."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [ticket("bench", number, body) for number, body in enumerate(bodies(TICKETS))]
        path = write_lines(Path(folder) / "bench.jsonl", rows)
        return rate(TICKETS, lambda: call_command("import_tickets", str(path), verbosity=0))


def copy_rate(raw: psycopg.Connection) -> float:
    """Rows a second of the same texts by one COPY."""
    raw.execute("CREATE TEMPORARY TABLE bench_copy (id int, body jsonb)")
    texts = bodies(TICKETS)

    def copy() -> None:
        with raw.cursor().copy("COPY bench_copy FROM STDIN") as rows:
            for number, body in enumerate(texts):
                rows.write_row((number, json.dumps(body)))

    return rate(TICKETS, copy)


def triage_ms() -> tuple[float, float]:
    """Milliseconds a run takes from claim to item, and those spent in its model calls."""
    run_ids = list(Run.objects.filter(status="queued").values_list("pk", flat=True)[: RUNS + 5])
    for run_id in run_ids[:5]:
        runner.execute(run_id)  # loads the model
        settle_run(run_id)
    started = time.perf_counter()
    for run_id in run_ids[5:]:
        runner.execute(run_id)
        settle_run(run_id)
    spent = (time.perf_counter() - started) * 1000 / RUNS
    steps = [
        step.finished_at - step.started_at
        for run in Run.objects.filter(pk__in=run_ids[5:])
        for step in run.steps.filter(kind="model")
    ]
    return spent, sum(step.total_seconds() for step in steps) * 1000 / RUNS


def verdict_rate() -> float:
    """Next item claimed and sent as drafted, a second, one reviewer."""
    lead = User.objects.get(username="lead")

    def decide() -> None:
        for _ in range(DECISIONS):
            item = claims.claim_next(lead)
            assert item is not None
            assert item.claim_token is not None
            seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
            decisions.send(item.pk, lead, seen, text=draft_text(item) or "Hello, we look into it.")

    return rate(DECISIONS, decide)


def claim_rate(raw: psycopg.Connection) -> float:
    """Bare claim transactions a second over the same connection kind."""
    lead = User.objects.get(username="lead")
    ReviewItem.objects.update(claimed_by=None, claim_token=None, claim_expires_at=None)
    statement = """
        UPDATE review_reviewitem
        SET claimed_by_id = %s, claim_token = gen_random_uuid(), claim_expires_at = %s
        WHERE id = (
            SELECT id FROM review_reviewitem WHERE status = 'open' AND claimed_by_id IS NULL
            ORDER BY priority DESC, opened_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
        )"""

    def claim() -> None:
        for _ in range(DECISIONS):
            raw.execute(statement, (lead.pk, timezone.now()))

    return rate(DECISIONS, claim)


def rate(count: int, work: Callable[[], object]) -> float:
    """Things a second."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)
