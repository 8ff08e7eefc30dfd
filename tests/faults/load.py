"""Tickets in numbers, and what has become of them."""

import json
from pathlib import Path
from typing import Any

from tests.stack import Stack, wait_until


def ticket(source: str, number: int, body: str, **fields: Any) -> dict[str, Any]:
    """Return a line of the import."""
    return {
        "external_id": f"{source}-{number}",
        "subject": f"{source} {number}",
        "body": body,
        "customer": {"email": f"{source}-{number}@load.example"},
        "source": source,
        **fields,
    }


def bodies(count: int) -> list[str]:
    """Return so many different questions."""
    asked = (
        "Where is my order HCW-{n:06}? Tracking has not moved since Monday.",
        "Please send me the invoice for HCW-{n:06} again, ours is lost.",
        "My Fjord number {n} leaks at the bottom. Is it safe to use?",
        "I want to pause my subscription for {n} days while we travel.",
        "What is the capital of Australia, and why is it not Sydney? ({n})",
    )
    return [asked[n % len(asked)].format(n=n) for n in range(count)]


def write_lines(path: Path, tickets: list[dict[str, Any]]) -> Path:
    """Return the path, written with one ticket a line."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in tickets)
    path.write_text(text, encoding="utf-8")
    return path


def ended(stack: Stack, source: str) -> int:
    """Return how many of the source's runs have ended."""
    return stack.count(
        "SELECT count(*) FROM agents_run r JOIN review_ticketrun l ON l.run_id = r.id"
        " JOIN review_ticket t ON t.id = l.ticket_id JOIN review_source s ON s.id = t.source_id"
        " WHERE s.slug = %s AND r.status IN ('done', 'failed', 'cancelled')",
        source,
    )


def assert_all_reached_an_inbox(
    stack: Stack, source: str, count: int, *, patience_s: float
) -> None:
    """Wait for every run to end; each ticket then has one open item."""
    wait_until(
        lambda: ended(stack, source) >= count and open_items(stack, source) >= count,
        f"all {count} tickets are in an inbox",
        patience_s,
    )
    assert open_items(stack, source) == ended(stack, source) == count


def open_items(stack: Stack, source: str) -> int:
    """Return how many of the source's tickets wait in an inbox."""
    return stack.count(
        "SELECT count(DISTINCT t.id) FROM review_reviewitem i JOIN review_ticket t"
        " ON t.id = i.ticket_id JOIN review_source s ON s.id = t.source_id"
        " WHERE s.slug = %s AND i.status = 'open'",
        source,
    )
