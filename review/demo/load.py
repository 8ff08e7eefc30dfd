"""The demo company: its queues, knowledge, past replies and examples, people and tickets."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from agents.evals.datasets import EXAMPLES, PAST_REPLIES
from agents.evals.models import Dataset, Example
from agents.models import Agent, Category
from memory.knowledge import NewArticle, store_article
from review.intake import accept_ticket
from review.models import Queue, Source, Ticket
from review.schemas import TicketIn

FOLDER = Path(__file__).parent / "company"
SOURCE = "demo"
TICKET_FIELDS = frozenset(TicketIn.model_fields)
SPACING = timedelta(minutes=3)


@transaction.atomic
def load_demo(agent: Agent, password: str) -> None:
    """Fill an installation with the demo company and its tickets; safe to repeat."""
    company = json.loads((FOLDER / "company.json").read_text(encoding="utf-8"))
    _load_queues(company["queues"])
    _load_people(company["demo_users"], password)
    _load_agent(agent, company)
    for article in articles():
        store_article(article)
    _load_examples(agent)
    _load_tickets()


def set_passwords(password: str) -> None:
    """Give every demo account this password."""
    people = json.loads((FOLDER / "company.json").read_text(encoding="utf-8"))["demo_users"]
    for user in User.objects.filter(username__in=[person["username"] for person in people]):
        user.set_password(password)
        user.save(update_fields=["password"])


def is_loaded() -> bool:
    """Whether the demo was loaded before."""
    return Source.objects.filter(slug=SOURCE).exists()


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


def lines(name: str) -> list[dict[str, Any]]:
    """Return a demo file's objects."""
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def _load_queues(queues: list[dict[str, Any]]) -> None:
    for position, queue in enumerate(queues):
        Queue.objects.update_or_create(
            slug=queue["slug"],
            defaults={
                "name": queue["name"],
                "description": queue["description"],
                "position": position,
            },
        )
    for queue in queues:
        if queue.get("escalates_to"):
            target = Queue.objects.get(slug=queue["escalates_to"])
            Queue.objects.filter(slug=queue["slug"]).update(escalates_to=target)


def _load_people(people: list[dict[str, Any]], password: str) -> None:
    for person in people:
        first, _, last = person["name"].partition(" ")
        role = person["username"]
        user, _ = User.objects.get_or_create(
            username=role, defaults={"first_name": first, "last_name": last}
        )
        user.is_staff = user.is_superuser = role == "admin"
        user.set_password(password)
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        user.queues.set(Queue.objects.filter(slug__in=person["queues"]))


def _load_agent(agent: Agent, company: dict[str, Any]) -> None:
    agent.company = {
        "name": company["name"],
        "support_name": company["support_name"],
        "order_number_patterns": company["order_number_patterns"],
        "products": [
            {"name": product["name"], "aliases": product["aliases"]}
            for product in company["products"]
        ],
    }
    agent.fallback_queue = company["fallback_queue"]
    agent.save()
    for category in company["categories"]:
        Category.objects.update_or_create(
            agent=agent,
            slug=category["slug"],
            defaults={
                "name": category["name"],
                "description": category["description"],
                "guidance": category["guidance"],
                "queue": category["queue"],
            },
        )


def _load_examples(agent: Agent) -> None:
    tickets = [ticket for ticket in lines("tickets") if ticket["part"] == "examples"]
    _store(
        agent,
        EXAMPLES,
        [
            {
                "external_id": ticket["external_id"],
                "text": f"{ticket['subject']}\n\n{ticket['body']}",
                "label": ticket["category"],
            }
            for ticket in tickets
        ],
    )
    _store(
        agent,
        PAST_REPLIES,
        [
            {
                "external_id": reply["id"],
                "text": reply["question"],
                "label": reply["category"],
                "reply": reply["reply"],
                "fields": {"articles": reply["articles"]},
            }
            for reply in lines("past_replies")
        ],
    )


def _store(agent: Agent, name: str, rows: list[dict[str, Any]]) -> None:
    dataset, _ = Dataset.objects.get_or_create(agent=agent, name=name)
    Example.objects.bulk_create(
        [Example(dataset=dataset, **row) for row in rows], ignore_conflicts=True
    )


def _load_tickets() -> None:
    """Accept the stream's tickets, moved in time as if the last of them had just come in."""
    stream = [ticket for ticket in lines("tickets") if ticket["part"] == "stream"]
    Source.objects.get_or_create(slug=SOURCE, defaults={"name": "Demo", "is_demo": True})
    if Ticket.objects.filter(source__slug=SOURCE).exists() or not stream:
        return
    now = timezone.now()
    stream.sort(key=lambda ticket: ticket["received_at"])
    for place, ticket in enumerate(reversed(stream), start=1):
        # What the ticket is about is for the agent to find: the labels stay out.
        given = {key: ticket[key] for key in TICKET_FIELDS & ticket.keys() - {"category", "queue"}}
        accept_ticket(_moved(TicketIn.model_validate(given), now - place * SPACING).as_ticket())


def _moved(ticket: TicketIn, received_at: datetime) -> TicketIn:
    """Return the ticket as received then; its further turns keep their distance from it."""
    shift = received_at - (ticket.received_at or received_at)
    turns = [
        turn.model_copy(update={"at": turn.at + shift if turn.at else None})
        for turn in ticket.messages
    ]
    return ticket.model_copy(update={"received_at": received_at, "messages": turns})
