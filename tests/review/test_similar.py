"""Similar past tickets: found by what was asked, among those a reply has answered."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from review import decisions, outcomes
from review.claims import claim
from review.evidence import evidence_of
from review.intake import NewMessage, add_message
from review.items import settle_run
from review.models import Customer, Delivery, ReviewItem, TicketVector
from review.similar import Answered, addressed
from tests.builders import end_run, make_item, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

PARCEL = "My parcel with the coffee grinder has not arrived. Where is it?"
INVOICE = "Please send me the invoice for my subscription with our VAT number on it."


def answered(
    user: User, body: str, text: str = "It arrives on Friday.", **ticket: Any
) -> ReviewItem:
    """An item whose reply has left."""
    item = claim(make_item(body=body, subject="A question", **ticket), user)
    assert item.claim_token is not None
    seen = decisions.Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    verdict = decisions.send(item.pk, user, seen, text=text)
    assert verdict is not None
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        outcomes.deliver(verdict.delivery.pk)
    return item


def similar(item: ReviewItem, user: User) -> list[Answered]:
    return list(evidence_of(item, user).similar)


def test_the_nearest_answered_ticket_comes_first_with_its_answer(ada: User) -> None:
    answered(ada, INVOICE, "Here is the invoice.")
    parcel = answered(ada, "Where is my parcel with the grinder? It never arrived.")
    (found, *_) = similar(make_item(body=PARCEL, subject="Late"), ada)
    assert found.item_id == parcel.pk
    assert found.words == "It arrives on Friday."
    assert (found.by, found.by_id) == ("ada", ada.pk)
    assert 0.7 <= found.likeness <= 1


def test_what_asks_for_something_else_is_not_shown(ada: User) -> None:
    answered(ada, INVOICE)
    assert similar(make_item(body="Mein Fahrrad hat einen Platten", subject="Rad"), ada) == []


def test_a_reply_that_has_not_left_is_no_answer(ada: User) -> None:
    answered(ada, PARCEL)
    Delivery.objects.update(state="undone")
    assert similar(make_item(body=PARCEL, subject="A question"), ada) == []


def test_a_ticket_is_not_similar_to_itself_and_waiting_ones_are_no_answers(ada: User) -> None:
    make_item(body=PARCEL, subject="A question")
    item = answered(ada, PARCEL)
    assert similar(item, ada) == []


def test_answers_of_queues_a_person_does_not_see_stay_there(ada: User, grace: User) -> None:
    billing = make_result(queue="billing", category="invoice")
    answered(grace, PARCEL, "Only for billing", result=billing)
    mine = make_item(body=PARCEL, subject="A question")
    assert [found.words for found in similar(mine, grace)] == ["Only for billing"]
    assert similar(mine, ada) == []


def test_who_writes_again_asks_something_new(ada: User) -> None:
    item = answered(ada, PARCEL)
    assert TicketVector.objects.get(ticket=item.ticket).is_answered
    accepted = add_message(item.ticket_id, NewMessage(body=INVOICE))
    assert accepted.run is not None
    end_run(accepted.run, make_result())
    settle_run(accepted.run.pk)
    assert not TicketVector.objects.get(ticket=item.ticket).is_answered


def test_tickets_of_before_are_indexed_once(ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    item = answered(ada, PARCEL)
    waiting = make_item(body=PARCEL, subject="A question")
    TicketVector.objects.all().delete()
    call_command("index_tickets")
    assert "2 tickets" in capsys.readouterr().out
    assert TicketVector.objects.get(ticket=item.ticket).is_answered
    assert not TicketVector.objects.get(ticket=waiting.ticket).is_answered
    assert len(similar(waiting, ada)) == 1
    call_command("index_tickets")
    assert "0 tickets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("was", "now", "text", "expected"),
    [
        ("Tom Berg", "Ada Lovelace", "Hello Tom,\n\nYes.", "Hello Ada,\n\nYes."),
        ("Tom Berg", "", "Hello Tom,\n\nYes.", "Hello there,\n\nYes."),
        ("Tom Berg", "Ada Lovelace", "Dear Tom Berg, Tomorrow.", "Dear Ada Lovelace, Tomorrow."),
        ("", "Ada Lovelace", "Hello there", "Hello there"),
        ("Tom Berg", "Ada", "Yes.\n\n-- \nGrace, Support", "Yes."),
        (r"T\1 Berg", "Ada", r"Hello T\1,", r"Hello T\1,"),
    ],
)
def test_a_past_answer_greets_the_one_who_asks_now(
    was: str, now: str, text: str, expected: str
) -> None:
    assert addressed(text, was=Customer(name=was), now=Customer(name=now)) == expected


def test_the_answer_opens_beside_and_goes_into_a_held_item_only(ada: User) -> None:
    tom = {"customer_name": "Tom Berg", "customer_email": "tom@berg.example"}
    past = answered(ada, PARCEL, "Hello Tom,\n\n<b>Soon.</b>", **tom)
    item = make_item(body=PARCEL, subject="A question")
    page = Client()
    page.force_login(ada)
    address = f"/items/{past.pk}/answer/?for={item.pk}"
    text = page.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Hello Tom" in text
    assert "&lt;b&gt;Soon" in text
    assert "data-insert" not in text
    assert "<html" not in text
    claim(item, ada)
    text = page.get(address).content.decode()
    assert f'<template id="similar-{past.pk}">Hello Ada,' in text
    assert "<html" in text
    assert page.get(f"/items/{item.pk}/answer/").status_code == 404
