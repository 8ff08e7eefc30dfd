"""Tickets in: once, redacted, with their run."""

from typing import Any

import pytest
from django.db import connection

from agents.models import Agent, Run
from review import errors
from review.intake import NewMessage, add_message
from review.items import settle_run
from review.models import Message, ReviewItem, ReviewPayload, Ticket, TicketRun
from tests.builders import end_run, make_item, make_queue, make_result, make_ticket

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"


def bodies(run: Run) -> list[str]:
    conversation: Any = run.input.content
    return [message["body"] for message in conversation["messages"]]


def test_a_ticket_starts_a_queued_run_over_its_conversation(installed: Agent) -> None:
    accepted = make_ticket("Where is it?")
    run = accepted.run
    assert run is not None
    assert (run.status, run.agent) == ("queued", installed)
    assert bodies(run)[0] == "Where is it?"
    assert TicketRun.objects.get(run=run).upto_seq == 1


def test_the_same_ticket_again_is_the_first_one(installed: Agent) -> None:
    first = make_ticket(external_id="a-1")
    again = make_ticket(external_id="a-1")
    assert (again.ticket, again.run, again.is_new) == (first.ticket, first.run, False)
    assert (Ticket.objects.count(), Run.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_another_ticket_under_the_same_id_is_refused(installed: Agent) -> None:
    make_ticket("One", external_id="a-1")
    with pytest.raises(errors.ConflictingSubmission):
        make_ticket("Two", external_id="a-1")


def test_the_same_id_from_another_source_is_another_ticket(installed: Agent) -> None:
    make_ticket("One", external_id="a-1", source="shop")
    assert make_ticket("Two", external_id="a-1", source="mail").is_new


def test_secrets_never_reach_the_database(installed: Agent) -> None:
    accepted = make_ticket(f"My card {CARD}, password: hunter22!", subject=f"Card {CARD}")
    add_message(accepted.ticket.pk, NewMessage(body=f"Again: {CARD}"))
    with connection.cursor() as cursor:
        for table in ("review_reviewpayload", "agents_runpayload", "review_ticket"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text ~ '4111.?1111|hunter22'")
            assert cursor.fetchone() == (0,)
    assert Message.objects.get(seq=1).redacted == {"payment card": 1, "password": 1}


def test_support_having_the_last_word_starts_no_run(installed: Agent) -> None:
    turns = [NewMessage(body="Hi?"), NewMessage(body="Answered.", sender="agent")]
    accepted = make_ticket(messages=turns)
    assert (accepted.run, accepted.ticket.status) == (None, "answered")


def test_a_further_message_cancels_the_run_and_starts_one_over_everything(
    installed: Agent,
) -> None:
    first = make_ticket("One")
    second = add_message(first.ticket.pk, NewMessage(body="Two"))
    assert first.run is not None
    assert second.run is not None
    first.run.refresh_from_db()
    assert first.run.status == "cancelled"
    assert bodies(second.run) == ["One", "Two"]


def test_a_message_with_a_known_external_id_is_added_once(installed: Agent) -> None:
    ticket = make_ticket().ticket
    for _ in range(2):
        add_message(ticket.pk, NewMessage(body="Two", external_id="m-2"))
    assert ticket.messages.count() == 2
    with pytest.raises(errors.ConflictingMessage):
        add_message(ticket.pk, NewMessage(body="Three", external_id="m-2"))


def test_a_given_queue_outranks_the_agents_route(installed: Agent) -> None:
    item = make_item(queue="billing")
    assert item.queue == make_queue("billing")


def test_an_ended_run_opens_one_item_however_often_it_is_settled(installed: Agent) -> None:
    run = make_ticket().run
    assert run is not None
    end_run(run, make_result())
    assert settle_run(run.pk) is not None
    assert settle_run(run.pk) is None
    assert ReviewItem.objects.count() == 1


def test_a_failed_run_opens_an_item_with_an_empty_draft_and_its_reason(installed: Agent) -> None:
    run = make_ticket().run
    assert run is not None
    end_run(run, error_type="timeout")
    item = settle_run(run.pk)
    assert item is not None
    assert item.proposal.content == {"actions": [{"kind": "draft", "text": ""}]}
    assert item.reasons[0]["code"] == "error_timeout"
    assert item.queue.slug == "care"


def test_a_run_that_ends_after_a_newer_message_opens_nothing(installed: Agent) -> None:
    """The newer run speaks for the conversation; the old one raced with the message."""
    accepted = make_ticket()
    assert accepted.run is not None
    end_run(accepted.run, make_result())
    newer = add_message(accepted.ticket.pk, NewMessage(body="Two"))
    assert settle_run(accepted.run.pk) is None
    assert newer.run is not None
    end_run(newer.run, make_result())
    assert settle_run(newer.run.pk) is not None


def test_payloads_refuse_change(installed: Agent) -> None:
    make_ticket()
    payload = ReviewPayload.objects.first()
    assert payload is not None
    payload.content = "other"
    with pytest.raises(Exception, match="only change by erasing"):
        payload.save()
