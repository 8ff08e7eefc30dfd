"""The web process: several on one port, which end together and are replaced when one dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.home import CLONE
from config.local.processes import wait_until
from config.local.supervisor import answers
from tests.peers import free_port


class Console:
    """The web process under test."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:config.web"],
            cwd=CLONE,
            env={**os.environ, "WEB_WORKERS": "2", "PORT": str(self.port)},
            stderr=subprocess.DEVNULL,
        )

    def children(self) -> set[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(child) for child in tasks.read_text(encoding="utf-8").split()}

    def answers(self) -> bool:
        return answers(self.port, "/healthz")


@pytest.fixture
def console(servers: None) -> Iterator[Console]:
    console = Console()
    assert wait_until(console.answers, 30)
    yield console
    console.process.kill()
    console.process.wait()


def test_a_process_that_dies_is_replaced_and_all_end_when_asked(console: Console) -> None:
    assert wait_until(lambda: len(console.children()) == 2, 10)
    first = console.children()
    os.kill(min(first), signal.SIGKILL)
    assert wait_until(lambda: len(console.children() - first) == 1, 10)
    assert console.answers()
    console.process.send_signal(signal.SIGTERM)
    assert console.process.wait(20) == 0
