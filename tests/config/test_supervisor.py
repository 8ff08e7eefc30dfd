import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from config.local import __main__ as command
from config.local.checks import port_from
from config.local.errors import LocalError
from config.local.home import CLONE, Home
from config.local.processes import Identity, identify, wait_until
from config.local.servers import roster_of

Start = Callable[..., "Console"]


class Console:
    """A supervisor over stand-ins, in a process of its own."""

    def __init__(self, home: Home, port: int, *options: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.config.stub_console",
                str(home.root),
                str(port),
                *options,
            ],
            cwd=CLONE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def await_ready(self) -> None:
        """Return when everything has started, the stand-ins' own start included."""
        self.await_line("Ctrl-C")
        seen = self.home.root / "worker-pids"
        assert wait_until(lambda: seen.exists() and seen.read_text().endswith("\n"), 10)

    def await_line(self, text: str) -> list[str]:
        """Return the lines printed up to the one that has this text."""
        assert self.process.stdout
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip())
            if text in line:
                return lines
        raise AssertionError(f"no {text!r} in {lines}, {self.process.stderr}")

    def end(self, sent: signal.Signals) -> tuple[int, str, str]:
        """Return exit status and what was printed since."""
        self.process.send_signal(sent)
        printed, errors = self.process.communicate(timeout=30)
        return self.process.returncode, printed, errors

    def refused(self) -> str:
        """Return what a supervisor that would not start had to say, one sentence a line."""
        printed, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 1, printed
        assert "ready" not in printed
        return errors

    def workers(self) -> list[list[Identity | None]]:
        """Return each worker that was ever started, with its pool process."""
        pids = (self.home.root / "worker-pids").read_text().splitlines()
        return [[identify(int(pid)) for pid in line.split()] for line in pids]

    def running(self) -> list[Identity]:
        """Return every process that runs for this home, the supervisor aside."""
        known = {*roster_of(self.home).read().values(), *chain(*self.workers())}
        return [identity for identity in known if identity and identity.is_running()]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    home = Home(tmp_path / "home")
    started = []

    def start(*options: str, port: int = port, home: Home = home) -> Console:
        started.append(Console(home, port, *options))
        return started[-1]

    yield start
    for console in started:
        console.process.kill()
        console.process.communicate()
    shutil.rmtree(home.runtime, ignore_errors=True)


def test_says_where_it_is_then_the_logins_and_ends_when_asked(start: Start, port: int) -> None:
    console = start()
    assert console.await_line("ready")[-1] == f"Countersign is ready: http://127.0.0.1:{port}"
    assert console.await_line("reviewer") == ["reviewer / x"]
    console.await_ready()
    left = console.running()
    assert len(left) == 3  # web, worker and its pool process
    assert console.end(signal.SIGTERM) == (0, "Stopping …\nStopped\n", "")
    assert not any(identity.is_running() for identity in left)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGHUP])
def test_ends_with_ctrl_c_and_with_its_terminal(start: Start, sent: signal.Signals) -> None:
    console = start()
    console.await_ready()
    left = console.running()
    assert console.end(sent)[0] == 0
    assert not any(identity.is_running() for identity in left)


def test_everything_ends_with_a_killed_supervisor(start: Start) -> None:
    console = start("servers")
    console.await_ready()
    left = console.running()
    assert len(left) == 5
    console.process.kill()
    assert wait_until(lambda: not any(identity.is_running() for identity in left), 10)


def test_what_a_killed_supervisor_left_is_ended_before_the_next_start(start: Start) -> None:
    console = start("stubborn")
    console.await_ready()
    console.process.kill()
    console.process.wait()
    left = console.running()
    assert left
    again = start()
    assert "Ended worker, left over from an earlier start" in again.await_line("ready")
    assert not any(identity.is_running() for identity in left)


