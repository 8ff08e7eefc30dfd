"""A question that nobody answered is not lost: whoever still needs the answer asks it anew."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents import effects
from agents.models import Effect, Pause, Run
from agents.tools.calling import WAS_DONE
from review import pauses, runs_by_hand
from review.actions import Answer
from review.intake import NewMessage, add_message
from review.items import settle_run
from review.models import ReviewItem
from tests.agents.acted import (
    ORDER,
    approve,
    asked,
    decide,
    give,
    leave_under_way,
    let_out,
    worked_on,
)
from tests.agents.actor import Actor, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(ada: User) -> Iterator[Actor]:
    with acting() as actor:
        actor.plan = [("pay", ORDER)]
        yield actor


def question_of(run: Run) -> ReviewItem:
    return ReviewItem.objects.get(run=run, status="open", step_key__startswith="call-1")


def expire(run: Run) -> None:
    pauses.expire(run.pk, timezone.now() + timedelta(days=8))
    settle_run(run.pk)


def stop(run: Run, by: User) -> None:
    runs_by_hand.stop(run.pk, by)
    settle_run(run.pk)


@pytest.mark.parametrize("how", ["stopped", "expired"])
def test_a_run_that_ended_at_a_question_asks_it_anew_when_it_is_started_again(
    actor: Actor, ada: User, how: str
) -> None:
    run = worked_on(actor.request())
    first = question_of(run)
    if how == "stopped":
        stop(run, ada)
    else:
        Pause.objects.update(expires_at=timezone.now())
        expire(run)
    runs_by_hand.start_again(run.pk, ada)
    assert worked_on(run).status == "waiting"
    again = question_of(run)
    assert again.pk != first.pk
    assert not pauses.unasked()
    assert not pauses.expired(timezone.now()), "it has its whole time again"
    approve(again, ada)
    assert worked_on(run).status == "done"
    assert actor.till.paid == [ORDER]


def test_an_answer_that_reached_nobody_is_asked_for_again(actor: Actor, ada: User) -> None:
    """The run was stopped between the verdict and its taking effect."""
    run = worked_on(actor.request())
    give(question_of(run), ada, Answer(said="go", final=ORDER))
    stop(run, ada)
    let_out()
    runs_by_hand.start_again(run.pk, ada)
    assert worked_on(run).status == "waiting"
    assert actor.till.paid == []
    approve(question_of(run), ada)
    assert worked_on(run).status == "done"
    assert actor.till.paid == [ORDER]


def test_nothing_is_asked_twice_while_an_answer_is_on_its_way(actor: Actor, ada: User) -> None:
    run = worked_on(actor.request())
    give(question_of(run), ada, Answer(said="go", final=ORDER))
    assert not pauses.unasked()
    assert pauses.ask(run.pk) is None


def test_what_is_unclear_is_asked_anew_after_a_newer_message_took_the_question_away(
    actor: Actor, ada: User
) -> None:
    actor.plan = [("pay_blindly", ORDER)]
    actor.till.breaks = [TimeoutError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    overtaken = question_of(run)
    add_message(overtaken.ticket_id, NewMessage(body="Leave it, I found it."))
    (effect_id,) = pauses.unasked_effects()
    item = pauses.ask_about(effect_id)
    assert item
    assert item.pk != overtaken.pk
    assert not pauses.unasked_effects()
    decide(item, ada, Answer(said="go", final=WAS_DONE))
    assert Effect.objects.get().state == "done"
    assert not pauses.unasked_effects()


def test_a_run_that_goes_on_past_an_old_question_may_ask_another(actor: Actor, ada: User) -> None:
    """Its first question was answered for it by whoever found out after it was stopped."""
    actor.plan = [("pay_blindly", ORDER), ("pay", ORDER)]
    actor.till.breaks = [TimeoutError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    stop(run, ada)
    (effect_id,) = pauses.unasked_effects()
    item = pauses.ask_about(effect_id)
    assert item
    decide(item, ada, Answer(said="go", final=WAS_DONE))
    runs_by_hand.start_again(run.pk, ada)
    assert worked_on(run).status == "waiting"
    question = ReviewItem.objects.get(run=run, status="open", step_key="call-2")
    approve(question, ada)
    assert worked_on(run).status == "done"


def test_what_a_worker_says_after_the_sweep_gave_it_up_counts(actor: Actor) -> None:
    """The sweep said `unknown`; then the worker, alive after all, tells how the call ended."""
    run = worked_on(actor.request())
    leave_under_way(run, takes_key=False)
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(status="running", heartbeat_at=now)
    assert effects.mark_left_behind(now + timedelta(seconds=21)) == 1
    effect = Effect.objects.get()
    assert effects.settle(effect, Effect.State.DONE, "Found there.").effect.state == "done"
    assert effects.mark_left_behind(now + timedelta(seconds=42)) == 0
    late = effects.settle(effect, Effect.State.FAILED, "Not found.")
    assert late.effect.state == "done", "what is known stands"
