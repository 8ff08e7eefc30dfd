"""The demo plays: what is there at once, what comes in while one watches, and when it ends."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agents.models import Agent, Run, TierVersion
from review.demo import files, play, tasks
from review.demo.load import load_demo
from review.models import Queue, Ticket
from tests.builders import make_person, make_queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(installed: Agent, settings: Settings, tmp_path: Path) -> Agent:
    settings.DEMO = True
    settings.LOCAL_MODEL_FOLDER = tmp_path
    load_demo(installed, "a password for the demo")
    return installed


def test_a_varied_dozen_is_there_at_once(demo: Agent) -> None:
    rows = [row for row in files.stream() if row["external_id"] in play.FIRST]
    tags = {tag for row in rows for tag in row["tags"]}
    assert play.accepted_ids() == set(play.FIRST)
    assert {row["queue"] for row in rows} == {q["slug"] for q in files.company()["queues"]}
    assert {"angry", "not_english", "several_questions", "follow_up", "out_of_scope"} <= tags
    assert "injection" not in tags
    assert Run.objects.filter(status=Run.Status.QUEUED).count() == len(play.FIRST)


def test_one_ticket_comes_in_at_a_time_as_written_just_now(demo: Agent) -> None:
    before = play.accepted_ids()
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        tasks.play_next()
        (new,) = play.accepted_ids() - before
        assert Ticket.objects.get(external_id=new).received_at == timezone.now()


def test_all_come_in_once_and_then_the_play_is_over(demo: Agent) -> None:
    order = []
    while (accepted := play.accept_next()) is not None:
        order.append(accepted.ticket.external_id)
    everything = [row["external_id"] for row in files.stream()]
    assert [*sorted(order), *play.FIRST] == [
        *sorted(set(everything) - set(play.FIRST)),
        *play.FIRST,
    ]
    assert order == [external_id for external_id in everything if external_id in order]
    load_demo(demo, "another password")
    assert Ticket.objects.count() == len(everything)
    state = play.progress()
    assert state is not None, "its past is still to come"
    assert (play.coming(), state.days_done) == (0, 0)


def test_earlier_turns_keep_their_distance(demo: Agent) -> None:
    row = next(row for row in files.stream() if row["external_id"] == "demo-1188")
    now = timezone.now()
    first, _, last = files.as_ticket(row, now).messages
    assert last.at == now
    assert last.at is not None
    assert first.at is not None
    assert timedelta(days=8) < last.at - first.at < timedelta(days=9)


def test_nothing_plays_where_the_demo_is_off(demo: Agent, settings: Settings) -> None:
    settings.DEMO = False
    tasks.play_next()
    tasks.work_on_past()
    assert play.progress() is None
    assert play.accepted_ids() == set(play.FIRST)


def test_nobody_pays_for_the_past(demo: Agent) -> None:
    """With another model than the embedded one the stream plays on and the past waits."""
    assert play.progress() is not None
    TierVersion.objects.filter(tier=2, is_live=True).update(fallbacks=["openai/priced"])
    assert play.progress() is None
    assert play.coming() > 0


def test_what_was_there_stays_as_it_was(installed: Agent, settings: Settings) -> None:
    """Whoever has an account `admin` keeps it: the demo neither enters it nor claims it."""
    root = User.objects.create_superuser("admin", password="kept")
    queue = make_queue("orders")
    load_demo(installed, "a password for the demo")
    root.refresh_from_db()
    assert root.check_password("kept")
    assert "admin" not in play.made("accounts")
    assert "orders" not in play.made("queues")
    assert Queue.objects.get(slug="orders").name == queue.name


@pytest.mark.usefixtures("static_files")
def test_the_inbox_says_that_more_is_coming(demo: Agent, client: Client) -> None:
    client.force_login(make_person("ada", "lead"))
    assert "53 more tickets will come in" in client.get("/").content.decode()
    while play.accept_next() is not None:
        pass
    assert "will come in" not in client.get("/").content.decode()
