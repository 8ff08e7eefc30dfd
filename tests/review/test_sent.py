"""After sending: finding what went out, and what a person does about what did not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from review import decisions, deliveries, errors, outcomes
from review.claims import claim
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.models import AuditEntry, Delivery, Message, Source, Ticket
from tests.builders import DRAFT, make_item, make_queue
from tests.peers import Mailbox, smtp_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
HOOK = {"slug": "shop", "webhook_url": "http://127.0.0.1:9/", "webhook_secret": "whsec_x"}


def countersigned(reviewer: User, text: str = DRAFT, **ticket: Any) -> Delivery:
    item = claim(make_item(**ticket), reviewer)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    verdict = decisions.send(item.pk, reviewer, seen, text=text)
    assert verdict is not None
    Delivery.objects.filter(verdict=verdict).update(due_at=timezone.now())
    return Delivery.objects.get(verdict=verdict)


def troubled(reviewer: User, state: str, channel: str = "email", **ticket: Any) -> Delivery:
    delivery = countersigned(reviewer, **ticket)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, attempts=1, channel=channel)
    delivery.refresh_from_db()
    return delivery


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", mailbox.port
        settings.SMTP_SECURITY = "none"
        yield mailbox


def shown(client: Client, query: str = "") -> list[int]:
    """Return the ids of the replies that the page lists."""
    response = client.get(f"/sent/?{query}")
    return [delivery.pk for delivery in response.context["page"].deliveries]


def test_sent_replies_are_found_by_words_person_state_edits_and_queue(
    ada: User, grace: User, client: Client
) -> None:
    plain = countersigned(ada)
    edited = countersigned(grace, DRAFT + " PS: the voucher is Zanzibar.", subject="Voucher")
    for delivery in (plain, edited):
        outcomes.deliver(delivery.pk)
    failed = troubled(ada, "failed")
    client.force_login(ada)
    assert shown(client) == [failed.pk, edited.pk, plain.pk]
    assert shown(client, "text=voucher") == [edited.pk]
    assert shown(client, "whose=mine") == [failed.pk, plain.pk]
    assert shown(client, "state=troubled") == [failed.pk]
    assert shown(client, "edits=few") == [edited.pk]
    assert shown(client, "edits=none") == [failed.pk, plain.pk]
    assert shown(client, "queue=billing") == []
    assert shown(client, "edits=few&clear=edits") == [failed.pk, edited.pk, plain.pk]
    Delivery.objects.filter(pk=plain.pk).update(created_at=timezone.now() - timedelta(days=9))
    assert shown(client, "days=7") == [failed.pk, edited.pk]


def test_a_reply_is_found_by_the_words_it_was_sent_with(ada: User, client: Client) -> None:
    delivery = countersigned(ada, DRAFT + " Zanzibar")
    outcomes.deliver(delivery.pk)
    client.force_login(ada)
    assert shown(client, "text=zanzibar") == [delivery.pk]


def test_news_never_moves_the_rows_that_are_read(ada: User, client: Client) -> None:
    first = countersigned(ada)
    client.force_login(ada)
    page = client.get("/sent/").context["page"]
    second = countersigned(ada)
    outcomes.deliver(first.pk)
    again = client.get(f"/sent/?since={page.since}").context["page"]
    assert [(row.pk, row.state) for row in again.deliveries] == [(first.pk, "sent")]
    assert again.newer == 1
    assert again.since == page.since
    assert shown(client) == [second.pk, first.pk]


def test_pages_go_on_where_the_last_one_ended(
    ada: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.sent.PAGE", 2)
    made = [countersigned(ada).pk for _ in range(3)]
    client.force_login(ada)
    page = client.get("/sent/").context["page"]
    assert [row.pk for row in page.deliveries] == made[:0:-1]
    assert shown(client, f"after={page.after}") == made[:1]
    assert shown(client, "after=nonsense~x") == made[:0:-1]


def test_the_list_costs_the_same_whatever_it_holds(ada: User, client: Client) -> None:
    client.force_login(ada)
    countersigned(ada)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get("/sent/")
    for _ in range(3):
        countersigned(ada)
    with CaptureQueriesContext(connection) as many:
        client.get("/sent/")
    assert len(one) == len(many) <= 15


def test_nobody_sees_the_replies_of_another_queue(ada: User, grace: User, client: Client) -> None:
    delivery = troubled(ada, "failed")
    grace.queues.set([make_queue("billing")])
    client.force_login(grace)
    assert shown(client) == []
    assert client.get(f"/sent/{delivery.pk}/").status_code == 404
    for action in ("retry", "mark-sent", "give-up"):
        assert client.post(f"/sent/{delivery.pk}/{action}/").status_code == 404
    client.post("/sent/troubled/retry/", {"all": "yes"})
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_a_replys_page_shows_what_left_and_what_was_said(ada: User, client: Client) -> None:
    delivery = countersigned(ada, DRAFT.replace("Friday", "Monday"))
    outcomes.deliver(delivery.pk)
    client.force_login(ada)
    page = client.get(f"/sent/{delivery.pk}/").content.decode()
    assert "arrives on Monday." in page
    assert "<del>Friday</del>" in page
    assert delivery.idempotency_key in page
    assert "The reply was sent" in page
    assert "Send a correction" in page


def test_a_retry_goes_out_under_the_same_key(ada: User, mailbox: Mailbox, client: Client) -> None:
    delivery = troubled(ada, "failed")
    client.force_login(ada)
    client.post(f"/sent/{delivery.pk}/retry/")
    assert mailbox.mails == []  # only the outbox sends
    assert outcomes.deliver(delivery.pk) is not None
    (mail,) = mailbox.mails
    assert delivery.idempotency_key in mail["Message-ID"]
    entries = AuditEntry.objects.filter(subject=f"delivery:{delivery.pk}").order_by("pk")
    assert [(entry.action, entry.actor_name) for entry in entries] == [
        ("delivery.retried", "ada"),
        ("delivery.sent", "system"),
    ]


def test_an_unclear_mail_is_sent_again_only_by_one_who_accepts_two(
    ada: User, client: Client
) -> None:
    delivery = troubled(ada, "unknown")
    client.force_login(ada)
    refused = client.post(f"/sent/{delivery.pk}/retry/")
    assert refused.status_code == 409
    assert "may arrive twice" in refused.content.decode()
    client.post(f"/sent/{delivery.pk}/retry/", {"even_twice": "yes"})
    delivery.refresh_from_db()
    assert delivery.state == "due"


def test_an_unclear_webhook_repeats_without_asking(ada: User) -> None:
    Source.objects.create(name="Shop", **HOOK)
    delivery = troubled(ada, "unknown", "webhook", source="shop")
    assert deliveries.retry(delivery.pk, ada).state == "due"


def test_a_reply_found_to_have_left_joins_the_conversation_once(ada: User, client: Client) -> None:
    delivery = troubled(ada, "unknown")
    client.force_login(ada)
    for _ in range(2):
        client.post(f"/sent/{delivery.pk}/mark-sent/", {"note": "In the log"})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at is not None) == ("sent", True)
    assert delivery.detail == "Marked as sent by ada: In the log"
    assert Message.objects.filter(ticket=delivery.ticket, sender="agent").count() == 1
    assert AuditEntry.objects.filter(action="delivery.marked_sent").count() == 1


def test_giving_up_asks_why_and_closes_the_ticket(ada: User, client: Client) -> None:
    delivery = troubled(ada, "failed")
    client.force_login(ada)
    assert client.post(f"/sent/{delivery.pk}/give-up/", {"note": " "}).status_code == 422
    client.post(f"/sent/{delivery.pk}/give-up/", {"note": "Answered by phone"})
    delivery.refresh_from_db()
    assert delivery.state == "given_up"
    assert "Answered by phone" in delivery.detail
    assert Ticket.objects.get().status == "closed"
    assert outcomes.deliver(delivery.pk) is None


@pytest.mark.parametrize("action", ["retry", "mark-sent", "give-up"])
def test_what_changed_meanwhile_is_refused(ada: User, client: Client, action: str) -> None:
    delivery = troubled(ada, "undone")
    client.force_login(ada)
    refused = client.post(f"/sent/{delivery.pk}/{action}/", {"note": "x"})
    assert refused.status_code == 409
    assert "Something has become of this reply" in refused.content.decode()


def test_a_reply_that_the_customer_overtook_is_not_sent_again(ada: User, client: Client) -> None:
    delivery = troubled(ada, "failed")
    add_message(delivery.ticket_id, NewMessage(body="Never mind."))
    with pytest.raises(errors.CustomerWroteSince):
        deliveries.retry(delivery.pk, ada)
    client.force_login(ada)
    page = client.get("/sent/troubled/").content.decode()
    assert "The customer has written since" in page
    assert f"/sent/{delivery.pk}/retry/" not in page


def test_a_burst_is_tried_again_at_once_and_unclear_mails_are_not(
    ada: User, client: Client
) -> None:
    burst = [troubled(ada, "failed") for _ in range(3)]
    unclear = troubled(ada, "unknown")
    client.force_login(ada)
    assert "Retry all 3" in client.get("/sent/troubled/").content.decode()
    page = client.post("/sent/troubled/retry/", {"all": "yes"}, follow=True).content.decode()
    assert "3 replies are being tried again." in page
    states = dict(Delivery.objects.values_list("pk", "state"))
    assert {states[one.pk] for one in burst} == {"due"}
    assert states[unclear.pk] == "unknown"
    client.post("/sent/troubled/retry/", {"ids": [unclear.pk]})
    unclear.refresh_from_db()
    assert unclear.state == "unknown"


def test_one_who_may_only_look_changes_nothing(ada: User, client: Client) -> None:
    delivery = troubled(ada, "failed")
    ada.groups.clear()
    client.force_login(ada)
    assert client.post(f"/sent/{delivery.pk}/retry/").status_code == 403
    assert "Retry" not in client.get("/sent/troubled/").content.decode()
