"""The resolution agent with a model that answers over HTTP: steps, refusals, circles, no claims."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from agents import runner
from agents.models import Agent, Run, Step
from agents.resolution.claims import claims_check
from agents.results import RunResult
from review import claims, redrafting
from review.actions import Answer
from review.corrections import Chosen
from review.items import draft_text
from review.models import ReviewItem
from tests import resolving
from tests.builders import DRAFT
from tests.peers import Reply
from tests.provider import Provider, completion, document_of, model_provider, put_on_tiers
from tests.resolving import (
    LAIA,
    ORDER,
    approve,
    decide,
    handed_to,
    order,
    proposed,
    triaged,
    worked_on,
)

pytestmark = pytest.mark.django_db

Move = dict[str, Any]


def call(tool: str, **arguments: Any) -> Move:
    return {"move": {"tool": tool, "why": "As asked.", "arguments": arguments}}


def end(reply: str) -> Move:
    return {"move": {"reply": reply, "articles": [], "no_draft_reason": ""}}


LOOK = call("look_up_order", order_number=ORDER)
CANCEL = call("cancel_order", order_number=ORDER, reason=None)


@pytest.fixture
def agent(ada: User) -> Agent:
    return resolving.install()


@pytest.fixture
def provider(agent: Agent, no_keys: None) -> Iterator[Provider]:
    with model_provider() as provider:
        endpoint = f"{provider.peer.url}/v1"
        put_on_tiers(endpoints={"openai/test-model": endpoint})
        yield provider


def says(provider: Provider, *moves: Any) -> None:
    """Let the model answer with these moves in turn; the last one stays its answer."""
    left = list(moves)

    def next_one(form: str) -> Reply:
        assert form == "Move"
        return completion(left.pop(0) if len(left) > 1 else left[0])

    provider.before = next_one


def resolution() -> Run:
    run = handed_to(triaged())
    assert run
    return worked_on(run)


def result_of(run: Run) -> RunResult:
    assert run.result, run.error_message
    assert run.result.content
    return RunResult.from_json(run.result.content)


def open_item() -> ReviewItem:
    return ReviewItem.objects.get(status="open")


def test_it_looks_up_asks_acts_and_says_what_it_did(provider: Provider, ada: User) -> None:
    says(provider, LOOK, CANCEL, end("Hello Laia, your order has been cancelled."))
    run = resolution()
    asked = open_item()
    action = proposed(asked)
    assert (action["name"], action["effect"]) == ("cancel_order", "irreversible")
    assert action["arguments"] == {"order_number": ORDER}
    assert action["description"] == "As asked."
    approve(asked, ada)
    run = worked_on(run)
    result = result_of(run)
    assert [(one.tool, one.effect, one.status) for one in result.acted] == [
        ("look_up_order", "read", "done"),
        ("cancel_order", "irreversible", "done"),
    ]
    assert (result.category, result.confidence) == ("order-change", 0.93)
    assert all(check.passed for check in result.checks)
    assert order().status == "cancelled"
    keys = list(Step.objects.filter(run=run).values_list("key", flat=True))
    assert keys == ["recall", "resolve-1", "call-1", "resolve-2", "call-2", "resolve-3", "check"]
    assert len(provider.peer.requests) == 3, "what was written is not asked again after the pause"


def test_a_model_reads_tools_and_results_and_never_whose_address_it_is(provider: Provider) -> None:
    says(provider, LOOK, end("Hello."))
    resolution()
    first, second = (document_of(request) for request in provider.peer.requests)
    assert {tool["name"] for tool in first["tools"]} >= {"look_up_order", "cancel_order"}
    assert first["done"] == []
    (done,) = second["done"]
    assert (done["tool"], done["status"]) == ("look_up_order", "done")
    assert done["result"]["status"] == "placed"
    sent = b"".join(request.body for request in provider.peer.requests)
    assert LAIA.encode() not in sent


def test_the_asked_form_is_one_strict_modes_take(provider: Provider) -> None:
    says(provider, end("Hello."))
    resolution()
    schema = provider.peer.requests[0].json["response_format"]["json_schema"]["schema"]
    known = {"type", "properties", "items", "enum", "const", "anyOf", "description", "required"}
    for node in nodes(schema):
        assert node.keys() <= known | {"additionalProperties"}, node
        if "properties" in node:
            assert sorted(node["required"]) == sorted(node["properties"])
            assert node["additionalProperties"] is False


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]:
        yield from nodes(inner)


@pytest.mark.parametrize(
    "bad",
    [
        call("cancel_order", order_number="1"),
        call("refund_order", order_number=ORDER, amount=-5, reason="x"),
        call("drop_tables"),
        {"move": {"reply": "Hello"}},
        {"move": {"tool": "cancel_order"}},
    ],
)
def test_arguments_that_do_not_fit_the_tool_are_no_answer(provider: Provider, bad: Move) -> None:
    says(provider, bad)
    run = resolution()
    assert (run.status, run.error_type) == ("failed", "schema_invalid")
    assert open_item().reason_codes[0] == "error_schema_invalid"
    assert order().status == "placed"


def test_a_refusal_and_its_reason_go_back_to_the_model(provider: Provider, ada: User) -> None:
    says(provider, LOOK, CANCEL, end("Hello Laia, I will ask a colleague."))
    run = resolution()
    decide(open_item(), ada, Answer(said="reject", words="She has two of them"))
    worked_on(run)
    told = document_of(provider.peer.requests[-1])["done"][-1]
    assert (told["status"], told["result"]) == ("rejected", "She has two of them")
    assert order().status == "placed"


def test_a_reply_that_claims_what_was_not_done_is_not_offered(
    provider: Provider, ada: User
) -> None:
    says(provider, LOOK, end("Hello Laia, we have cancelled your order."))
    assert resolution().status == "done"
    item = open_item()
    assert draft_text(item) == ""
    assert "check_undone" in item.reason_codes


def test_going_in_circles_is_stopped_and_handed_over(provider: Provider) -> None:
    says(provider, LOOK)
    run = resolution()
    assert (run.status, run.error_type) == ("failed", "tool_error")
    item = open_item()
    assert item.reason_codes[0] == "error_tool_error"
    assert "circles" in item.reasons[0]["text"]
    assert draft_text(item) == DRAFT


def test_steps_without_an_end_are_bounded(provider: Provider) -> None:
    numbers = iter(range(100))

    def another(form: str) -> Reply:
        # Another order each time, so that nothing repeats; the limit a run is what ends it.
        return completion(call("look_up_order", order_number=f"HCW-{next(numbers):06}"))

    provider.before = another
    run = resolution()
    assert (run.status, run.error_type) == ("failed", "tool_error")
    assert len(provider.peer.requests) <= 8


@pytest.mark.parametrize(
    ("reply", "done", "passed"),
    [
        ("We have cancelled your order.", [], False),
        ("Your order has been cancelled.", ["cancel_order"], True),
        ("Ihre Bestellung wurde storniert.", [], False),
        ("If your order is cancelled, the money goes back.", [], True),
        ("You can cancel it yourself.", [], True),
        ("We've refunded 29 EUR.", ["cancel_order"], False),
        ("Wir haben Ihnen 29 EUR erstattet.", ["refund_order"], True),
        ("Nous avons remboursé 29 EUR.", [], False),
        ("We have changed the delivery address.", [], False),
        ("You can change the address until it is packed.", [], True),
    ],
)
def test_a_claim_is_held_against_what_was_done(reply: str, done: list[str], passed: bool) -> None:
    assert claims_check(reply, done).passed is passed


def test_a_result_survives_its_storage(provider: Provider) -> None:
    says(provider, LOOK, end("Hello."))
    result = result_of(resolution())
    assert RunResult.from_json(json.loads(json.dumps(result.as_json()))) == result


def test_a_draft_of_what_was_done_is_written_anew_by_triage(provider: Provider, ada: User) -> None:
    says(provider, LOOK, end("Hello Laia."))
    resolution()
    item = claims.claim(open_item(), ada)
    assert item.claim_token
    provider.before = lambda form: None
    asked = redrafting.ask(
        item.pk,
        ada,
        item.claim_token,
        text="Hello Laia.",
        instruction="Warmer",
        chosen=Chosen(category="order-change", queue="orders", fields=None, edit_reason=""),
    )
    assert asked.run.agent.slug == "triage"
    runner.execute(asked.run_id)
    asked.run.refresh_from_db()
    assert asked.run.status == "done", asked.run.error_message
