"""The demo company's files: what it is, what it knows, and what its customers write."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from memory.knowledge import NewArticle
from review.intake import NewTicket
from review.schemas import TicketIn

FOLDER = Path(__file__).parent / "company"
SOURCE = "demo"
# The day before which everything in the files happened.
WRITTEN_ON = date(2026, 11, 22)

Row = dict[str, Any]

_FIELDS = frozenset(TicketIn.model_fields)


@cache
def company() -> Row:
    """Return the firm: its queues, categories, products and people."""
    return dict(json.loads((FOLDER / "company.json").read_text(encoding="utf-8")))


def agent_company() -> Row:
    """Return what an agent is told of the firm."""
    firm = company()
    told = ("name", "support_name", "support_email", "support_phone", "website", "opening_hours")
    products = [{key: product[key] for key in ("name", "aliases")} for product in firm["products"]]
    return {
        **{key: firm[key] for key in (*told, "order_number_patterns", "reference_patterns")},
        "products": products,
    }


def lines(name: str) -> list[Row]:
    """Return a file's objects."""
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


@cache
def stream() -> tuple[Row, ...]:
    """Return the tickets that come in while one watches, those that ask to act on an order first.

    The others come in the order they were written.
    """
    rows = [row for row in lines("tickets") if row["part"] == "stream"]
    rest = sorted(rows, key=lambda row: str(row["received_at"]))
    return (*errands(), *rest)


@cache
def errands() -> tuple[Row, ...]:
    """Return the tickets that ask to act on an order of the demo's shop."""
    return tuple(lines("errands"))


@cache
def past() -> tuple[Row, ...]:
    """Return the tickets of the weeks before, each with its day: so many days before the start."""
    return (*lines("history"), *lines("routine"))


@cache
def past_replies() -> dict[str, Row]:
    """Return the past replies by their id."""
    return {reply["id"]: reply for reply in lines("past_replies")}


@cache
def phrases() -> dict[str, list[str]]:
    """Return the sentences that the demo's reviewers have at hand, by the occasion."""
    return dict(json.loads((FOLDER / "phrases.json").read_text(encoding="utf-8")))


@cache
def answers() -> dict[str, str]:
    """Return what people wrote where no past reply fits, by the ticket's external id."""
    return {answer["external_id"]: answer["body"] for answer in lines("answers")}


def articles() -> Iterator[NewArticle]:
    """Yield the demo's knowledge articles."""
    for file in sorted((FOLDER / "articles").glob("*.md")):
        _, head, body = file.read_text(encoding="utf-8").split("---\n", 2)
        facts = yaml.safe_load(head)
        updated = facts["updated"]
        yield NewArticle(
            slug=file.stem,
            title=facts["title"],
            body=body.strip(),
            categories=facts["category"],
            updated_on=updated if isinstance(updated, date) else date.fromisoformat(updated),
        )


def as_ticket(row: Row, received_at: datetime) -> NewTicket:
    """Return the row as received then; its earlier turns keep their distance from it."""
    # What the ticket is about is for the agent to find: the labels stay out.
    given = {key: row[key] for key in _FIELDS & row.keys() - {"category", "queue"}}
    ticket = TicketIn.model_validate(given)
    shift = received_at - (ticket.received_at or received_at)
    turns = [
        turn.model_copy(update={"at": turn.at + shift if turn.at else None})
        for turn in ticket.messages
    ]
    return ticket.model_copy(update={"received_at": received_at, "messages": turns}).as_ticket()
