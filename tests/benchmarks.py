"""The measurements of `make bench`. Each prints a figure, its raw limit and their ratio."""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from agents import runner
from agents.models import Run
from config.local.home import Home
from review import claims, decisions
from review.decisions import Seen
from review.items import draft_text, settle_run
from review.models import Queue, ReviewItem, Verdict
from tests import bench_data, bench_http, bench_inbox, bench_runs
from tests.faults.load import bodies, ticket, write_lines
from tests.peers import free_port

TICKETS = 1000
RUNS = 100
DECISIONS = 100
IN_SHIFT = 20_000
RAW_CLAIMS = 250
MANY = (1_000, 100_000)


def print_all(raw: psycopg.Connection, home: Home) -> None:
    """Measure everything on the prepared database; `raw` is a bare connection to it."""
    raw.autocommit = True
    report("import of tickets", "a second", import_rate(), "COPY of as many rows", copy_rate(raw))
    spent, steps = triage_ms()
    report("triage run, embedded model", "ms", spent, "its model calls alone", steps)
    runner_overhead()
    report(
        "claim and verdict", "a second", verdict_rate(), "bare claim transaction", claim_rate(raw)
    )
    shift_of_eight(raw, home)
    pages(raw)


def report(name: str, unit: str, figure: float, limit_name: str, limit: float) -> None:
    """Print one line."""
    print(
        f"{name:28} {figure:9.1f} {unit:9} {limit_name:24} {limit:9.1f}  ratio {figure / limit:.3f}"
    )


def runner_overhead() -> None:
    """Measure what a triage run costs beside its model, which answers at once on loopback."""
    cost = bench_runs.overhead()
    report("triage run, model on loopback", "ms", cost.run, "its calls, bare litellm", cost.model)
    print(
        f"  {'everything but the model':26} {cost.beside:9.1f} ms p50 {cost.run_queries:5} queries;"
        f" opening its item {cost.opening:.1f} ms, {cost.opening_queries} queries"
    )


def shift_of_eight(raw: psycopg.Connection, home: Home) -> None:
    """Let eight reviewers empty 20,000 items through HTTP, and hold what came of it."""
    free_claims(raw)
    bench_data.fill(raw, IN_SHIFT)
    people = reviewers()
    bare = bench_http.raw_claims(home.database_url("countersign_owner"), ids(people), RAW_CLAIMS)
    free_claims(raw)
    waiting = ReviewItem.objects.open().awake(timezone.now()).count()
    sessions = [session_of(person) for person in people]
    connections.close_all()
    port = free_port()
    with bench_http.web_process(home, port):
        done = bench_http.shift(port, sessions, waiting)
    given = Verdict.objects.filter(item__in=done.items)
    assert done.refused == 0, f"{done.refused} verdicts were refused"
    assert len(done.items) == len(set(done.items)), "an item was given twice"
    assert len(done.items) >= waiting, "an item was lost"
    assert given.count() == given.values("item").distinct().count() == len(done.items)
    report("8 reviewers, next + verdict", "a second", done.rate, "bare claim transaction", bare)
    for name, times in (("next", done.next_ms), ("verdict", done.verdict_ms)):
        p50, p95 = (bench_inbox.percentile(times, share) for share in (0.5, 0.95))
        print(f"  {name:26} {p50:9.1f} ms p50 {p95:9.1f} ms p95")


def pages(raw: psycopg.Connection) -> None:
    """Measure a shift's paths with a thousand items open, then with a hundred thousand."""
    found = {}
    for number in MANY:
        open_now = ReviewItem.objects.open().count()
        bench_data.fill(raw, max(number - open_now, 1))
        found[number] = bench_inbox.paths(reviewers()[0]), bench_inbox.bare_rows(raw)
    (few, _), (many, bare) = (found[number] for number in MANY)
    for name, cost in many.items():
        print(
            f"{name:28} {cost.p50:9.1f} ms p50 {cost.p95:9.1f} ms p95 {cost.queries:3} queries;"
            f" with {MANY[0]:,}: {few[name].p95:.1f} ms p95; ratio to bare rows"
            f" {cost.p50 / bare.p50:.1f}"
        )
    item = ReviewItem.objects.open().in_order().values_list("pk", flat=True)[0]
    for name, path in (("inbox", "/"), ("item page", f"/items/{item}/")):
        print(f"{name:28} {bench_inbox.compressed_kb(reviewers()[0], path):9.1f} KB compressed")


def free_claims(raw: psycopg.Connection) -> None:
    """Leave nothing claimed."""
    raw.execute(
        "UPDATE review_reviewitem SET claimed_by_id = NULL, claim_token = NULL,"
        " claim_expires_at = NULL, claimed_at = NULL WHERE claimed_by_id IS NOT NULL"
    )


def reviewers() -> list[User]:
    """Return the eight who work, members of every queue."""
    people = []
    for number in range(bench_data.REVIEWERS):
        person, _ = User.objects.get_or_create(username=f"bench-{number}")
        person.groups.add(Group.objects.get(name="reviewer"))
        person.queues.set(Queue.objects.all())
        people.append(person)
    return people


def ids(people: Sequence[User]) -> list[int]:
    """Return their ids."""
    return [person.pk for person in people]


def session_of(person: User) -> str:
    """Return the key of a session in which the person is logged in."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    return client.cookies["sessionid"].value


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
