"""Each way a provider fails, over real HTTP: what the trace, the run and the person then say."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from agents import runner
from agents.errors import RunLost
from agents.halting import Halt
from agents.models import Run
from agents.retrying import LONGEST_WAIT_S
from observability.models import Span
from review.items import settle_run
from tests.agents.test_runner import executed, queued_run
from tests.peers import Reply, free_port
from tests.provider import Provider, completion, form_of, put_on_tiers

pytestmark = pytest.mark.django_db

FIRST, SECOND = "openai/first", "openai/second"
# How long after its time a call may end on a busy machine.
SLACK_MS = 350


def refused(status: int, message: str = "no", **headers: str) -> Reply:
    """An error as OpenAI's protocol words it."""
    return Reply(
        status=status,
        body={"error": {"message": message, "type": "error", "code": None}},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def said(content: str | None, finish_reason: str = "stop", **message: Any) -> Reply:
    """A completion with one choice."""
    message = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return completion("", choices=[choice])


def trickle() -> Iterator[bytes]:
    """A complete answer that takes half a minute, space by space."""
    body = json.dumps(completion({"category": "delivery"}).body).encode()
    for _ in range(300):
        yield b" "
        threading.Event().wait(0.1)
    yield body


def silence() -> Iterator[bytes]:
    """No byte of the body for half a minute."""
    threading.Event().wait(30)
    yield b""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the model's server does. hangs: it uses up the time it has. passes: it may be over a
    little later. is_shown: the model is shown its answer and asked for a better one."""

    error_type: str
    reply: Callable[[], Reply]
    hangs: bool = False
    passes: bool = False
    is_shown: bool = False


FAULTS = {
    "slow-down": Fault(passes=True, error_type="rate_limited", reply=lambda: refused(429)),
    "slow-down-for-long": Fault(
        error_type="rate_limited", reply=lambda: refused(429, Retry_After="120")
    ),
    "no-credit": Fault(
        error_type="rate_limited",
        reply=lambda: refused(429, "You exceeded your current quota, check your billing details."),
    ),
    "no-answer": Fault(error_type="timeout", hangs=True, reply=lambda: Reply(body=silence())),
    "trickle": Fault(error_type="timeout", hangs=True, reply=lambda: Reply(body=trickle())),
    "gateway-timeout": Fault(passes=True, error_type="timeout", reply=lambda: refused(504)),
    "reset": Fault(passes=True, error_type="provider_error", reply=lambda: Reply(resets=True)),
    "500": Fault(passes=True, error_type="provider_error", reply=lambda: refused(500)),
    "503": Fault(passes=True, error_type="provider_error", reply=lambda: refused(503)),
    "overloaded": Fault(passes=True, error_type="provider_error", reply=lambda: refused(529)),
    "unprocessable": Fault(error_type="provider_error", reply=lambda: refused(422)),
    "wrong-key": Fault(error_type="provider_error", reply=lambda: refused(401, "sk-12345678")),
    "forbidden": Fault(error_type="provider_error", reply=lambda: refused(403)),
    "unknown-model": Fault(error_type="provider_error", reply=lambda: refused(404)),
    "broken-json": Fault(
        error_type="provider_error", reply=lambda: Reply(body=b'{"id": "c-1", "choices": [')
    ),
    "html": Fault(
        error_type="provider_error",
        reply=lambda: Reply(body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"}),
    ),
    "bad-gateway-html": Fault(
        passes=True,
        error_type="provider_error",
        reply=lambda: Reply(status=502, body=b"<html>502</html>"),
    ),
    "null": Fault(error_type="provider_error", reply=lambda: Reply(body=None)),
    "no-choices": Fault(error_type="provider_error", reply=lambda: completion("", choices=[])),
    "cut-off": Fault(
        error_type="schema_invalid", reply=lambda: said('{"category": "deliv', "length")
    ),
    "prose": Fault(
        is_shown=True, error_type="schema_invalid", reply=lambda: said("It is about delivery.")
    ),
    "other-form": Fault(
        is_shown=True, error_type="schema_invalid", reply=lambda: completion({"category": 7})
    ),
    "empty": Fault(is_shown=True, error_type="schema_invalid", reply=lambda: said("")),
    "refusal": Fault(error_type="refusal", reply=lambda: said(None, refusal="I cannot help.")),
    "filtered-answer": Fault(error_type="refusal", reply=lambda: said("", "content_filter")),
    "filtered-prompt": Fault(
        error_type="refusal",
        reply=lambda: refused(400, "The prompt triggered the content management policy."),
    ),
    "too-long": Fault(
        error_type="context_too_long",
        reply=lambda: refused(400, "This model's maximum context length is 8192 tokens."),
    ),
    "too-long-locally": Fault(
        error_type="context_too_long", reply=lambda: refused(400, "prompt too long; 4 over")
    ),
    "too-large": Fault(error_type="context_too_long", reply=lambda: refused(413)),
}


def attempts_of(run: Run, step: str = "classify") -> list[dict[str, Any]]:
    """Return the tries at the step's model call, from the trace."""
    span = Span.objects.get(
        trace_id=run.trace_id, attributes__contains={"countersign.step.key": step}
    )
    attempts: list[dict[str, Any]] = span.attributes["countersign.attempts"]
    return attempts


def break_model(provider: Provider, reply: Callable[[], Reply], model: str = FIRST) -> None:
    """Have the model fail at classifying, and do everything else well."""
    name = model.partition("/")[2]

    def answer(form: str) -> Reply | None:
        asked = provider.peer.requests[-1].json["model"]
        return reply() if form == "Classified" and asked == name else None

    provider.before = answer


def asked_to_classify(provider: Provider) -> list[str]:
    """Return the models that were sent the faulty call, in order."""
    return [
        request.json["model"]
        for request in provider.peer.requests
        if form_of(request) == "Classified"
    ]


def assert_in_time(attempts: list[dict[str, Any]], timeout_s: float) -> None:
    took_ms = sum(attempt["latency_ms"] + attempt["waited_ms"] for attempt in attempts)
    assert took_ms <= timeout_s * 1000 + SLACK_MS


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_without_a_fallback_brings_the_ticket_to_a_person(
    provider: Provider, fault: Fault
) -> None:
    timeout_s = 1 if fault.hangs else 5
    put_on_tiers(FIRST, timeout_s=timeout_s)
    break_model(provider, fault.reply)
    run = executed(queued_run())
    assert (run.status, run.error_type) == ("failed", fault.error_type)
    attempts = attempts_of(run)
    tries = 2 if fault.passes or fault.is_shown else 1
    assert [(a["model"], a["error_type"]) for a in attempts] == [(FIRST, fault.error_type)] * tries
    assert [a["is_repair"] for a in attempts] == [False, fault.is_shown][:tries]
    assert run.error_message == attempts[-1]["message"]
    assert run.error_message.startswith(FIRST)
    assert "sk-" not in run.error_message
    assert set(asked_to_classify(provider)) == {"first"}
    assert_in_time(attempts, timeout_s)
    item = settle_run(run.pk)
    assert item is not None
    assert item.reasons[0]["code"] == f"error_{fault.error_type}"
    assert run.error_message in item.reasons[0]["text"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_with_a_fallback_is_answered_by_it(provider: Provider, fault: Fault) -> None:
    timeout_s = 2 if fault.hangs else 5
    put_on_tiers(FIRST, fallbacks=[SECOND], timeout_s=timeout_s)
    break_model(provider, fault.reply)
    run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")
    attempts = attempts_of(run)
    assert [(a["model"], a["error_type"]) for a in attempts] == [
        *[(FIRST, fault.error_type)] * (2 if fault.is_shown else 1),
        (SECOND, ""),
    ]
    assert run.steps.get(key="classify").model == SECOND
    assert asked_to_classify(provider)[-1] == "second"
    assert_in_time(attempts, timeout_s)
    assert settle_run(run.pk) is not None


def test_a_server_that_is_not_there_is_named_as_such(provider: Provider) -> None:
    put_on_tiers(
        FIRST,
        endpoints={FIRST: f"http://127.0.0.1:{free_port()}/v1"},
        fallbacks=[SECOND],
    )
    run = executed(queued_run())
    assert run.status == "done"
    first, second = attempts_of(run, "extract")
    assert (first["error_type"], first["message"]) == (
        "provider_error",
        f"{FIRST} could not be reached.",
    )
    assert second["error_type"] == ""
    assert {request.json["model"] for request in provider.peer.requests} == {"second"}


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_every_model_is_asked_once_and_again_as_often_as_the_tier_says(
    provider: Provider, retries: int
) -> None:
    put_on_tiers(FIRST, fallbacks=[SECOND], retries=retries)
    provider.before = lambda form: refused(500)
    run = executed(queued_run())
    assert (run.status, run.error_type) == ("failed", "provider_error")
    asked = [request.json["model"] for request in provider.peer.requests]
    assert asked[:2] == ["first", "second"]
    assert Counter(asked) == {"first": retries + 1, "second": retries + 1}
    waits_ms = [attempt["waited_ms"] for attempt in attempts_of(run, "extract")]
    assert waits_ms[:2] == [0, 0]
    assert sum(waits_ms) <= 1000 * retries * LONGEST_WAIT_S


def test_no_number_of_retries_outlasts_the_tiers_time(provider: Provider) -> None:
    executed(queued_run())  # a process's first call alone may take longer than what follows
    put_on_tiers(FIRST, retries=50, timeout_s=2)
    provider.before = lambda form: refused(503, Retry_After="0.3")
    run = executed(queued_run())
    assert run.status == "failed"
    attempts = attempts_of(run, "extract")
    assert 2 < len(attempts) < 8
    assert_in_time(attempts, 2)
    began, ended = (datetime.fromisoformat(attempts[at]["started_at"]) for at in (0, -1))
    assert ended - began <= timedelta(seconds=2)


def test_only_what_may_pass_is_asked_again(provider: Provider) -> None:
    put_on_tiers(FIRST, fallbacks=[SECOND])
    provider.before = lambda form: (
        refused(503) if provider.peer.requests[-1].json["model"] == "second" else refused(401)
    )
    assert executed(queued_run()).status == "failed"
    asked = [request.json["model"] for request in provider.peer.requests]
    assert asked == ["first", "second", "second"]


def test_a_run_that_is_stopped_while_it_waits_stops_at_once() -> None:
    halt = Halt()
    threading.Timer(0.05, halt.say, [RunLost()]).start()
    started = time.monotonic()
    with pytest.raises(RunLost):
        halt.sleep(20)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "asked",
    [
        lambda: "1",
        lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True),
    ],
    ids=["seconds", "date"],
)
def test_a_model_that_asked_to_wait_is_asked_again_after_its_fallbacks(
    provider: Provider, asked: Callable[[], str]
) -> None:
    put_on_tiers(FIRST, fallbacks=[SECOND], timeout_s=10)
    replies = [refused(429, Retry_After=asked()), refused(401)]
    provider.before = lambda form: replies.pop(0) if replies else None
    run = executed(queued_run())
    assert run.status == "done"
    attempts = attempts_of(run, "extract")
    assert [(a["model"], a["error_type"]) for a in attempts] == [
        (FIRST, "rate_limited"),
        (SECOND, "provider_error"),
        (FIRST, ""),
    ]
    assert [a["waited_ms"] > 300 for a in attempts] == [False, False, True]
    waited = datetime.fromisoformat(attempts[2]["started_at"]) - datetime.fromisoformat(
        attempts[0]["started_at"]
    )
    assert timedelta(seconds=0.9) < waited < timedelta(seconds=3)


