"""The whole application as processes: web, worker and beat on a database of their own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import redis
from psycopg.rows import dict_row

from config.local.home import CLONE, Home
from tests.peers import free_port
from tests.seed import DEMO, make_database

PASSWORD = "demo password of the tests"
PATIENCE_S = 60
COMMANDS = "commands"  # the process that carries out manage.py's commands


@dataclass
class Stack:
    """A running Countersign. environment: what its processes were started with."""

    home: Home
    database: str
    port: int
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Carry out a manage.py command against this instance; return what it printed.

        All in one process, which takes three seconds to start. Raises AssertionError when the
        command fails.
        """
        if COMMANDS not in self.processes:
            self.processes[COMMANDS] = subprocess.Popen(
                [sys.executable, "-m", "tests.commands"],
                cwd=CLONE,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        process = self.processes[COMMANDS]
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(arguments).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert not answer["failed"], answer["said"]
        return str(answer["said"])

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query on this instance's database."""
        url = self.home.database_url("countersign_owner", self.database)
        with psycopg.connect(url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def count(self, query: str, *values: Any) -> int:
        """Return the single number a query gives."""
        (row,) = self.rows(query, *values)
        return int(next(iter(row.values())))

    def flush_redis(self) -> None:
        redis.Redis.from_url(self.environment["REDIS_URL"]).flushall()

    def start(self, name: str) -> None:
        """Start one of its processes: web, worker or beat."""
        with (self.home.logs / f"{self.database}-{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *self._command(name)],
                cwd=CLONE,
                env=self.environment | {"REMAP_SIGTERM": "SIGQUIT"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for_web(self) -> None:
        wait_until(lambda: _answers(f"{self.url}/readyz"), "the web process is ready")

    def kill(self, name: str) -> None:
        """End the process and its children as a crash would: kill -9."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def log(self, name: str) -> str:
        path = self.home.logs / f"{self.database}-{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _command(self, name: str) -> list[str]:
        if name == "web":
            return ["gunicorn", "--config", "python:config.web"]
        if name == "worker":
            queues = ["--queues", "soon,awaited,celery", "--concurrency", "2", "--loglevel", "INFO"]
            return ["celery", "-A", "config", "worker", *queues]
        schedule = str(self.home.root / f"{self.database}-beat")
        return ["celery", "-A", "config", "beat", "--schedule", schedule]


@contextmanager
def running_stack(
    home: Home, database: str, *, plays: bool = False, **environment: str
) -> Iterator[Stack]:
    """Yield a prepared instance with all its processes up, on servers that run already.

    plays: whether the demo's tickets go on coming in, and its past is lived through.
    """
    is_prepared = make_database(home, database, DEMO)
    port = free_port()
    stack = Stack(
        home=home,
        database=database,
        port=port,
        environment={**environment_of(home, database), "PORT": str(port), **environment},
    )
    try:
        if not is_prepared:
            stack.manage("prepare")
        if not plays:  # the demo is loaded, and then leaves the processors to the tests
            stack.environment["COUNTERSIGN_DEMO"] = "0"
        for name in ("web", "worker", "beat"):
            stack.start(name)
        stack.wait_for_web()
        yield stack
    finally:
        stack.stop()


def environment_of(home: Home, database: str) -> dict[str, str]:
    """Return what the processes of an instance with the demo are started with."""
    return {
        **os.environ,
        # The application in its own, lesser role, as in earnest.
        "DATABASE_URL": home.database_url("countersign", database),
        "DATABASE_OWNER_URL": home.database_url("countersign_owner", database),
        "WEB_WORKERS": "1",
        "COUNTERSIGN_DEMO": "1",
        "COUNTERSIGN_DEMO_PASSWORD": PASSWORD,
    }


def wait_until(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> None:
    """Return when the condition holds; fail, saying what was awaited, when it never does."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s} s in vain until {what}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
