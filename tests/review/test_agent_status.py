"""Stopping an agent: nothing new begins, tickets come to people, the record says who and why."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections

from agents import runner
from agents.errors import AgentNotLive, AgentPaused, CannotChangeStatus
from agents.models import Agent, Run, Step, TierVersion
from agents.status import refusal_of
from review import agent_status, errors, proposals, redrafting
from review.claims import claim
from review.corrections import Chosen
from review.items import draft_text, settle_run
from review.models import AuditEntry, Redraft
from tests.builders import make_item, make_person, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def agent(installed: Agent) -> Agent:
    return installed


@pytest.fixture
def lea(agent: Agent) -> User:
    return make_person("lea", "lead")


def pause(agent: Agent, by: User | None = None, note: str = "It invents refunds.") -> None:
    agent_status.change_status(agent.pk, "paused", by=by, note=note)


@pytest.mark.parametrize(
    ("status", "environment", "kind"),
    [
        ("live", "live", None),
        ("staging", "staging", None),
        ("staging", "live", AgentNotLive),
        ("draft", "staging", AgentNotLive),
        ("paused", "live", AgentPaused),
        ("paused", "staging", AgentPaused),
    ],
)
def test_one_query_says_what_stops_an_agent(
    agent: Agent,
    status: str,
    environment: str,
    kind: type[Exception] | None,
    django_assert_num_queries: Any,
) -> None:
    Agent.objects.update(status=status, status_note="Look first.")
    with django_assert_num_queries(1):
        found = refusal_of(agent.pk, environment)
    assert found is None if kind is None else isinstance(found, kind)


def test_an_agent_that_is_gone_does_not_work(agent: Agent) -> None:
    assert isinstance(refusal_of(agent.pk + 1), AgentNotLive)


def test_a_ticket_for_a_paused_agent_comes_to_a_person_without_a_draft(
    agent: Agent, lea: User
) -> None:
    run = make_ticket().run
    assert run is not None
    pause(agent, lea)
    assert runner.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_type) == ("failed", "agent_paused")
    assert not Step.objects.exists()  # no model was asked
    item = settle_run(run.pk)
    assert item is not None
    assert draft_text(item) == ""
    assert item.reasons == [
        {"code": "error_agent_paused", "text": "The agent is paused: It invents refunds."}
    ]


def test_a_ticket_for_a_draft_of_an_agent_comes_to_a_person(agent: Agent) -> None:
    Agent.objects.update(status="draft")
    run = make_ticket().run
    assert run is not None
    runner.execute(run.pk)
    item = settle_run(run.pk)
    assert item is not None
    assert item.reasons[0]["text"] == "The agent is not live. It is a draft."


def test_pausing_is_on_record_and_resuming_lets_it_work_again(agent: Agent, lea: User) -> None:
    pause(agent, lea, note=" It invents\nrefunds. ")
    entry = AuditEntry.objects.get(action="agent.paused")
    assert (entry.actor, entry.subject) == (lea, f"agent:{agent.pk}")
    assert entry.detail == {"was": "live", "now": "paused", "note": "It invents refunds."}
    agent_status.change_status(agent.pk, "live", by=None, note="")
    assert refusal_of(agent.pk) is None
    assert AuditEntry.objects.get(action="agent.moved").detail["now"] == "live"


def test_what_waits_for_a_person_stays(agent: Agent, lea: User) -> None:
    item = make_item()
    Run.objects.filter(pk=item.run_id).update(status="waiting", result=None)
    pause(agent, lea)
    item.refresh_from_db()
    assert (item.status, item.run.status) == ("open", "waiting")


@pytest.mark.parametrize(
    ("note", "said"), [("  ", "Say in a few words"), ("x" * 301, "at most 300 characters")]
)
def test_a_pause_needs_a_reason(agent: Agent, note: str, said: str) -> None:
    with pytest.raises(CannotChangeStatus, match=said):
        pause(agent, note=note)
    agent.refresh_from_db()
    assert agent.status == "live"


def test_what_has_no_job_cannot_go_live(agent: Agent) -> None:
    Agent.objects.update(status="draft", job="")
    with pytest.raises(CannotChangeStatus, match="Write its job"):
        agent_status.change_status(agent.pk, "live", by=None, note="")


@pytest.mark.parametrize("status", ["paused", "draft", "staging"])
def test_a_proposal_of_a_stopped_agent_is_refused(agent: Agent, status: str) -> None:
    ticket = make_ticket().ticket
    Agent.objects.update(status=status, status_note="It invents refunds.")
    agent.refresh_from_db()
    with pytest.raises(errors.AgentStopped) as caught:
        proposals.submit(ticket.pk, agent, [{"kind": "decision", "question": "Which?"}])
    assert caught.value.status == 409
    assert str(caught.value).startswith("The agent is")
    assert not ticket.items.exists()


def test_the_news_name_who_stopped_it_in_one_query(
    agent: Agent, lea: User, django_assert_num_queries: Any
) -> None:
    lea.first_name, lea.last_name = "Lea", "Vos"
    lea.save()
    assert agent_status.news(lea).stopped == []
    pause(agent, lea)
    with django_assert_num_queries(1):
        (stopped,) = agent_status.news(lea).stopped
    assert (stopped.name, stopped.by, stopped.note, stopped.drafts) == (
        "Triage",
        "Lea Vos",
        "It invents refunds.",
        True,
    )


@pytest.mark.django_db(transaction=True)
def test_two_who_pause_at_once_leave_one_pause_on_record(agent: Agent) -> None:
    refused: list[Exception] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        try:
            pause(agent)
        except CannotChangeStatus as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(error) for error in refused] == ["It is paused already."]
    assert AuditEntry.objects.filter(action="agent.paused").count() == 1
    connection.close()


def test_no_redraft_is_asked_of_a_stopped_agent(agent: Agent, ada: User) -> None:
    TierVersion.objects.filter(tier=2).update(model="openai/writes")
    item = claim(make_item(), ada)
    pause(agent)
    assert item.claim_token
    with pytest.raises(errors.AgentStopped, match="It invents refunds"):
        redrafting.ask(
            item.pk,
            ada,
            item.claim_token,
            instruction="Shorter.",
            text="Hello",
            chosen=Chosen(category="delivery", queue="orders", fields=None, edit_reason=""),
        )
    assert not Redraft.objects.exists()
