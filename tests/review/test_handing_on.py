"""From triage to resolution: which tickets are handed on, and that none waits on a neighbour."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Category, Run
from agents.requests import cancel_by_hand
from agents.results import Caught, Check, RuleOutcome
from review import claims, decisions, handing_on, pauses, runs_by_hand, tasks
from review.actions import Answer
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.items import draft_text, settle_run
from review.models import AuditEntry, ReviewItem
from tests import resolving
from tests.builders import DRAFT, end_run, make_ticket
from tests.resolving import (
    LAIA,
    approve,
    decide,
    found,
    handed_to,
    order,
    ticket_of,
    triaged,
    worked_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def neighbour(ada: User) -> Agent:
    return resolving.install()


def caught(outcome: RuleOutcome, queue: str = "") -> Caught:
    return Caught(
        id="lawyer",
        name="Lawyer",
        outcome=outcome,
        sentence="A lawyer is named.",
        reason="It is about the law.",
        found="solicitor",
        queue=queue,
    )


def resolution_of(triage: Run) -> Run:
    run = handed_to(triage)
    assert run is not None
    return run


def open_item() -> ReviewItem:
    return ReviewItem.objects.get(status="open")


@pytest.mark.usefixtures("neighbour")
def test_a_ticket_with_an_order_to_act_on_is_resolved_before_anything_opens() -> None:
    triage = triaged()
    run = resolution_of(triage)
    assert not ReviewItem.objects.exists()
    given = run.input.content
    assert given
    assert given["party"] == {"email": LAIA, "name": "Laia Ferrer"}
    assert given["triage"]["run"] == triage.pk
    assert given["triage"]["draft"] == DRAFT
    assert given["triage"]["fields"]["order_numbers"] == [resolving.ORDER]
    queue = ticket_of(run).queue
    assert queue
    assert queue.slug == "orders", "so that its people see the run"
    assert handing_on.waiting_run(triage.pk) == run.pk
    assert AuditEntry.objects.filter(action="ticket.handed_on").count() == 1
    assert settle_run(triage.pk) is None, "handled once"
    assert Run.objects.filter(agent__slug="resolution").count() == 1


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    "changes",
    [
        {"category": "delivery"},
        {"fields": {"order_numbers": []}},
        {"fields": {}},
        {"checks": (Check(name="slots", passed=False, effect="block", detail="Unfilled."),)},
        {"checks": (Check(name="injection", passed=False, effect="escalate", detail="Odd."),)},
        {"caught": (caught("plan"),)},
        {"caught": (caught("plan"),), "plan_error": "The model is away."},
        {"caught": (caught("second"),)},
        {"caught": (caught("review", queue="orders"),)},
    ],
)
def test_others_get_their_draft_at_once(changes: dict[str, Any]) -> None:
    assert handed_to(triaged(**changes)) is None
    assert ("rule_lawyer" in open_item().reason_codes) == ("caught" in changes)


@pytest.mark.usefixtures("neighbour")
def test_what_a_rule_caught_is_told_of_the_action_and_of_the_reply(ada: User) -> None:
    run = worked_on(resolution_of(triaged(caught=(caught("review"),))))
    action = open_item()
    assert action.kind == "tool_call"
    assert "It is about the law. Lawyer: solicitor." in str(action.reasons)
    approve(action, ada)
    assert worked_on(run).status == "done"
    reply = open_item()
    assert reply.run_id == run.pk
    assert reply.reason_codes[0] == "rule_lawyer"


@pytest.mark.parametrize("status", ["draft", "staging", "paused"])
def test_a_neighbour_that_is_not_live_gets_nothing(neighbour: Agent, status: str) -> None:
    Agent.objects.filter(pk=neighbour.pk).update(status=status)
    assert handed_to(triaged()) is None
    assert draft_text(open_item()) == DRAFT


@pytest.mark.usefixtures("installed")
def test_without_a_neighbour_nothing_changes() -> None:
    assert handed_to(triaged()) is None
    assert draft_text(open_item()) == DRAFT


@pytest.mark.usefixtures("neighbour")
def test_the_demos_past_is_not_handed_on() -> None:
    accepted = make_ticket(resolving.CANCEL, customer_email=LAIA)
    assert accepted.run
    end_run(accepted.run, found())
    assert settle_run(accepted.run.pk, hands_on=False) is not None


@pytest.mark.usefixtures("neighbour")
def test_an_order_is_cancelled_once_it_is_countersigned_and_the_reply_says_so(ada: User) -> None:
    run = worked_on(resolution_of(triaged()))
    assert run.status == "waiting"
    asked = open_item()
    assert asked.kind == "tool_call"
    assert asked.category == "order-change"
    assert order().status == "placed", "nothing is done without a person"
    approve(asked, ada)
    run = worked_on(run)
    assert run.status == "done", run.error_message
    assert order().status == "cancelled"
    draft = open_item()
    assert "HCW-204644 is cancelled, as you asked. 899.00 EUR" in draft_text(draft)
    assert (draft.category, draft.confidence, draft.queue.slug) == ("order-change", 0.93, "orders")
    assert [code for code in draft.reason_codes if code.startswith("check_")] == []


def test_its_draft_may_be_put_right_into_any_category_and_is_as_high_stakes(
    neighbour: Agent, ada: User
) -> None:
    Category.objects.filter(agent__slug="triage", slug="order-change").update(is_high_stakes=True)
    run = resolution_of(triaged())
    end_run(run, found())
    item = settle_run(run.pk)
    assert item is not None
    assert item.needs_second
    Category.objects.update(is_high_stakes=False)
    ReviewItem.objects.update(needs_second=False)
    claimed = claims.claim(item, ada)
    assert claimed.claim_token
    seen = Seen(claim_token=claimed.claim_token, revision=item.revision, digest=item.digest)
    sent = decisions.send(item.pk, ada, seen, text=DRAFT, category="delivery")
    assert sent is not None
    item.ticket.refresh_from_db()
    assert item.ticket.category == "delivery"


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    "answer", [Answer(said="reject", words="Ask first"), Answer(said="respond", words="It is sent")]
)
def test_what_a_person_refuses_is_not_done_and_not_claimed(ada: User, answer: Answer) -> None:
    run = worked_on(resolution_of(triaged()))
    decide(open_item(), ada, answer)
    assert worked_on(run).status == "done"
    assert order().status == "placed"
    assert draft_text(open_item()) == DRAFT


@pytest.mark.usefixtures("neighbour")
def test_a_neighbour_that_fails_leaves_the_triage_draft_and_says_why() -> None:
    triage = triaged()
    run = resolution_of(triage)
    end_run(run, error_type="tool_error")
    Run.objects.filter(pk=run.pk).update(error_message="The agent went in circles.")
    settle_run(run.pk)
    item = open_item()
    assert item.run_id == triage.pk
    assert draft_text(item) == DRAFT
    assert item.reason_codes[0] == "error_tool_error"
    assert "went in circles" in item.reasons[0]["text"]


@pytest.mark.usefixtures("neighbour")
def test_a_neighbour_that_is_started_again_takes_the_place_of_the_draft(ada: User) -> None:
    run = resolution_of(triaged())
    end_run(run, error_type="provider_error")
    stand_in = settle_run(run.pk)
    assert stand_in is not None
    runs_by_hand.start_again(run.pk, ada)
    worked_on(run)
    approve(ReviewItem.objects.get(status="open", kind="tool_call"), ada)
    worked_on(run)
    assert "is cancelled" in draft_text(ReviewItem.objects.get(status="open"))
    stand_in.refresh_from_db()
    assert stand_in.status == "superseded"


def test_no_ticket_waits_on_a_neighbour_that_was_paused(neighbour: Agent) -> None:
    triage = triaged()
    run = resolution_of(triage)
    Agent.objects.filter(pk=neighbour.pk).update(status="paused")
    tasks.sweep()
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert draft_text(open_item()) == DRAFT


@pytest.mark.usefixtures("neighbour")
def test_a_stopped_neighbour_leaves_the_triage_draft() -> None:
    run = resolution_of(triaged())
    assert cancel_by_hand(run.pk, "Amira")
    settle_run(run.pk)
    assert "was stopped" in open_item().reasons[0]["text"]


@pytest.mark.usefixtures("neighbour")
def test_a_question_nobody_answered_ends_with_the_triage_draft() -> None:
    run = worked_on(resolution_of(triaged()))
    pauses.expire(run.pk, timezone.now() + timedelta(days=30))
    settle_run(run.pk)
    assert draft_text(open_item()) == DRAFT
    assert open_item().reason_codes[0] == "error_expired"
    assert order().status == "placed"


@pytest.mark.usefixtures("neighbour")
def test_a_newer_message_overtakes_what_the_neighbour_was_about_to_do() -> None:
    triage = triaged()
    run = worked_on(resolution_of(triage))
    add_message(ticket_of(triage).pk, NewMessage(body="Please keep it after all."))
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert not ReviewItem.objects.filter(status="open").exists()
    assert order().status == "placed"


@pytest.mark.usefixtures("neighbour", "static_files")
def test_the_page_shows_what_was_found_what_is_proposed_and_then_what_was_done(
    ada: User, client: Client
) -> None:
    client.force_login(ada)
    run = worked_on(resolution_of(triaged()))
    asked = open_item()
    html = client.get(f"/items/{asked.pk}/").content.decode()
    assert "Cancel order HCW-204644 of Laia Ferrer and pay back €899.00" in html
    assert "Cannot be undone" in html
    assert "Look up order HCW-204644" in html
    assert "Carrer de la Figuera 9" in html
    approve(asked, ada)
    worked_on(run)
    html = client.get(f"/items/{open_item().pk}/").content.decode()
    assert re.search(r"Before this draft.*Done</span> <b>Cancel order HCW-204644", html, re.DOTALL)


@pytest.mark.usefixtures("neighbour", "static_files")
def test_what_was_done_stands_beside_the_triage_draft_of_a_neighbour_that_failed_later(
    ada: User, client: Client
) -> None:
    client.force_login(ada)
    run = worked_on(resolution_of(triaged()))
    approve(open_item(), ada)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.resolution.agent._result", lambda *_: 1 / 0)
        worked_on(run)
    item = open_item()
    assert item.reason_codes[0] == "error_internal"
    html = client.get(f"/items/{item.pk}/").content.decode()
    assert "Done</span> <b>Cancel order HCW-204644" in html


@pytest.mark.usefixtures("neighbour", "static_files")
def test_hostile_arguments_are_text_on_the_page(ada: User, client: Client) -> None:
    client.force_login(ada)
    body = f"New address for {resolving.ORDER}, address: 1 <script>x</script>, Ely 2"
    worked_on(resolution_of(triaged(body)))
    asked = open_item()
    html = client.get(f"/items/{asked.pk}/").content.decode()
    assert "<script>x" not in html
    assert "1 &lt;script&gt;x" in html
