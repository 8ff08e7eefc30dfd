"""Typed builders of what tests start from, made by the code that makes it in earnest."""

from dataclasses import replace
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from agents.models import Agent, Category, Run, RunPayload
from agents.results import Alternative, Check, Citation, Proposal, RunResult
from observability.payloads import digest
from review.intake import Accepted, NewMessage, NewTicket, accept_ticket
from review.items import settle_run
from review.models import ApiToken, Queue, ReviewItem
from review.tokens import create_token, token_of

numbers = count(1)
DRAFT = "Hello Ada,\n\nYour parcel leaves tomorrow and arrives on Friday.\n\nKind regards,\nSupport"


def make_queue(slug: str, *, escalates_to: Queue | None = None) -> Queue:
    queue, _ = Queue.objects.get_or_create(
        slug=slug, defaults={"name": slug.title(), "escalates_to": escalates_to}
    )
    return queue


def make_person(username: str, role: str = "reviewer", *queues: Queue) -> User:
    user = User.objects.create(username=username)  # no password: hashing one takes its time
    user.groups.add(Group.objects.get(name=role))
    user.queues.set(queues)
    return user


def make_agent() -> Agent:
    """The triage agent with two categories and their queues; `care` takes escalations."""
    care = make_queue("care")
    make_queue("orders", escalates_to=care)
    make_queue("billing", escalates_to=care)
    agent, _ = Agent.objects.get_or_create(
        slug="triage",
        defaults={
            "name": "Triage",
            "job": "Draft first replies.",
            "metric": "Few edits.",
            "fallback_queue": "care",
            "status": Agent.Status.LIVE,
        },
    )
    for slug, queue in (("delivery", "orders"), ("invoice", "billing")):
        Category.objects.get_or_create(
            agent=agent,
            slug=slug,
            defaults={"name": slug.title(), "description": f"About {slug}.", "queue": queue},
        )
    return agent


def make_ticket(body: str = "Where is my parcel?", **fields: Any) -> Accepted:
    """An accepted ticket with its queued run."""
    new = NewTicket(
        external_id=f"t-{next(numbers)}",
        subject="Parcel",
        customer_email="ada@lovelace.example",
        customer_name="Ada Lovelace",
        messages=[NewMessage(body=body)],
    )
    return accept_ticket(replace(new, **fields))


def make_result(**fields: Any) -> RunResult:
    """A good result with a draft, sure of its category."""
    result = RunResult(
        proposal=Proposal(kind="draft", text=DRAFT),
        category="delivery",
        confidence=0.93,
        alternatives=(Alternative(category="invoice", confidence=0.04),),
        queue="orders",
        citations=(Citation(slug="delivery-times", title="Delivery times", excerpt="Two days."),),
        checks=(Check(name="length", passed=True),),
    )
    return replace(result, **fields)


def end_run(run: Run, result: RunResult | None = None, *, error_type: str = "") -> None:
    """End a queued run as the runner does, without calling a model."""
    content = result.as_json() if result else None
    Run.objects.filter(pk=run.pk).update(
        status=Run.Status.DONE if result else Run.Status.FAILED,
        result=RunPayload.objects.create(content=content) if result else None,
        result_digest=digest(content) if result else "",
        error_type="" if result else error_type or "provider_error",
        attempts=1,
        finished_at=timezone.now(),
    )


def make_item(result: RunResult | None = None, **ticket: Any) -> ReviewItem:
    """An open item with a draft."""
    accepted = make_ticket(**ticket)
    assert accepted.run is not None
    end_run(accepted.run, result or make_result())
    item = settle_run(accepted.run.pk)
    assert item is not None
    return item


def make_token(*scopes: str) -> tuple[str, ApiToken]:
    """A token's text and row."""
    text = create_token("test", scopes)
    token = token_of(text)
    assert token is not None
    return text, token
