"""The outbox against real servers: once, or it says that it did not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from review import decisions, outcomes
from review.claims import claim
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.models import Delivery, Message, Source
from tests.builders import DRAFT, make_item
from tests.peers import HttpPeer, Mailbox, Reply, http_server, smtp_server

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMTIzNDU2Nzg="

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", mailbox.port
        settings.SMTP_SECURITY = "none"
        settings.MAIL_FROM = "support@firm.example"
        yield mailbox


@pytest.fixture
def hook(installed: object) -> Iterator[HttpPeer]:
    with http_server(lambda request: Reply()) as peer:
        Source.objects.create(
            slug="shop", name="Shop", webhook_url=f"{peer.url}/replies", webhook_secret=SECRET
        )
        yield peer


def due_delivery(reviewer: User, text: str = DRAFT, **ticket: Any) -> Delivery:
    item = claim(make_item(**ticket), reviewer)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    verdict = decisions.send(item.pk, reviewer, seen, text=text)
    assert verdict is not None
    Delivery.objects.filter(verdict=verdict).update(due_at=timezone.now())
    return Delivery.objects.get(verdict=verdict)


def attempt(delivery: Delivery) -> Delivery:
    outcomes.deliver(delivery.pk)
    return Delivery.objects.get(pk=delivery.pk)


def test_nothing_leaves_within_the_undo_window(ada: User, mailbox: Mailbox) -> None:
    delivery = due_delivery(ada)
    Delivery.objects.update(due_at=timezone.now() + timedelta(seconds=1))
    assert attempt(delivery).state == "due"
    assert mailbox.mails == []


def test_a_reply_arrives_by_mail_as_it_was_countersigned(ada: User, mailbox: Mailbox) -> None:
    text = "Hëllo Ada,\n\n.a line with a dot\nshukran: شكرا"
    delivery = attempt(due_delivery(ada, text))
    assert (delivery.state, delivery.channel) == ("sent", "email")
    (mail,) = mailbox.mails
    assert mail["To"] == "Ada Lovelace <ada@lovelace.example>"
    assert mail["Subject"] == "Re: Parcel"
    assert delivery.idempotency_key in mail["Message-ID"]
    assert mail.get_content().strip().splitlines() == text.splitlines()


def test_the_sent_reply_joins_the_conversation(ada: User) -> None:
    delivery = attempt(due_delivery(ada))
    assert (delivery.state, delivery.channel) == ("sent", "record")
    reply = Message.objects.get(ticket=delivery.ticket, seq=2)
    assert (reply.sender, reply.body.content) == ("agent", DRAFT)


def test_a_second_attempt_sends_nothing(ada: User, mailbox: Mailbox) -> None:
    delivery = due_delivery(ada)
    attempt(delivery)
    attempt(delivery)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    ("refusal", "state"), [("451 later", "due"), ("550 no such mailbox", "failed")]
)
def test_a_refusal_is_certain(ada: User, mailbox: Mailbox, refusal: str, state: str) -> None:
    mailbox.refusal = refusal
    delivery = attempt(due_delivery(ada))
    assert delivery.state == state
    assert refusal.split(maxsplit=1)[0] in delivery.detail


def test_a_connection_lost_in_the_middle_is_unknown_and_not_retried(
    ada: User, mailbox: Mailbox
) -> None:
    mailbox.breaks_off = True
    delivery = attempt(due_delivery(ada))
    assert delivery.state == "unknown"
    assert attempt(delivery).attempts == 1


def test_an_unreachable_mail_server_is_tried_again_later(
    ada: User, mailbox: Mailbox, settings: Settings
) -> None:
    settings.SMTP_PORT = 1
    delivery = attempt(due_delivery(ada))
    assert delivery.state == "due"
    assert delivery.due_at > timezone.now()


def test_a_worker_that_died_while_mailing_leaves_unknown(ada: User, mailbox: Mailbox) -> None:
    delivery = due_delivery(ada)
    long_ago = timezone.now() - Delivery.SENDING_TIMEOUT * 2
    Delivery.objects.update(state="sending", sending_since=long_ago, attempts=1)
    assert attempt(delivery).state == "unknown"
    assert mailbox.mails == []


def test_a_webhook_is_signed_and_carries_the_reply(ada: User, hook: HttpPeer) -> None:
    delivery = attempt(due_delivery(ada, source="shop"))
    assert (delivery.state, delivery.channel) == ("sent", "webhook")
    (request,) = hook.requests
    event = Webhook(SECRET).verify(request.body, request.headers)
    assert event["type"] == "ticket.replied"
    assert event["data"]["reply"] == DRAFT
    assert event["data"]["external_id"] == delivery.ticket.external_id


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(status=500), "due"),
        (Reply(status=302, headers={"Location": "/elsewhere"}), "due"),
        (Reply(status=410), "failed"),
        (None, "due"),
    ],
)
def test_only_2xx_counts_as_delivered(
    ada: User, hook: HttpPeer, reply: Reply | None, state: str
) -> None:
    hook.answer = lambda request: reply
    assert attempt(due_delivery(ada, source="shop")).state == state
    assert [request.path for request in hook.requests] == ["/replies"]


def test_a_webhook_that_asks_to_wait_is_left_alone_that_long(ada: User, hook: HttpPeer) -> None:
    hook.answer = lambda request: Reply(status=429, headers={"Retry-After": "600"})
    delivery = attempt(due_delivery(ada, source="shop"))
    assert delivery.due_at > timezone.now() + timedelta(seconds=590)


def test_a_repeated_webhook_carries_the_same_key(ada: User, hook: HttpPeer) -> None:
    answers = iter([Reply(status=503), Reply()])
    hook.answer = lambda request: next(answers)
    delivery = attempt(due_delivery(ada, source="shop"))
    Delivery.objects.update(due_at=timezone.now())
    assert attempt(delivery).state == "sent"
    first, second = (request.headers["webhook-id"] for request in hook.requests)
    assert first == second


def test_a_message_that_arrives_before_the_reply_left_stops_it(ada: User, mailbox: Mailbox) -> None:
    delivery = due_delivery(ada)
    add_message(delivery.ticket_id, NewMessage(body="Wait"))
    assert attempt(delivery).state == "undone"
    assert mailbox.mails == []


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_one_mail(ada: User, mailbox: Mailbox) -> None:
    delivery = due_delivery(ada)

    def work(_: int) -> None:
        try:
            outcomes.deliver(delivery.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(24)))
    assert len(mailbox.mails) == 1


def test_mail_headers_hold_no_injected_lines(ada: User, mailbox: Mailbox) -> None:
    attempt(due_delivery(ada, subject="Hi\r\nBcc: all@firm.example", customer_name="A\nB: c"))
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None


def test_a_mail_that_was_put_off_is_stopped_by_a_newer_message(ada: User, mailbox: Mailbox) -> None:
    """Greylisted, then the customer writes again: the old answer must not follow later."""
    mailbox.refusal = "450 try later"
    delivery = attempt(due_delivery(ada))
    mailbox.refusal = ""
    add_message(delivery.ticket_id, NewMessage(body="STOP"))
    Delivery.objects.update(due_at=timezone.now())
    assert attempt(delivery).state == "undone"
    assert mailbox.mails == []


def test_an_address_nobody_can_mail_to_fails_at_once(ada: User, mailbox: Mailbox) -> None:
    delivery = attempt(due_delivery(ada, customer_email=f"a@{'ü' * 62}.example"))
    assert delivery.state == "failed"
    assert "addressed" in delivery.detail


def test_a_domain_in_other_letters_is_mailed_to(ada: User, mailbox: Mailbox) -> None:
    assert attempt(due_delivery(ada, customer_email="a@münchen.example")).state == "sent"
    assert "xn--mnchen-3ya.example" in mailbox.mails[0]["To"]


def test_a_secret_that_cannot_sign_fails_at_once(ada: User, hook: HttpPeer) -> None:
    Source.objects.update(webhook_secret="whsec_not base64!")
    assert attempt(due_delivery(ada, source="shop")).state == "failed"
    assert hook.requests == []
