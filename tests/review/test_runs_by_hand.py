"""A run is stopped and started again by hand: nothing ends in silence, nothing is done twice."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents import runner
from agents.models import Agent, Run
from agents.run_rows import take
from review import claims, pauses
from review.intake import NewMessage, add_message
from review.items import settle_run
from review.models import AuditEntry, ReviewItem
from tests.agents.acted import ORDER, approve, asked, worked_on
from tests.agents.actor import Actor, acting
from tests.builders import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def actor(ada: User) -> Iterator[Actor]:
    with acting() as actor:
        yield actor


@pytest.fixture
def lead(installed: Agent) -> Client:
    client = Client()
    client.force_login(make_person("lea", "lead"))
    return client


def press(client: Client, run: Run, what: str) -> list[str]:
    """Press the button and return what the page says."""
    response = client.post(reverse(f"run-{what}", args=[run.pk]), follow=True)
    return [str(message) for message in response.context["messages"]]


def test_a_stopped_run_brings_its_ticket_to_a_person(actor: Actor, lead: Client) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    question = asked(run)
    press(lead, run, "stop")
    run.refresh_from_db()
    question.refresh_from_db()
    assert (run.status, run.error_message) == ("cancelled", "lea cancelled it.")
    assert question.status == "cancelled"
    assert asked(run).reason_codes == ["error_cancelled"]
    assert AuditEntry.objects.filter(action="run.stopped", subject=f"run:{run.pk}").exists()


def test_a_run_started_again_goes_on_from_its_journal(
    actor: Actor, ada: User, lead: Client
) -> None:
    actor.plan = [("pay", ORDER), ("unheard_of", {})]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    failed = asked(run)
    assert (run.status, run.error_type) == ("failed", "tool_error")
    actor.plan = [("pay", ORDER)]
    press(lead, run, "start-again")
    run = worked_on(run)
    item = asked(run)
    assert run.status == "done"
    assert actor.till.paid == [ORDER], "what was done is not done again"
    assert (item.pk, item.revision) == (failed.pk, 2)
    assert item.proposal.content == {"actions": [{"kind": "draft", "text": "Hello, done."}]}


def test_three_crashes_quarantine_until_somebody_starts_it_again(
    actor: Actor, lead: Client
) -> None:
    run = actor.request()
    long_ago = timezone.now() - timedelta(minutes=1)
    for _ in range(2):
        assert take(run.pk, timezone.now())
        Run.objects.filter(pk=run.pk).update(heartbeat_at=long_ago)
    Run.objects.filter(pk=run.pk).update(crashes=2)
    run = worked_on(run)
    assert (run.status, run.error_type, run.crashes) == ("failed", "crashed", 3)
    assert "quarantined" in asked(run).reasons[0]["text"]
    press(lead, run, "start-again")
    run = worked_on(run)
    assert (run.status, run.crashes) == ("done", 0)


def test_what_was_decided_or_overtaken_is_not_started_again(
    actor: Actor, ada: User, lead: Client
) -> None:
    actor.plan = [("unheard_of", {})]
    run = worked_on(actor.request())
    assert press(lead, Run.objects.get(pk=run.pk), "stop") == [
        "This run has ended already, so there was nothing to stop."
    ]
    claims.claim(asked(run), ada)
    (said,) = press(lead, run, "start-again")
    assert "Someone else is working on this item" in said
    add_message(ReviewItem.objects.get(run=run).ticket_id, NewMessage(body="And?"))
    (said,) = press(lead, run, "start-again")
    assert "newer message" in said


@pytest.mark.parametrize("role", ["reviewer", "manager"])
def test_others_may_not(actor: Actor, role: str) -> None:
    run = worked_on(actor.request())
    client = Client()
    client.force_login(make_person("eve", role))
    for what in ("stop", "start-again"):
        assert client.post(reverse(f"run-{what}", args=[run.pk])).status_code == 403


def test_a_run_hears_within_a_second_that_it_was_stopped(
    transactional_db: None, installed: Agent, ada: User, lead: Client
) -> None:
    """The step at work is left, and nothing it finds is written."""
    started, given_up = threading.Event(), threading.Event()

    with acting() as actor:
        run = actor.request()

        def dawdle(journal: object, given: object) -> None:
            started.set()
            for _ in range(200):
                journal.halt.check()  # type: ignore[attr-defined]
                given_up.wait(0.02)

        runner.AGENTS["actor"] = dawdle  # type: ignore[assignment]

        def work() -> None:
            runner.execute(run.pk)
            connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        assert started.wait(5)
        press(lead, run, "stop")
        began = timezone.now()
        worker.join(5)
        assert not worker.is_alive()
        assert timezone.now() - began < timedelta(seconds=2)
        settle_run(run.pk)
        pauses.ask(run.pk)
    assert ReviewItem.objects.get(run=run).reason_codes == ["error_cancelled"]
