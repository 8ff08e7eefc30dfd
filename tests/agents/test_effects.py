"""Calls of tools within their time: what is done is kept, whatever the answer looks like."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents import effects, runner
from agents.errors import ToolFailed
from agents.models import Effect, Run
from agents.tools.registry import register, tools_of
from tests.agents.acted import ORDER, approve, asked, worked_on
from tests.agents.actor import NAME, Actor, acting

pytestmark = pytest.mark.django_db
HALF_A_PAIR = "\ud83d"


@pytest.fixture
def actor(ada: User) -> Iterator[Actor]:
    with acting() as actor:
        yield actor


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"note": "a\x00b" + HALF_A_PAIR}, {"note": "ab\ufffd"}),
        ({"total": math.nan}, None),
        (nested(60), None),
        ({"at": timezone.now()}, None),
        (("a", 1), ["a", 1]),
    ],
    ids=["text", "no number", "deep", "no JSON", "tuple"],
)
@pytest.mark.parametrize("tool", ["pay", "look_up"])
def test_an_answer_the_database_cannot_hold_is_no_sign_that_nothing_was_done(
    actor: Actor, ada: User, tool: str, answer: Any, kept: Any
) -> None:
    register(NAME, replace(tools_of(NAME)[tool], call=lambda *_: answer))
    actor.plan = [(tool, ORDER)]
    run = worked_on(actor.request())
    if tool == "pay":
        approve(asked(run), ada)
        run = worked_on(run)
    assert run.status == "done"
    told = actor.told[0]
    assert told.status == "done"
    assert told.result == (kept or {"note": "It was done, and its answer cannot be kept."})


def test_a_refusal_the_database_cannot_hold_is_told_without_what_it_cannot(
    actor: Actor, ada: User
) -> None:
    actor.plan = [("pay", ORDER)]
    actor.till.breaks = [ToolFailed("No\x00 such order" + HALF_A_PAIR)]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    assert worked_on(run).status == "done"
    assert (actor.told[0].status, actor.told[0].result) == ("failed", "No such order\ufffd")


def test_no_try_is_begun_that_would_outlast_the_attempt(
    actor: Actor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next attempt makes the call again, under the same key."""
    monkeypatch.setattr(effects, "WAITS_S", (0.0, 0.0))
    monkeypatch.setattr(runner, "ATTEMPT_TIMEOUT_S", 30)
    register(NAME, replace(tools_of(NAME)["pay"], timeout_s=40))
    actor.plan = [("pay", ORDER)]
    actor.till.breaks = [TimeoutError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    assert worked_on(run).status == "queued", "it goes on in another attempt"
    effect = Effect.objects.get()
    assert (effect.state, effect.attempts) == ("intended", 1)
    assert worked_on(run).status == "done"
    assert Effect.objects.get().attempts == 2
    assert actor.till.keys == [effect.idempotency_key]


def test_a_call_without_a_key_is_left_to_the_next_attempt_before_it_is_meant(
    actor: Actor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ATTEMPT_TIMEOUT_S", 30)
    register(NAME, replace(tools_of(NAME)["pay_blindly"], timeout_s=40))
    # Looking up is a step of this attempt, after which too little of it is left.
    actor.plan = [("pay", ORDER), ("look_up", ORDER), ("pay_blindly", ORDER)]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    approve(asked(run), ada)
    assert worked_on(run).status == "done"
    assert [told.status for told in actor.told] == ["done"] * 3
    assert [effect.state for effect in Effect.objects.order_by("pk")] == ["done", "done"]


def test_what_is_known_is_written_though_the_attempt_is_over(
    actor: Actor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ATTEMPT_TIMEOUT_S", 0.05)
    till = actor.till

    def slow(arguments: Any, context: Any) -> Any:
        time.sleep(0.06)  # longer than the attempt
        return till.pay_blindly(arguments, context)

    register(NAME, replace(tools_of(NAME)["pay_blindly"], call=slow))
    actor.plan = [("pay_blindly", ORDER)]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    assert worked_on(run).status == "queued"
    assert Effect.objects.get().state == "done"
    run = worked_on(run)
    assert (run.status, actor.told[0].status) == ("done", "done")
    assert till.paid == [ORDER]


def test_the_time_of_the_whole_run_ends_it(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    Run.objects.filter(pk=run.pk).update(deadline_at=timezone.now() - timedelta(minutes=1))
    run = worked_on(run)
    assert (run.status, run.error_type) == ("failed", "timeout")
    assert actor.till.paid == []


def test_a_tool_may_not_take_longer_than_an_attempt_has(actor: Actor) -> None:
    with pytest.raises(ValueError, match="at most 60"):
        replace(tools_of(NAME)["pay"], timeout_s=61)
