"""The public traces of a retail agent, walked through by ours: same calls, same end."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from agents import runner
from agents.errors import ToolFailed
from agents.models import Agent, Effect, Run, Step
from agents.requests import request_run
from agents.resolution import agent as resolution
from agents.tools.registry import forget, register, tools_of
from review.intake import conversation
from review.models import ReviewItem, TicketRun
from tests.agents.acted import approve, worked_on
from tests.agents.tau.retail import WRITES, Retail
from tests.builders import make_queue, make_ticket
from tests.provider import Provider, document_of

DATA = settings.BASE_DIR.parent / "shared" / "data" / "tau_retail"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="the public traces are not on this machine"),
]
THE_END = {"reply": "Hello, it is done.", "articles": [], "no_draft_reason": ""}


@cache
def database() -> Any:
    return json.loads(gzip.decompress((DATA / "db.json.gz").read_bytes()))


def traces() -> list[Any]:
    if not DATA.exists():
        return []
    lines = (DATA / "traces.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def retail(
    provider: Provider, ada: User, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Agent, Provider]]:
    """The resolution agent in the retail firm's place."""
    agent, _ = Agent.objects.get_or_create(
        slug="resolution",
        defaults={
            "name": "Resolution",
            "job": "Resolve.",
            "metric": "Resolves.",
            "fallback_queue": "orders",
            "status": Agent.Status.LIVE,
        },
    )
    monkeypatch.setattr(resolution, "MOST_MOVES", 40)
    before = tools_of("resolution")
    forget("resolution")
    yield agent, provider
    forget("resolution")
    register("resolution", *before.values())


@pytest.mark.parametrize("trace", traces(), ids=lambda trace: str(trace["id"]))
def test_the_same_calls_lead_to_the_same_world(
    retail: tuple[Agent, Provider], ada: User, trace: dict[str, Any]
) -> None:
    _, provider = retail
    actions = trace["actions"]
    ours, theirs = Retail.fresh(database()), Retail.fresh(database())
    allowed = [_is_done(theirs, action) for action in actions]
    register("resolution", *ours.tools())

    def next_move(form: str) -> None:
        place = len(document_of(provider.peer.requests[-1])["done"])
        move: dict[str, Any] = THE_END
        if place < len(actions):
            action = actions[place]
            move = {"tool": action["name"], "why": "Asked for.", "arguments": action["arguments"]}
        provider.answers["Move"] = {"move": move}

    provider.before = next_move
    run = _request(trace)
    for _ in actions:
        run = worked_on(run)
        if run.status != Run.Status.WAITING:
            break
        approve(ReviewItem.objects.get(run=run, status="open"), ada)
    run = worked_on(run)
    assert (run.status, run.error_message) == ("done", "")
    assert _calls(run) == [(action["name"], action["arguments"]) for action in actions]
    writes = [
        done for action, done in zip(actions, allowed, strict=True) if action["name"] in WRITES
    ]
    effects = Effect.objects.filter(run=run).order_by("pk")
    assert [effect.state == Effect.State.DONE for effect in effects] == writes
    assert ours.db == theirs.db


def _is_done(world: Retail, action: dict[str, Any]) -> bool:
    """Return whether the world let the action be done; a few traces ask for what it does not."""
    try:
        world.do(action["name"], action["arguments"])
    except ToolFailed:
        return False
    return True


def _request(trace: dict[str, Any]) -> Run:
    accepted = make_ticket(body=trace["reason_for_call"])
    assert accepted.run
    Run.objects.filter(pk=accepted.run.pk).update(status="cancelled")
    ticket = accepted.ticket
    ticket.queue = make_queue("orders")
    ticket.save()
    run = request_run("resolution", conversation(ticket))
    TicketRun.objects.create(ticket=ticket, run=run, upto_seq=ticket.last_seq)
    return run


def _calls(run: Run) -> list[tuple[str, Any]]:
    steps = Step.objects.filter(run=run, kind="tool").select_related("input").order_by("pk")
    return [(step.tool, (step.input.content or {})["arguments"]) for step in steps if step.input]


def test_the_agent_is_the_one_that_runs() -> None:
    assert runner.AGENTS["resolution"] is resolution.resolve
