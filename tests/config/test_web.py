"""The web process: several on one port, which end together and are replaced when one dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import web
from config.local.home import CLONE
from config.local.processes import wait_until
from config.local.supervisor import answers
from tests.peers import free_port


class Console:
    """The web process under test."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.web", "--port", str(self.port)],
            cwd=CLONE,
            env={**os.environ, "WEB_WORKERS": "2"},
            stderr=subprocess.DEVNULL,
        )
        self.started = 0.0

    def children(self) -> set[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(child) for child in tasks.read_text(encoding="utf-8").split()}

    def answers(self) -> bool:
        if not answers(self.port, "/healthz"):
            return False
        self.started = self.started or time.monotonic()
        return True

    def is_steady(self) -> bool:
        return time.monotonic() > self.started + web.STEADY_AFTER_S


@pytest.fixture
def console(servers: None) -> Iterator[Console]:
    console = Console()
    assert wait_until(console.answers, 30)
    yield console
    console.process.kill()
    console.process.wait()


def test_a_process_that_dies_is_replaced_and_all_end_when_asked(console: Console) -> None:
    first = console.children()
    assert len(first) == 2
    assert wait_until(console.is_steady, 10)
    os.kill(min(first), signal.SIGKILL)
    assert wait_until(lambda: len(console.children() - first) == 1, 10)
    assert console.answers()
    console.process.send_signal(signal.SIGTERM)
    assert console.process.wait(20) == 0


def test_processes_that_end_as_they_start_end_it_all(console: Console) -> None:
    def ends_when_hit() -> bool:
        for child in console.children():
            os.kill(child, signal.SIGKILL)
        return console.process.poll() is not None

    assert wait_until(ends_when_hit, 20)
    assert console.process.returncode == 1
    assert not console.answers()
