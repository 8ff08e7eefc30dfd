"""Payments by workers that are killed in the midst, and what came of them."""

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from config.local.home import CLONE
from tests.faults.payments import MOMENTS, Payments
from tests.stack import Stack

ENDS = """
SELECT i.subject AS order_name, r.status, r.error_type, r.crashes, e.state AS effect,
    extract(epoch FROM e.ended_at)::float AS ended_at
FROM agents_run r JOIN review_ticketrun l ON l.run_id = r.id
    JOIN review_ticket i ON i.id = l.ticket_id JOIN agents_agent a ON a.id = r.agent_id
    LEFT JOIN agents_effect e ON e.run_id = r.id
WHERE a.slug = 'payer' AND i.subject = ANY(%s)
"""
SETTLED = """
SELECT count(*) FROM agents_run r JOIN review_ticketrun l ON l.run_id = r.id
    JOIN review_ticket i ON i.id = l.ticket_id JOIN agents_agent a ON a.id = r.agent_id
WHERE a.slug = 'payer' AND i.subject LIKE %s AND (r.status IN ('done', 'failed')
    OR r.status = 'waiting' AND EXISTS (
        SELECT FROM agents_effect e WHERE e.run_id = r.id AND e.state = 'unknown'))
"""
PAYING = ("pay", "pay_blindly")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of the payments by one tool.

    most_asked: how often the most asked one was asked for. unknown_after_s: from a kill to
    `unknown`, the longest.
    """

    count: int
    killed: int
    lost: int
    doubled: int
    most_asked: int
    states: Counter[str]
    unknown_after_s: float
    took_s: float

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.count} payments, {self.killed} kill -9, {self.lost} lost, {self.doubled} made"
            f" more than once; {states}; unknown after {self.unknown_after_s:.0f} s at most;"
            f" {self.took_s:.0f} s in all"
        )


def pay_and_die(
    stack: Stack, payments: Payments, *, name: str, count: int, patience_s: float
) -> dict[str, Result]:
    """Return what came of so many payments by each tool, the worker of each killed once.

    The moments take turns; every 25th time the whole worker is ended and started anew.
    """
    began = time.monotonic()
    orders = {tool: [f"{name}-{tool}-{n}" for n in range(count)] for tool in PAYING}
    payments.fatal = {
        order: MOMENTS[n % len(MOMENTS)]
        for known in orders.values()
        for n, order in enumerate(known)
    }
    people = [_countersigner(stack, f"{name}-{tool}", tool, count) for tool in PAYING]
    ended = 0
    while stack.count(SETTLED, f"{name}-%") < count * len(PAYING):
        assert time.monotonic() - began < patience_s, f"not all settled in {patience_s} s"
        assert all(person.poll() in {None, 0} for person in people), "a countersigner broke"
        if len(payments.killed_at) // 25 > ended:
            ended += 1
            stack.kill("worker")
            stack.start("worker")
        time.sleep(0.5)
    took_s = time.monotonic() - began
    for person in people:  # one still waits for what failed before it was asked
        person.kill()
        person.wait()
    return {tool: _result(stack, payments, known, took_s) for tool, known in orders.items()}


def ask_for_a_payment(stack: Stack, prefix: str, tool: str) -> str:
    """Return the order whose payment is asked for, and waits for whoever countersigns it."""
    with _countersigner(stack, prefix, tool, 1, "leave") as asking:
        assert asking.wait(60) == 0
    return f"{prefix}-0"


def _countersigner(
    stack: Stack, prefix: str, tool: str, count: int, *more: str
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.faults.countersigner", prefix, tool, str(count), *more]
    return subprocess.Popen(command, cwd=CLONE, env=stack.environment)


def _result(stack: Stack, payments: Payments, orders: list[str], took_s: float) -> Result:
    rows: list[dict[str, Any]] = stack.rows(ENDS, orders)
    unknown = [row for row in rows if row["effect"] == "unknown"]
    return Result(
        count=len(orders),
        killed=len(set(orders) & set(payments.killed_at)),
        lost=sum(
            (row["effect"] == "done" and payments.made[row["order_name"]] == 0)
            or row["effect"] not in {"done", "unknown"}
            for row in rows
        ),
        doubled=sum(payments.made[order] > 1 for order in orders),
        most_asked=max(payments.asked[order] for order in orders),
        states=Counter(_state(row) for row in rows),
        unknown_after_s=max(
            (row["ended_at"] - payments.killed_at[row["order_name"]] for row in unknown), default=0
        ),
        took_s=took_s,
    )


def _state(row: dict[str, Any]) -> str:
    ended = f"{row['status']} as {row['error_type']}" if row["error_type"] else row["status"]
    return f"{ended} with the effect {row['effect']}"