def test_a_program_that_dies_is_started_again_and_its_pool_is_not_left(start: Start) -> None:
    console = start()
    console.await_ready()
    [[worker, pool]] = console.workers()
    assert worker
    assert pool
    os.kill(worker.pid, signal.SIGKILL)
    console.await_line("worker ended: starting it again")
    assert wait_until(lambda: len(console.workers()) >= 2, 10)
    assert not pool.is_running()


def test_a_worker_that_makes_no_progress_is_started_again(start: Start) -> None:
    console = start("stalling")
    console.await_line("worker makes no progress")
    assert wait_until(lambda: len(console.workers()) >= 2, 10)


def test_servers_that_die_come_back_and_the_console_stays(start: Start) -> None:
    console = start("servers")
    console.await_ready()
    before = roster_of(console.home).read()
    for name in ("PostgreSQL", "Redis"):
        os.kill(before[name].pid, signal.SIGKILL)

    def both_answer() -> bool:
        try:
            psycopg.connect(console.home.database_url()).close()
            with Redis.from_url(console.home.redis_url()) as client:
                return bool(client.ping())
        except (psycopg.OperationalError, OSError, ConnectionError):
            return False

    assert wait_until(both_answer, 15)
    assert wait_until(
        lambda: "/postgres" in roster_of(console.home).read()["PostgreSQL"].executable, 5
    )
    assert before["web"].is_running()
    assert before["worker"].is_running()
    assert console.end(signal.SIGINT)[0] == 0


def test_a_second_ctrl_c_ends_what_will_not_stop(start: Start) -> None:
    console = start("stubborn")
    console.await_ready()
    left = console.running()
    console.process.send_signal(signal.SIGINT)
    console.await_line("Stopping")
    console.process.send_signal(signal.SIGINT)
    console.process.communicate(timeout=5)
    assert not any(identity.is_running() for identity in left)


def test_a_second_start_names_the_first(start: Start, port: int) -> None:
    first = start()
    first.await_ready()
    said = start(port=port + 1).refused()
    assert f"already running at http://127.0.0.1:{port} (pid {first.process.pid})" in said


def test_a_taken_port_is_named_with_another(start: Start, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        said = start().refused()
    assert said == (
        f"Port {port} is taken by another program: choose another, as in"
        f" PORT={port + 1} make run.\n"
    )


def test_a_home_that_cannot_be_written_is_named(start: Start) -> None:
    said = start(home=Home(Path("/proc/countersign"))).refused()
    assert re.fullmatch(r"The folder /proc/countersign cannot be made .*\n", said)


def test_a_failed_preparation_ends_the_start_with_its_words(start: Start) -> None:
    said = start("broken-prepare").refused()
    assert said.startswith("The database could not be prepared.")
    assert "no such table" in said


def test_a_web_server_that_cannot_start_ends_the_start_with_its_words(start: Start) -> None:
    said = start("broken-web").refused()
    assert said.startswith("web did not start.")
    assert "no such module" in said


@pytest.mark.parametrize("named", ["0", "65536", "http", "-1", "8000.0"])
def test_port_must_be_one(named: str) -> None:
    with pytest.raises(LocalError, match="PORT must be a number from 1 to 65535"):
        port_from({"PORT": named})


@pytest.mark.parametrize(
    ("given", "started"),
    [
        ({}, ["PostgreSQL", "Redis"]),
        ({"DATABASE_URL": "postgresql://elsewhere/db"}, ["Redis"]),
        ({"REDIS_URL_FILE": "/run/secrets/redis"}, ["PostgreSQL"]),
        ({"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}, []),
    ],
)
def test_a_server_that_is_given_is_not_started(given: dict[str, str], started: list[str]) -> None:
    plan = command.plan_from(given)
    assert [program.name for program in plan.servers] == started


def test_no_secret_is_handed_to_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    home = Home(tmp_path)
    secrets = [home.secret_key(), home.password("countersign"), home.password("countersign_owner")]
    plan = command.plan_from({"PATH": "/bin"})
    for program in (*plan.servers, plan.prepare, plan.web, *plan.others):
        handed = " ".join([*program.command, *program.environment.values()])
        assert not any(secret in handed for secret in secrets)
