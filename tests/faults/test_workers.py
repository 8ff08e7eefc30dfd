"""Workers and Redis die; every ticket still reaches an inbox."""

from pathlib import Path

import pytest

from tests.faults.load import (
    assert_all_reached_an_inbox,
    bodies,
    ended,
    ticket,
    write_lines,
)
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.timeout(300)


def load(stack: Stack, folder: Path, source: str, count: int) -> None:
    rows = [ticket(source, number, body) for number, body in enumerate(bodies(count))]
    stack.manage("import_tickets", str(write_lines(folder / f"{source}.jsonl", rows)))


def test_flushing_redis_loses_no_queued_ticket(stack: Stack, tmp_path: Path) -> None:
    stack.kill("worker")
    load(stack, tmp_path, "flushed", 80)
    stack.flush_redis()
    stack.start("worker")
    assert_all_reached_an_inbox(stack, "flushed", 80, patience_s=120)


def test_killing_workers_loses_no_ticket(stack: Stack, tmp_path: Path) -> None:
    load(stack, tmp_path, "killed", 60)
    for share in (10, 30):
        wait_until(lambda share=share: ended(stack, "killed") >= share, "some have ended", 120)  # type: ignore[misc]
        stack.kill("worker")
        stack.start("worker")
    assert_all_reached_an_inbox(stack, "killed", 60, patience_s=120)
