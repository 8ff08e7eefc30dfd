"""Five of the demo's tickets with a real model. Needs a key; costs a fraction of a cent.

COUNTERSIGN_LIVE_MODEL names another model, with COUNTERSIGN_LIVE_KEY and, where it is not at its
provider's own, COUNTERSIGN_LIVE_ENDPOINT.
"""

import os

import pytest

from agents.connections import asked_for, put_on_tier, try_out
from agents.models import Agent, Run, Step
from agents.runner import execute
from review.demo import files, play
from review.demo.load import load_demo
from review.items import settle_run
from review.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

TICKETS = 5
MODELS = {
    "OPENAI_API_KEY": "openai/gpt-4o-mini",
    "ANTHROPIC_API_KEY": "anthropic/claude-haiku-4-5",
    "COUNTERSIGN_LIVE_MODEL": os.environ.get("COUNTERSIGN_LIVE_MODEL", ""),
}


@pytest.mark.parametrize("given", MODELS)
def test_a_real_model_triages_demo_tickets(installed: Agent, given: str) -> None:
    if not os.environ.get(given):
        pytest.skip(f"{given} is not set")
    generic = given == "COUNTERSIGN_LIVE_MODEL"
    connection = asked_for(
        MODELS[given],
        os.environ.get("COUNTERSIGN_LIVE_ENDPOINT", "") if generic else "",
        os.environ.get("COUNTERSIGN_LIVE_KEY", "") if generic else os.environ[given],
    )
    load_demo(installed, "a demo password")
    while Ticket.objects.count() < TICKETS:
        play.accept_next()
    for tier in (1, 2):
        try_out(connection, tier)
        put_on_tier(tier, connection, reason="A live check.", by=None)
    runs = list(Run.objects.order_by("pk")[:TICKETS])
    for run in runs:
        execute(run.pk)
        settle_run(run.pk)
    ended = Run.objects.filter(pk__in=[run.pk for run in runs])
    assert [(run.status, run.error_message) for run in ended] == [("done", "")] * TICKETS
    calls = Step.objects.filter(run__in=ended, kind=Step.Kind.MODEL)
    assert not calls.filter(input_tokens=0).exists()
    right = {row["external_id"]: row["category"] for row in files.stream()}
    tickets = Ticket.objects.filter(ticket_runs__run__in=ended)
    hits = sum(ticket.category == right[ticket.external_id] for ticket in tickets)
    assert hits >= TICKETS - 1
