"""The demo goes away whole, and takes nothing with it that is not its own."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from agents.local_model import training
from agents.models import Agent, Effect, Reservation
from review import claims, decisions, undoing
from review.demo import load, play, removal, tasks
from review.demo.load import load_demo
from review.intake import NewMessage, add_message
from review.items import settle_run
from review.models import AuditEntry, ReviewItem, Source, Ticket, TicketRun, Verdict
from tests import resolving
from tests.builders import end_run, make_item, make_result, make_token

pytestmark = pytest.mark.django_db

Rows = dict[str, set[Any]]


def all_rows() -> Rows:
    """Return the keys of every row of every table, but for the record of who did what."""
    return {
        model._meta.label: set(model._base_manager.values_list("pk", flat=True))
        for model in apps.get_models()
        if model is not AuditEntry
    }


def decide(item: ReviewItem, reviewer: User, text: str) -> Verdict:
    item = claims.claim(item, reviewer)
    assert item.claim_token is not None
    seen = decisions.Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    verdict = decisions.send(item.pk, reviewer, seen, text=text)
    assert verdict is not None
    return verdict


@pytest.fixture
def real(installed: Agent, ada: User) -> Rows:
    """A real installation: an admin, a ticket by the API with its verdict, an open one."""
    User.objects.create_superuser("root")
    _, token = make_token("submit")
    item = make_item(source="api")
    Ticket.objects.filter(pk=item.ticket_id).update(submitted_by=token)
    decide(item, ada, "Hello Ada, it is on its way.")
    make_item(source="api")
    return all_rows()


@pytest.fixture
def played(real: Rows, installed: Agent, settings: Settings, tmp_path: Path) -> Rows:
    """The demo beside it, in the middle of its play. Returns the rows before it."""
    settings.DEMO = True
    settings.LOCAL_MODEL_FOLDER = tmp_path
    training._loaded.clear()
    load_demo(installed, "a password for the demo")
    lead = User.objects.get(username="lead")
    items = []
    for ticket in Ticket.objects.filter(source__is_demo=True).order_by("pk")[:4]:
        run = ticket.ticket_runs.get().run
        end_run(run, make_result(queue="orders"))
        item = settle_run(run.pk)
        assert item is not None
        items.append(item)
    decide(items[0], lead, "Hello, this is sent.")
    held = claims.claim(items[1], lead)
    assert held.claim_token is not None
    claims.release(held, lead, held.claim_token, text="begun and left")
    verdict = decide(items[2], lead, "Hello, this is undone.")
    undoing.undo(verdict.pk, lead)
    add_message(items[3].ticket_id, NewMessage(body="And one more thing."))
    claims.claim(ReviewItem.objects.open().get(ticket__source__slug="api"), lead)
    return real


def remove(*options: str) -> None:
    call_command("remove_demo", "--yes", *options)


def test_all_of_the_demo_goes_and_all_else_stays(played: Rows) -> None:
    texts = set(
        Verdict.objects.filter(item__ticket__source__slug="api").values_list("final_digest")
    )
    remove()
    left = all_rows()
    closed = left.pop("auth.User") - played["auth.User"]
    # The record names the lead, so that account stays, and nobody can enter it.
    assert [user.username for user in User.objects.filter(pk__in=closed)] == ["lead"]
    assert not User.objects.filter(pk__in=closed, is_active=True).exists()
    assert left == {label: pks for label, pks in played.items() if label != "auth.User"}
    assert set(Verdict.objects.values_list("final_digest")) == texts
    assert not ReviewItem.objects.open().get().claimed_by
    assert Agent.objects.get().company == {}


def test_what_its_calls_cost_stays_known(played: Rows) -> None:
    link = TicketRun.objects.filter(ticket__source__is_demo=True).first()
    assert link is not None
    Reservation.objects.create(scopes=[], run=link.run, model="openai/x", reserved_usd=1)
    remove()
    assert Reservation.objects.get().run is None


def test_what_an_agent_did_for_the_demo_goes_with_it(played: Rows) -> None:
    accepted = play.accept_next()
    assert accepted
    assert accepted.run
    end_run(accepted.run, resolving.found())
    settle_run(accepted.run.pk)
    handed = resolving.handed_to(accepted.run)
    assert handed
    resolving.worked_on(handed)
    asked = ReviewItem.objects.get(run=handed, status="open")
    resolving.approve(asked, User.objects.get(username="lead"))
    resolving.worked_on(handed)
    assert Effect.objects.filter(state="done").count() == 1
    remove()
    left = all_rows()
    assert {label: pks - played.get(label, set()) for label, pks in left.items() if pks} == {
        label: set() if label != "auth.User" else pks - played["auth.User"]
        for label, pks in left.items()
        if pks
    }
    assert not Agent.objects.filter(slug="resolution").exists()


def test_it_says_that_it_was_removed_and_keeps_the_record(played: Rows) -> None:
    before = AuditEntry.objects.count()
    remove()
    assert AuditEntry.objects.count() == before + 1
    assert AuditEntry.objects.latest("pk").action == play.REMOVED


def test_it_does_not_come_back(played: Rows, settings: Settings) -> None:
    remove()
    assert load.was_removed()
    call_command("prepare")
    tasks.play_next()
    tasks.work_on_past()
    assert not Source.objects.filter(is_demo=True).exists()
    assert not Ticket.objects.exclude(source__slug="api").exists()


def test_the_guards_stand_again_afterwards(played: Rows) -> None:
    remove()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'")
        assert cursor.fetchone() == (0,)


def test_a_removal_that_breaks_changes_nothing(
    played: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = all_rows()
    monkeypatch.setattr(removal, "_remove_accounts", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        remove()
    assert all_rows() == before
    assert not load.was_removed()


def test_somebody_has_to_be_left_who_can_administer(played: Rows) -> None:
    User.objects.filter(username="root").update(is_active=False)
    with pytest.raises(CommandError, match="createsuperuser"):
        remove()
    assert Source.objects.filter(is_demo=True).exists()


def test_without_a_terminal_it_has_to_be_told(played: Rows) -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("remove_demo")
    assert Source.objects.filter(is_demo=True).exists()


def test_queues_of_real_people_stay(played: Rows, ada: User) -> None:
    from review.models import Queue

    ada.queues.add(Queue.objects.get(slug="subscriptions"))
    remove()
    assert Queue.objects.filter(slug="subscriptions").exists()
    assert not Queue.objects.filter(slug="technical").exists()