def test_a_model_is_waited_for_as_often_as_the_tier_says(provider: Provider) -> None:
    put_on_tiers(FIRST, timeout_s=10)
    provider.before = lambda form: refused(429, Retry_After="0.1")
    run = executed(queued_run())
    assert (run.status, run.error_type) == ("failed", "rate_limited")
    assert [a["error_type"] for a in attempts_of(run, "extract")] == ["rate_limited"] * 2


def test_a_503_may_ask_to_wait_as_well(provider: Provider) -> None:
    put_on_tiers(FIRST, timeout_s=10)
    replies = [refused(503, Retry_After="0.2")]
    provider.before = lambda form: replies.pop(0) if replies else None
    assert executed(queued_run()).status == "done"


@pytest.mark.parametrize(
    ("asked", "tries"),
    [("3", 1), ("-1e999", 2), ("nan", 2), ("soon", 2), ("Wed, 40 Foo 2026", 2)],
)
def test_a_wait_that_does_not_fit_or_makes_no_sense_is_not_waited(
    provider: Provider, asked: str, tries: int
) -> None:
    put_on_tiers(FIRST, timeout_s=3)
    provider.before = lambda form: refused(429, Retry_After=asked)
    started = time.monotonic()
    run = executed(queued_run())
    assert (run.error_type, len(attempts_of(run, "extract"))) == ("rate_limited", tries)
    assert time.monotonic() - started < 2


