"""Tools that are web services: what their answers mean, and what they are told."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from agents.errors import ToolFailed, ToolUnclear
from agents.tools.http import LONGEST_ANSWER_BYTES, http_tools
from agents.tools.registry import Tool, ToolContext
from tests.peers import HttpPeer, Received, Reply, free_port, http_server

ENTRY: dict[str, Any] = {
    "name": "pay_back",
    "agent": "resolution",
    "description": "Pay money back.",
    "url": "http://127.0.0.1:1/",
    "effect": "irreversible",
    "schema": {"type": "object", "properties": {"amount": {"type": "string"}}},
}
CONTEXT = ToolContext(run_id=7, key="run-7-pay", subject={}, timeout_s=2)


def tool_at(url: str, **changes: Any) -> Tool:
    ((agent, tool),) = http_tools(
        {"tools": [ENTRY | {"url": url} | changes]}, {"PAY_TOKEN": "a-secret-token"}
    )
    assert agent == "resolution"
    return tool


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    with http_server(lambda _: Reply(body={"paid": "39.00"})) as peer:
        yield peer


def answer(peer: HttpPeer, reply: Reply | None) -> None:
    def said(_: Received) -> Reply | None:
        return reply

    peer.answer = said


def test_it_posts_arguments_and_key_and_returns_the_answer(peer: HttpPeer) -> None:
    tool = tool_at(peer.url, secret="PAY_TOKEN", takes_key=True)
    assert tool.call({"amount": "39.00"}, CONTEXT) == {"paid": "39.00"}
    (request,) = peer.requests
    assert request.json == {"arguments": {"amount": "39.00"}, "run_id": 7}
    assert request.headers["idempotency-key"] == "run-7-pay"
    assert request.headers["authorization"] == "Bearer a-secret-token"
    assert "a-secret-token" not in repr(tool)


@pytest.mark.parametrize(
    ("reply", "takes_key", "error"),
    [
        (Reply(status=400, body={"detail": "Too much."}), True, ToolFailed),
        (Reply(status=404, body=b"<html>"), False, ToolFailed),
        (Reply(status=409, body={"detail": "Already."}), False, ToolFailed),
        (Reply(status=409, body={"detail": "Under way."}), True, ToolUnclear),
        (Reply(status=500), True, ToolUnclear),
        (Reply(status=503), False, ToolUnclear),
        (Reply(status=302, headers={"Location": "/elsewhere"}), False, ToolUnclear),
        (Reply(resets=True), False, ToolUnclear),
        (None, False, ToolUnclear),
    ],
)
def test_what_other_answers_mean(
    peer: HttpPeer, reply: Reply | None, takes_key: bool, error: type[Exception]
) -> None:
    answer(peer, reply)
    with pytest.raises(error):
        tool_at(peer.url, takes_key=takes_key).call({}, CONTEXT)
    assert len(peer.requests) == 1, "nothing is repeated, no redirect followed"


def test_the_reason_of_a_refusal_is_the_services(peer: HttpPeer) -> None:
    answer(peer, Reply(status=422, body={"title": "No", "detail": "It was\n paid back."}))
    with pytest.raises(ToolFailed, match=r"^It was paid back\.$"):
        tool_at(peer.url).call({}, CONTEXT)


def test_a_service_that_is_not_there_did_nothing() -> None:
    with pytest.raises(ToolFailed, match="nothing was done"):
        tool_at(f"http://127.0.0.1:{free_port()}/").call({}, CONTEXT)


def test_a_service_that_hangs_leaves_it_open(peer: HttpPeer) -> None:
    def drip() -> Iterator[bytes]:
        while True:
            yield b" "

    answer(peer, Reply(body=drip()))
    context = ToolContext(run_id=7, key="k", subject={}, timeout_s=0.1)
    # Either the time or the length ends it: it is never read for ever.
    with suppress(ToolUnclear):
        assert "too long" in tool_at(peer.url).call({}, context)["note"]


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", {"status": 200}),
        (b"done", {"status": 200, "note": "The answer was no JSON."}),
        (
            b'"' + b"x" * LONGEST_ANSWER_BYTES + b'"',
            {"status": 200, "note": "The answer was too long to be kept."},
        ),
    ],
)
def test_done_without_a_usable_answer_is_done(peer: HttpPeer, body: bytes, result: object) -> None:
    answer(peer, Reply(body=body))
    assert tool_at(peer.url).call({}, CONTEXT) == result


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "ftp://files.example"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"effect": "harmless"}, "effect"),
        ({"schema": {"type": "string"}}, "object"),
        ({"name": "Pay Back"}, "name"),
        ({"per_run": 0}, "per_run"),
        ({"methd": "PUT"}, "methd"),
    ],
)
def test_a_faulty_entry_is_refused_by_its_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"tool 1: .*{said}"):
        http_tools({"tools": [ENTRY | change]}, {})
