"""Tools are called as a person agreed to, once, and what nobody can know is asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents import effects
from agents.errors import ToolFailed
from agents.models import (
    LIVE,
    Effect,
    Pause,
    PolicyVersion,
    Run,
    RunPayload,
    ToolSetting,
    ToolUse,
)
from agents.tools.calling import DO_AGAIN, LEAVE, WAS_DONE
from agents.tools.registry import register, tools_of
from agents.versions import change
from observability.models import FailureCount
from review import pauses, undoing
from review.actions import Answer
from review.intake import NewMessage, add_message
from review.items import draft_text, settle_run
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
from tests.agents.actor import NAME, Actor, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(ada: User) -> Iterator[Actor]:
    with acting() as actor:
        yield actor


def test_what_only_reads_needs_nobody(actor: Actor) -> None:
    actor.plan = [("look_up", {"order": "HCW-1"})]
    run = worked_on(actor.request())
    assert run.status == "done"
    assert actor.told[0].result == {"order": "HCW-1", "status": "delivered"}
    step = run.steps.get(key="call-1")
    assert (step.kind, step.tool) == ("tool", "look_up")


def test_what_changes_something_waits_for_a_person(actor: Actor) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    item = asked(run)
    assert run.status == "waiting"
    assert (item.kind, item.step_key) == ("tool_call", "call-1")
    assert item.reason_codes == ["agent_acts", "irreversible"]
    assert actor.till.paid == []


def test_an_approved_call_is_made_once_and_the_run_goes_on(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER), ("look_up", {"order": "HCW-1"})]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    assert run.status == "done"
    assert actor.till.paid == [ORDER]
    assert [told.status for told in actor.told] == ["done", "done"]
    assert draft_text(asked(run)) == "Hello, done; done."
    effect = Effect.objects.get()
    assert (effect.state, effect.attempts) == ("done", 1)


def test_what_a_person_changed_is_what_is_done(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    approve(asked(run), ada, amount=20)
    worked_on(run)
    assert actor.till.paid == [{"order": "HCW-1", "amount": 20}]
    assert actor.told[0].arguments == {"order": "HCW-1", "amount": 20}


@pytest.mark.parametrize(
    ("answer", "status", "result"),
    [
        (Answer(said="reject", words="Not our fault."), "rejected", "Not our fault."),
        (Answer(said="respond", words="Ask for a photo."), "answered", "Ask for a photo."),
    ],
)
def test_a_refusal_and_an_answer_in_words_reach_the_agent(
    actor: Actor, ada: User, answer: Answer, status: str, result: str
) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    decide(asked(run), ada, answer)
    run = worked_on(run)
    assert run.status == "done"
    assert (actor.told[0].status, actor.told[0].result) == (status, result)
    assert actor.till.paid == []
    assert not Effect.objects.exists()


def test_a_verdict_that_is_taken_back_does_nothing(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    verdict = give(asked(run), ada, Answer(said="go", final=ORDER))
    assert verdict
    undoing.undo(verdict.pk, ada)
    let_out()
    assert worked_on(run).status == "waiting"
    approve(asked(run), ada)
    assert worked_on(run).status == "done"
    assert actor.till.paid == [ORDER]


@pytest.mark.parametrize("what", ["proposal", "answer", "digest"])
def test_what_was_changed_after_it_was_approved_is_not_done(
    actor: Actor, ada: User, what: str
) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    pause = Pause.objects.get()
    assert pause.answer
    other = {"order": "HCW-1", "amount": 3500}
    if what == "proposal":
        content = pause.proposal.content or {}
        content["actions"][0]["arguments"] = other
        Pause.objects.update(proposal=RunPayload.objects.create(content=content))
    elif what == "answer":
        content = {**(pause.answer.content or {}), "final": other}
        Pause.objects.update(answer=RunPayload.objects.create(content=content))
    else:
        Pause.objects.update(digest="0" * 64)
    run = worked_on(run)
    assert (run.status, run.error_type) == ("failed", "changed_since_approved")
    assert actor.till.paid == []
    assert asked(run).reason_codes == ["error_changed_since_approved"]


def test_a_newer_message_stops_what_was_approved_and_not_done(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    item = asked(run)
    give(item, ada, Answer(said="go", final=ORDER))
    add_message(item.ticket_id, NewMessage(body="Leave it, I found it."))
    let_out()
    assert worked_on(run).status == "cancelled"
    assert actor.till.paid == []


def test_a_call_with_a_key_is_made_again_under_it_until_its_end_is_known(
    actor: Actor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "WAITS_S", (0.0, 0.0))
    actor.plan = [("pay", ORDER)]
    actor.till.breaks = [TimeoutError(), ConnectionResetError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    assert worked_on(run).status == "done"
    assert actor.till.paid == [ORDER]
    assert Effect.objects.get().attempts == 3


def test_a_call_without_a_key_is_never_made_again_and_a_person_is_asked(
    actor: Actor, ada: User
) -> None:
    actor.plan = [("pay_blindly", ORDER)]
    actor.till.breaks = [TimeoutError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    item = asked(run)
    assert run.status == "waiting"
    assert Effect.objects.get().state == "unknown"
    assert (item.kind, item.reason_codes) == ("decision", ["effect_unknown"])
    assert actor.till.paid == [ORDER]


@pytest.mark.parametrize(
    ("found", "paid", "state", "status"),
    [
        (WAS_DONE, 1, ["done"], "done"),
        (LEAVE, 1, ["failed"], "failed"),
        (DO_AGAIN, 2, ["failed", "done"], "done"),
    ],
)
def test_what_a_person_finds_of_an_unclear_call_counts(
    actor: Actor, ada: User, found: str, paid: int, state: list[str], status: str
) -> None:
    actor.plan = [("pay_blindly", ORDER)]
    actor.till.breaks = [TimeoutError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    decide(asked(run), ada, Answer(said="go", final=found))
    run = worked_on(run)
    assert run.status == "done"
    assert len(actor.till.paid) == paid
    assert [effect.state for effect in Effect.objects.order_by("pk")] == state
    assert actor.told[0].status == status


def test_a_second_call_that_is_unclear_too_is_asked_about_as_well(actor: Actor, ada: User) -> None:
    actor.plan = [("pay_blindly", ORDER)]
    actor.till.breaks = [TimeoutError(), TimeoutError()]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    for found in (DO_AGAIN, WAS_DONE):
        run = worked_on(run)
        decide(asked(run), ada, Answer(said="go", final=found))
    run = worked_on(run)
    assert (run.status, actor.told[0].status) == ("done", "done")
    assert len(actor.till.paid) == 2
    assert [effect.state for effect in Effect.objects.order_by("pk")] == ["failed", "done"]


@pytest.mark.parametrize(
    ("tool", "paid", "state"), [("pay", 1, "done"), ("pay_blindly", 0, "unknown")]
)
def test_a_worker_that_died_between_meaning_and_knowing(
    actor: Actor, ada: User, tool: str, paid: int, state: str
) -> None:
    """With a key the call is made under it; without one nobody makes it again."""
    actor.plan = [(tool, ORDER)]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    Effect.objects.create(
        run=run,
        step_key="call-1",
        tool=tool,
        arguments=RunPayload.objects.create(content=ORDER),
        bound_digest="",
        idempotency_key="run-of-the-dead",
        takes_key=tool == "pay",
    )
    worked_on(run)
    assert Effect.objects.get().state == state
    assert len(actor.till.paid) == paid
    assert actor.till.keys == ["run-of-the-dead"] * paid


def test_a_tool_that_says_no_is_told_to_the_agent(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    actor.till.breaks = [ToolFailed("The order is not paid for.")]
    run = worked_on(actor.request())
    approve(asked(run), ada)
    run = worked_on(run)
    assert run.status == "done"
    assert (actor.told[0].status, actor.told[0].result) == ("failed", "The order is not paid for.")
    assert Effect.objects.get().state == "failed"


def test_reading_that_fails_is_told_and_counted(actor: Actor) -> None:
    actor.plan = [("look_up", {"order": "HCW-1"})]
    actor.till.breaks = [ConnectionError()]
    assert worked_on(actor.request()).status == "done"
    assert actor.told[0].status == "failed"
    assert FailureCount.objects.get(kind="tool").name == "look_up"


def test_the_same_call_without_progress_is_handed_over(actor: Actor) -> None:
    actor.plan = [("look_up", {"order": "HCW-1"})] * 5
    run = worked_on(actor.request())
    assert (run.status, run.error_type) == ("failed", "tool_error")
    assert "went in circles" in run.error_message
    assert actor.till.looked_up == 2
    assert asked(run).reason_codes == ["error_tool_error"]


def test_a_stranger_among_the_tools_is_handed_over(actor: Actor) -> None:
    actor.plan = [("drop_tables", {})]
    run = worked_on(actor.request())
    assert (run.status, run.error_type) == ("failed", "tool_error")


def test_arguments_that_do_not_fit_are_told_and_never_sent(actor: Actor) -> None:
    actor.plan = [("pay", {"order": "HCW-1", "amount": -5})]
    assert worked_on(actor.request()).status == "done"
    assert actor.told[0].status == "failed"
    assert actor.till.paid == []


@pytest.mark.parametrize("limit", ["per_run", "per_minute", "per_day"])
def test_a_limit_hands_the_run_over(actor: Actor, limit: str) -> None:
    limits: dict[str, Any] = {limit: 1}
    register(NAME, replace(tools_of(NAME)["look_up"], **limits))
    actor.plan = [("look_up", {"order": "HCW-1"}), ("look_up", {"order": "HCW-2"})]
    run = worked_on(actor.request())
    assert (run.status, run.error_type) == ("failed", "tool_error")
    assert actor.till.looked_up == 1
    assert sum(use.calls for use in ToolUse.objects.all()) == (0 if limit == "per_run" else 1)


def test_a_tool_that_was_switched_off_is_not_called(actor: Actor) -> None:
    ToolSetting.objects.create(
        agent=actor.agent, tool="look_up", is_enabled=False, reason="It is down."
    )
    actor.plan = [("look_up", {"order": "HCW-1"})]
    run = worked_on(actor.request())
    assert (run.status, run.error_message) == ("failed", "look_up is switched off.")
    assert actor.till.looked_up == 0


def test_a_question_nobody_answers_expires_and_never_approves(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    late = timezone.now() + timedelta(days=8)
    assert list(pauses.expired(late)) == [run.pk]
    pauses.expire(run.pk, late)
    settle_run(run.pk)
    run = Run.objects.get(pk=run.pk)
    assert (run.status, run.error_type) == ("failed", "expired")
    assert ReviewItem.objects.filter(run=run, status="expired").exists()
    assert asked(run).reason_codes == ["error_expired"]
    assert actor.till.paid == []


@pytest.mark.parametrize(("takes_key", "state"), [(False, "unknown"), (True, "intended")])
def test_a_dead_workers_call_without_a_key_is_unclear_before_another_takes_the_run(
    actor: Actor, takes_key: bool, state: str
) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    leave_under_way(run, takes_key=takes_key)
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(status="running", heartbeat_at=now)
    assert effects.mark_left_behind(now) == 0
    assert effects.mark_left_behind(now + timedelta(seconds=21)) == (state == "unknown")
    assert Effect.objects.get().state == state


def test_what_an_ended_run_left_unclear_is_asked(actor: Actor, ada: User) -> None:
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    leave_under_way(run, takes_key=True)
    long_ago = timezone.now() - timedelta(minutes=1)
    ReviewItem.objects.filter(run=run).update(status="superseded")
    Run.objects.filter(pk=run.pk).update(
        status="failed", error_type="crashed", finished_at=long_ago
    )
    assert effects.mark_left_behind(timezone.now()) == 1
    (effect_id,) = pauses.unasked_effects()
    item = pauses.ask_about(effect_id)
    assert item
    assert not pauses.unasked_effects()
    decide(item, ada, Answer(said="go", final=WAS_DONE))
    assert Effect.objects.get().state == "done"


def test_a_call_made_larger_than_one_person_may_agree_to_waits_for_a_second(
    actor: Actor, ada: User, grace: User
) -> None:
    register(NAME, replace(tools_of(NAME)["pay"], amount_of=lambda given: float(given["amount"])))
    rule = {
        "id": "large",
        "name": "Large",
        "outcome": "second",
        "reason": "It is much money.",
        "when": {"tools": ["irreversible"], "money_above": {"amount": "200", "currency": "EUR"}},
    }
    change(
        PolicyVersion,
        LIVE,
        {"agent_id": actor.agent.pk},
        lambda _: {"rules": [rule]},
        reason="Two.",
        by=None,
    )
    actor.plan = [("pay", ORDER)]
    run = worked_on(actor.request())
    item = asked(run)
    assert not item.needs_second
    larger = Answer(said="go", final={**ORDER, "amount": 5000})
    decide(item, ada, larger)
    assert worked_on(run).status == "waiting"
    assert actor.till.paid == []
    item = asked(run)
    assert item.needs_second
    assert "It is much money." in str(item.reasons)
    decide(item, grace, larger)
    assert worked_on(run).status == "done"
    assert actor.till.paid == [{**ORDER, "amount": 5000}]
