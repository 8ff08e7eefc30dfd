"""The demo's past is lived through: real runs and verdicts, at times that could have been."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from agents.evals.models import Label
from agents.local_model import training
from agents.models import Agent, Run
from observability.models import Span
from review import outcomes
from review.demo import files, history, hours, play
from review.demo.load import load_demo
from review.demo.reviewers import CLOSING, Act, Case, act_on
from review.edits import compare
from review.models import AuditEntry, Delivery, ReviewItem, Ticket, Verdict

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)  # ten o'clock in Hamburg
DRAFT = (
    "Hello Ada,\n\nThank you for your message. The parcel left on Monday. It takes two days.\n\n"
    "The tracking link is on the page of your order. It can take a day to show." + CLOSING
)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (MONDAY, 60, MONDAY + timedelta(hours=1)),
        (MONDAY - timedelta(hours=6), 60, MONDAY - timedelta(hours=1)),  # before opening
        (MONDAY + timedelta(hours=9), 120, MONDAY + timedelta(hours=23)),  # an hour the next day
        (datetime(2026, 11, 14, 14, tzinfo=UTC), 120, datetime(2026, 11, 16, 8, tzinfo=UTC)),
        (datetime(2026, 10, 24, 15, tzinfo=UTC), 30, datetime(2026, 10, 26, 7, 30, tzinfo=UTC)),
    ],
)
def test_waiting_counts_working_time(start: datetime, minutes: int, end: datetime) -> None:
    assert hours.after_working(start, timedelta(minutes=minutes)) == end


@pytest.mark.parametrize("weekday", range(7))
def test_the_past_ends_before_the_demo_begins_and_keeps_its_rhythm(weekday: int) -> None:
    began_at = MONDAY + timedelta(days=weekday)
    plans = [history.plan_of(row, began_at) for row in files.past()]
    assert all(
        plan.received_at < plan.taken_at < plan.decided_at < plan.lead_decided_at < began_at
        for plan in plans
    )
    assert min(plan.received_at for plan in plans) > began_at - timedelta(days=40)
    sundays = sum(plan.received_at.astimezone(hours.ZONE).weekday() == 6 for plan in plans)
    assert sundays < len(plans) / 10
    waits = sorted(plan.taken_at - plan.received_at for plan in plans)
    assert timedelta(minutes=40) < waits[len(waits) // 2] < timedelta(hours=2)


def test_the_past_shares_no_ticket_with_what_is_judged_or_still_to_come() -> None:
    """What people decide there teaches the model: the evaluation's tickets must not be in it."""
    kept = {row["body"] for row in files.lines("tickets")}
    assert not kept & {row["body"] for row in files.past()}
    assert len({row["external_id"] for row in files.past()}) == len(files.past())


def test_every_ticket_of_the_past_is_one_that_the_api_would_take() -> None:
    for row in files.past():
        assert files.as_ticket(row, timezone.now()).messages, row["external_id"]
        assert row["past_reply"] is None or row["past_reply"] in files.past_replies()
    assert set(files.answers()) <= {row["external_id"] for row in files.past()}


def case(**fields: Any) -> Case:
    return Case(
        **{"name": "Ada", "draft": DRAFT, "right": DRAFT, "category": "order-status"} | fields
    )


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same in every run


def operations(draft: str, act: Act) -> int:
    return compare(draft, act.text).operations


def test_good_drafts_mostly_go_out_as_they_are() -> None:
    counts = [operations(DRAFT, act_on(case(), chance(seed))) for seed in range(400)]
    assert 0.5 < counts.count(0) / 400 < 0.7
    assert 0.2 < sum(0 < count < 3 for count in counts) / 400 < 0.4
    assert 0.05 < sum(count > 2 for count in counts) / 400 < 0.2


def test_wrong_drafts_are_written_anew() -> None:
    right = DRAFT.replace("The parcel left on Monday", "Nothing has left yet, I am sorry to say")
    assert act_on(case(right=right), chance(1)) == Act(kind="send", text=right)
    assert act_on(case(right=right, draft=""), chance(1)) == Act(kind="send", text=right)


def test_advertising_is_rejected_and_strangers_are_answered() -> None:
    advert = case(category="oos", tags=frozenset({"sales_pitch"}))
    assert act_on(advert, chance(1)) == Act(kind="reject", note="Advertising.")
    answered = act_on(case(category="oos", draft=""), chance(1))
    assert answered.text.startswith("Hello Ada,\n\nThank you")


@pytest.fixture
def demo(
    installed: Agent, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Agent]:
    """The demo with a past of four tickets: a plain one, one for a lead, an advert, one written."""
    settings.DEMO = True
    settings.LOCAL_MODEL_FOLDER = tmp_path / "models"
    training._loaded.clear()
    rows = {row["external_id"]: row for row in files.past()}
    advert = next(row for row in rows.values() if "sales_pitch" in row["tags"])
    legal = next(row for row in rows.values() if "above_limit" in row["tags"])
    chosen = (rows["past-r001"], legal, advert, rows["past-0169"])
    monkeypatch.setattr(files, "past", lambda: chosen)
    history.plans.cache_clear()
    load_demo(installed, "a password for the demo")
    yield installed
    history.plans.cache_clear()


@pytest.mark.django_db
def test_a_past_is_made_by_living_through_it(demo: Agent) -> None:
    began_at = play.began_at()
    assert began_at is not None
    while history.work_on_next():
        pass
    past = Ticket.objects.filter(external_id__startswith="past-")
    assert past.count() == 4
    assert not ReviewItem.objects.open().filter(ticket__in=past).exists()
    assert {verdict.kind for verdict in Verdict.objects.all()} >= {"edit", "reject"}
    assert set(Delivery.objects.values_list("state", "channel")) == {("sent", "record")}
    for model, field in (
        (Run, "created_at"),
        (Run, "finished_at"),
        (ReviewItem, "opened_at"),
        (Verdict, "created_at"),
        (Label, "created_at"),
        (Delivery, "sent_at"),
        (Span, "ended_at"),
    ):
        times = [t for t in model._base_manager.values_list(field, flat=True) if t]
        assert times, model
        late = {run.created_at for run in Run.objects.filter(status="queued")}
        assert all(time < began_at for time in times if time not in late), model
    escalated = AuditEntry.objects.get(action="item.escalated")
    lead = Verdict.objects.get(item_id=int(escalated.subject.partition(":")[2]))
    assert lead.reviewer.username == "lead"
    assert timezone.now() - began_at < timedelta(minutes=5), "the clock is right again"


@pytest.mark.django_db
def test_it_goes_on_where_it_stopped_and_repeats_nothing(demo: Agent) -> None:
    assert history.work_on_next()
    assert history.work_on_next()
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        while history.work_on_next():
            pass
        assert not history.work_on_next()
    assert Verdict.objects.count() == 4
    assert play.progress() is None


@pytest.mark.django_db
def test_a_ticket_that_breaks_leaves_nothing_behind(
    demo: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Ticket.objects.count(), Run.objects.count()
    monkeypatch.setattr(outcomes, "deliver", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        history.work_on_next()
    assert (Ticket.objects.count(), Run.objects.count()) == before


@pytest.mark.django_db
def test_without_its_people_the_ticket_waits_in_the_inbox(demo: Agent) -> None:
    User.objects.filter(username__in=["reviewer", "tessa", "marek", "lead"]).update(is_active=False)
    assert history.work_on_next()
    assert ReviewItem.objects.open().count() == 1
