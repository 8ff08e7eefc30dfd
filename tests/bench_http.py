"""Reviewers at work through HTTP: each takes the next item and sends its draft, as fast as it goes.

The web process is started as `make run` starts it. The load comes from processes of their own,
which keep their connections and do little more than write and read bytes.
"""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from urllib.parse import urlencode

import psycopg

from config.local.__main__ import plan_from
from config.local.home import Home
from config.local.supervisor import answers

LOAD_PROCESSES = 2
PATIENCE_S = 60
TEXT = "Hello,\n\nthank you for writing. We look into it today.\n\nKind regards,\nSupport"
CSRF = "c" * 32
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What the reviewers did together. Latencies in milliseconds, one a call."""

    items: Sequence[int]
    next_ms: Sequence[float]
    verdict_ms: Sequence[float]
    refused: int
    seconds: float

    @property
    def rate(self) -> float:
        """Items a second."""
        return len(self.items) / self.seconds


@contextmanager
def web_process(home: Home, port: int) -> Iterator[None]:
    """Yield with the console's web process answering."""
    environment = {**os.environ, "PORT": str(port), "COUNTERSIGN_HOME": str(home.root)}
    program = plan_from(environment).web
    with program.log.open("ab") as log:
        process = subprocess.Popen(
            program.command, cwd=program.folder, env=dict(program.environment), stderr=log
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(port, "/readyz"):
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(f"The web process did not start: see {program.log}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def shift(port: int, sessions: Sequence[str], most: int) -> Shift:
    """Return what came of it when these people work at once until nothing waits.

    sessions: their session cookies; most: items each takes at most.
    """
    shares = [list(sessions[start::LOAD_PROCESSES]) for start in range(LOAD_PROCESSES)]
    with ProcessPoolExecutor(LOAD_PROCESSES, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_work, *zip(*[(port, share, most) for share in shares], strict=True)))
    whole = [one for part in parts for one in part]
    return Shift(
        items=[item for one in whole for item in one.items],
        next_ms=[ms for one in whole for ms in one.next_ms],
        verdict_ms=[ms for one in whole for ms in one.verdict_ms],
        refused=sum(one.refused for one in whole),
        seconds=max(one.ended for one in whole) - min(one.began for one in whole),
    )


@dataclass(kw_only=True)
class _Reviewer:
    items: list[int]
    next_ms: list[float]
    verdict_ms: list[float]
    refused: int
    began: float
    ended: float


def _work(port: int, sessions: Sequence[str], most: int) -> list[_Reviewer]:
    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(lambda session: _review(port, session, most), sessions))


def _review(port: int, session: str, most: int) -> _Reviewer:
    done = _Reviewer(
        items=[], next_ms=[], verdict_ms=[], refused=0, began=time.perf_counter(), ended=0
    )
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
        "Accept": "application/json",
        **FORM,
    }

    def post(path: str, body: str, into: list[float]) -> tuple[int, bytes]:
        started = time.perf_counter()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        into.append((time.perf_counter() - started) * 1000)
        return answer.status, content

    while len(done.items) < most:
        status, content = post("/next/", "", done.next_ms)
        if status != http.client.OK:
            assert status == http.client.NO_CONTENT, (status, content[:500])
            break
        claim = json.loads(content)
        done.items.append(claim["item"])
        form = {name: claim[name] for name in ("claim_token", "revision", "digest")}
        body = urlencode(form | {"text": TEXT})
        status, content = post(f"/items/{claim['item']}/send/", body, done.verdict_ms)
        done.refused += status >= http.client.BAD_REQUEST
    done.ended = time.perf_counter()
    return done


def raw_claims(url: str, people: Sequence[int], each: int) -> float:
    """Return bare claim transactions a second, over as many connections as there are people."""
    statement = """
        UPDATE review_reviewitem SET claimed_by_id = %s, claim_token = gen_random_uuid(),
            claim_expires_at = now() + interval '15 minutes'
        WHERE id = (
            SELECT id FROM review_reviewitem WHERE status = 'open' AND claimed_by_id IS NULL
                AND queue_id = (SELECT min(id) FROM review_queue)
            ORDER BY priority DESC, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
        )"""

    def claim(person: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(each):
                connection.execute(statement, (person,))

    started = time.perf_counter()
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(claim, people))
    return len(people) * each / (time.perf_counter() - started)