def test_what_a_failed_attempt_cost_is_in_the_trace(provider: Provider) -> None:
    put_on_tiers("openai/gpt-4o-mini", fallbacks=[SECOND])
    break_model(provider, lambda: said("It is about delivery."), "openai/gpt-4o-mini")
    first, repair, second = attempts_of(executed(queued_run()))
    for failed in (first, repair):
        assert (failed["input_tokens"], failed["pricing"]) == (120, "priced")
        assert float(failed["cost_usd"]) > 0
    assert (second["pricing"], second["cost_usd"]) == ("unpriced", None)


def test_a_run_ends_by_its_own_deadline_whatever_its_tiers_allow(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ATTEMPT_TIMEOUT_S", 2)
    put_on_tiers(FIRST, timeout_s=30)
    provider.before = lambda form: Reply(body=silence()) if form == "Classified" else None
    started = time.monotonic()
    run = executed(queued_run())
    assert run.status == "queued", "what is left of the attempt is not enough for another step"
    run = executed(run)
    assert time.monotonic() - started < 3.5
    assert (run.status, run.error_type) == ("failed", "timeout")
    item = settle_run(run.pk)
    assert item is not None
    assert item.reasons[0]["text"].startswith("The model did not answer in time.")


def test_a_run_past_its_deadline_asks_no_further_model(provider: Provider) -> None:
    run = queued_run()
    Run.objects.filter(pk=run.pk).update(deadline_at=datetime.now(UTC) - timedelta(minutes=1))
    run = executed(run)
    assert (run.status, run.error_type) == ("failed", "timeout")
    assert provider.forms == []
