"""The page on tools: what each does, how often, and changing that with a reason."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.errors import ToolError
from agents.models import Agent, Effect, RunPayload, ToolSetting, ToolUse
from agents.tools.limits import count_call
from agents.tools.registry import Tool, forget, register, tools_of
from agents.tools.settings import Limits, settings_of
from review.models import AuditEntry
from tests import resolving
from tests.builders import make_item, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
REFUND = "/tools/resolution/refund_order/"


@pytest.fixture
def agent(ada: User) -> Agent:
    return resolving.install()


@pytest.fixture
def nils(agent: Agent) -> User:
    return make_person("nils", "admin")


@pytest.fixture
def page(nils: User) -> Client:
    client = Client()
    client.force_login(nils)
    return client


def said(**fields: str) -> dict[str, str]:
    return {
        "is_enabled": "on",
        "per_run": "1",
        "per_day": "50",
        "reason": "Fraud last week.",
    } | fields


def kit(html: str, name: str) -> str:
    """Return the part of the page that is about the tool."""
    found = re.search(rf'id="resolution-{name}".*?</article>', html, re.DOTALL)
    assert found
    return found[0]


def test_it_says_what_a_tool_does_takes_and_may(page: Client) -> None:
    refund = kit(page.get("/tools/").content.decode(), "refund_order")
    for words in (
        "Refund order",
        "Cannot be undone",
        "<b>Amount</b>",
        "a number",
        "never more than was paid",
        "It takes a key",
        "depends on its arguments",
        "<dt>Most calls a day</dt><dd>200</dd>",
    ):
        assert words in refund
    reads = kit(page.get("/tools/").content.decode(), "look_up_customer")
    assert "Only reads" in reads
    assert "It takes no arguments." in reads
    assert "Unclear" not in reads


def test_uses_and_ends_are_counted(page: Client, agent: Agent) -> None:
    tool = tools_of("resolution")["refund_order"]
    for _ in range(3):
        count_call(agent, tool, 0)
        count_call(agent, tool, 0, is_shadow=True)
    ToolUse.objects.create(
        agent=agent,
        tool=tool.name,
        window="day",
        started_at=timezone.now() - timedelta(days=2),
        calls=90,
    )
    run = make_item().run
    run.agent = agent
    run.save()
    payload = RunPayload.objects.create(content={})
    common: dict[str, Any] = {"run": run, "tool": tool.name, "arguments": payload}
    for key, state in (("call-1", "failed"), ("call-2", "unknown")):
        Effect.objects.create(
            **common,
            step_key=key,
            bound_digest="",
            idempotency_key=key,
            takes_key=True,
            state=state,
        )
    refund = kit(page.get("/tools/").content.decode(), "refund_order")
    assert "<dt>Today</dt><dd>3</dd>" in refund
    assert '<dt>Not done</dt><dd class="bad">1</dd><dt>Unclear</dt><dd class="bad">1</dd>' in refund


def test_an_admin_limits_a_tool_and_that_holds_and_is_on_record(
    page: Client, nils: User, agent: Agent
) -> None:
    response = page.post(REFUND, said())
    assert response["Location"] == "/tools/#resolution-refund_order"
    limits = settings_of(agent)["refund_order"]
    assert limits == Limits(per_run=1, per_minute=20, per_day=50), "what is left empty stands"
    entry = AuditEntry.objects.get(action="tool.limited")
    assert entry.actor == nils
    assert (entry.detail["was"]["per_day"], entry.detail["now"]["per_day"]) == (200, 50)
    assert entry.detail["reason"] == "Fraud last week."
    assert "Fraud last week." in kit(page.get("/tools/").content.decode(), "refund_order")
    page.post(REFUND, said(per_day="60", reason="Calmer."))
    assert ToolSetting.objects.get().per_day == 60


def test_a_tool_that_is_switched_off_is_not_called(page: Client, agent: Agent) -> None:
    page.post(REFUND, {"reason": "Till is down."})
    with pytest.raises(ToolError, match="switched off"):
        count_call(agent, tools_of("resolution")["refund_order"], 0)
    assert "Switched off" in kit(page.get("/tools/").content.decode(), "refund_order")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reason": " "}, "Say why"),
        ({"per_run": "many"}, "Give a whole number"),
        ({"per_run": "0"}, "switch the tool off"),
        ({"per_day": "9999999999"}, "At most 1,000,000"),
    ],
)
def test_what_does_not_fit_changes_nothing_and_is_kept(
    page: Client, fields: dict[str, str], message: str
) -> None:
    response = page.post(REFUND, said(**fields))
    assert response.status_code == 422
    refund = kit(response.content.decode(), "refund_order")
    assert message in refund
    assert "Nothing was changed" in refund
    assert f'value="{fields.get("per_day", "50")}"' in refund
    assert "<details open>" in refund
    assert not ToolSetting.objects.exists()


@pytest.mark.parametrize(("role", "sees"), [("reviewer", 403), ("lead", 200), ("manager", 200)])
def test_only_an_admin_changes_and_only_leads_look(agent: Agent, role: str, sees: int) -> None:
    client = Client()
    client.force_login(make_person("someone", role))
    response = client.get("/tools/")
    assert response.status_code == sees
    assert b"Change its limits" not in response.content
    assert client.post(REFUND, said()).status_code == 403
    assert not ToolSetting.objects.exists()


def test_strangers_are_not_found(page: Client) -> None:
    assert page.post("/tools/resolution/no_such_tool/", said()).status_code == 404
    assert page.post("/tools/nobody/refund_order/", said()).status_code == 404
    assert page.get(REFUND)["Location"] == "/tools/"


@pytest.fixture
def many_tools(agent: Agent) -> Iterator[None]:
    names = [f"tool_{number}" for number in range(40)]
    common: dict[str, Any] = {"description": "<b>Bold</b>", "schema": {"type": "object"}}
    register(
        "triage",
        *(Tool(name=name, effect="read", call=lambda *_: None, **common) for name in names),
    )
    yield
    forget("triage")


@pytest.mark.usefixtures("many_tools")
def test_many_tools_take_no_more_queries_and_their_words_are_text(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(14):
        html = page.get("/tools/").content.decode()
    assert "&lt;b&gt;Bold" in html
    assert "<b>Bold" not in html


def test_without_tools_it_says_where_they_come_from(page: Client, agent: Agent) -> None:
    agent.delete()
    html = page.get("/tools/").content.decode()
    assert "No agent has a tool" in html
    assert "COUNTERSIGN_TOOLS" in html
