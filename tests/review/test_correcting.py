"""Correcting a reply that was sent: the same item, once more, and the labels that follow."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agents.evals.models import Label
from review import correcting, decisions, deliveries, errors, outcomes, undoing
from review.claims import claim
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.models import AuditEntry, Delivery, Message, ReviewItem, Ticket, Verdict
from review.overview.decided_items import in_force
from tests.builders import DRAFT, make_item
from tests.peers import Mailbox, smtp_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
CORRECTION = "Hello Ada,\n\nI gave you the wrong day: it arrives on Monday.\n\nKind regards"


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", mailbox.port
        settings.SMTP_SECURITY = "none"
        yield mailbox


def seen(item: ReviewItem) -> Seen:
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def leave(verdict: Verdict | None) -> Delivery:
    """Have the verdict's reply leave."""
    assert verdict is not None
    Delivery.objects.filter(verdict=verdict).update(due_at=timezone.now())
    outcomes.deliver(Delivery.objects.get(verdict=verdict).pk)
    return Delivery.objects.get(verdict=verdict)


def sent_item(reviewer: User, **ticket: Any) -> ReviewItem:
    item = claim(make_item(**ticket), reviewer)
    leave(decisions.send(item.pk, reviewer, seen(item), text=DRAFT))
    item.refresh_from_db()
    return item


def draft_label(item: ReviewItem) -> Label:
    return Label.objects.get(run=item.run, task="draft", label__isnull=True)


def counted(item: ReviewItem) -> list[int]:
    return list(in_force().filter(item=item).values_list("revision", flat=True))


def test_a_correction_is_a_second_reply_and_the_first_no_success(ada: User, grace: User) -> None:
    item = sent_item(ada)
    item = correcting.begin(item.pk, grace)
    assert (item.status, item.revision, item.is_correction) == ("open", 2, True)
    assert item.is_held_by(grace.pk, timezone.now())
    assert item.due_at > timezone.now()
    verdict = decisions.send(item.pk, grace, seen(item), text=CORRECTION)
    leave(verdict)
    assert [message.body.content for message in Message.objects.order_by("seq")][1:] == [
        DRAFT,
        CORRECTION,
    ]
    label = draft_label(item)
    assert (label.succeeded, label.expected, label.edit_operations) == (False, None, None)
    assert label.corrects is not None
    assert label.corrects.succeeded
    assert counted(item) == [2]
    assert Verdict.objects.get(revision=2).succeeded is False


def test_a_correction_is_mailed_into_the_same_thread(ada: User, mailbox: Mailbox) -> None:
    item = correcting.begin(sent_item(ada).pk, ada)
    leave(decisions.send(item.pk, ada, seen(item), text=CORRECTION))
    first, second = mailbox.mails
    assert second["In-Reply-To"] == first["Message-ID"] != second["Message-ID"]
    assert second["Subject"] == first["Subject"] == "Re: Parcel"


def test_one_who_needs_no_correction_after_all_leaves_the_first_verdict_standing(ada: User) -> None:
    item = sent_item(ada)
    before = {name: getattr(item, name) for name in ("decided_at", "due_at", "clock_started_at")}
    began = correcting.begin(item.pk, ada)
    assert began.claim_token is not None
    correcting.cancel(item.pk, ada, began.claim_token)
    item.refresh_from_db()
    assert (item.status, item.revision, item.is_correction) == ("decided", 1, False)
    assert {name: getattr(item, name) for name in before} == before
    assert counted(item) == [1]
    assert draft_label(item).succeeded
    assert correcting.begin(item.pk, ada).revision == 3  # a number is used once


def test_an_undone_correction_that_is_given_up_gives_the_label_back(ada: User) -> None:
    item = correcting.begin(sent_item(ada).pk, ada)
    verdict = decisions.send(item.pk, ada, seen(item), text=CORRECTION)
    assert verdict is not None
    item = undoing.undo(verdict.pk, ada)
    assert draft_label(item).succeeded is None
    assert item.claim_token is not None
    item = correcting.cancel(item.pk, ada, item.claim_token)
    label = draft_label(item)
    assert (label.succeeded, label.verdict) == (True, "approve")
    assert label.expected is not None
    assert label.expected.content == DRAFT
    assert counted(item) == [1]


def test_a_newer_message_closes_an_open_correction(ada: User) -> None:
    item = correcting.begin(sent_item(ada).pk, ada)
    add_message(item.ticket_id, NewMessage(body="It has come, thank you."))
    item.refresh_from_db()
    assert (item.status, item.revision) == ("decided", 1)
    with pytest.raises(errors.CannotCorrect, match="customer has written"):
        correcting.begin(item.pk, ada)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("due", "Undo it"),
        ("failed", "Try it again"),
        ("unknown", "unclear"),
        ("undone", "was sent can be"),
        ("given_up", "was sent can be"),
    ],
)
def test_what_cannot_be_corrected_says_what_to_do(ada: User, state: str, says: str) -> None:
    item = sent_item(ada)
    Delivery.objects.update(state=state)
    with pytest.raises(errors.CannotCorrect, match=says):
        correcting.begin(item.pk, ada)


def test_an_unclear_reply_is_corrected_by_one_who_says_so(ada: User) -> None:
    item = sent_item(ada)
    Delivery.objects.update(state="unknown")
    assert correcting.begin(item.pk, ada, even_if_unclear=True).is_correction


def test_the_first_text_is_not_sent_again_after_its_correction(ada: User) -> None:
    item = sent_item(ada)
    first = Delivery.objects.get()
    Delivery.objects.update(state="unknown")
    item = correcting.begin(item.pk, ada, even_if_unclear=True)
    with pytest.raises(errors.CorrectedSince):
        deliveries.retry(first.pk, ada, even_twice=True)
    correcting.cancel(item.pk, ada, seen(item).claim_token)
    assert deliveries.retry(first.pk, ada, even_twice=True).state == "due"


@pytest.mark.parametrize("ending", ["overtaken", "given up"])
def test_a_correction_that_never_left_leaves_the_first_verdict_standing(
    ada: User, ending: str
) -> None:
    item = correcting.begin(sent_item(ada).pk, ada)
    verdict = decisions.send(item.pk, ada, seen(item), text=CORRECTION)
    assert draft_label(item).succeeded is False
    if ending == "overtaken":
        add_message(item.ticket_id, NewMessage(body="One more thing."))
    else:
        Delivery.objects.filter(verdict=verdict).update(state="failed")
        deliveries.give_up(Delivery.objects.get(verdict=verdict).pk, ada, reason="No need.")
    item.refresh_from_db()
    assert (item.status, item.revision, item.is_correction) == ("decided", 1, False)
    assert counted(item) == [1]
    assert draft_label(item).succeeded is True


def test_two_never_correct_the_same_reply(ada: User, grace: User) -> None:
    item = correcting.begin(sent_item(ada).pk, ada)
    assert correcting.begin(item.pk, ada).claim_token == item.claim_token
    with pytest.raises(errors.CannotCorrect, match="already"):
        correcting.begin(item.pk, grace)


def test_a_correction_begins_empty_below_what_was_sent(ada: User, client: Client) -> None:
    item = sent_item(ada)
    client.force_login(ada)
    page = client.post(f"/items/{item.pk}/correct/", follow=True).content.decode()
    assert "You correct a reply that was sent" in page
    assert "No correction needed" in page
    editor = page[page.index("<textarea") :]
    assert editor[editor.index(">") + 1 : editor.index("</textarea>")].strip() == ""
    item.refresh_from_db()
    form = {"claim_token": item.claim_token, "revision": item.revision, "digest": item.digest}
    answer = client.post(f"/items/{item.pk}/correction/close/", form | {"text": ""})
    assert answer.status_code == 302
    assert Ticket.objects.get().status == "answered"
    assert AuditEntry.objects.filter(action="item.correction_closed").count() == 1


def test_releasing_an_empty_correction_closes_it(ada: User, client: Client) -> None:
    item = correcting.begin(sent_item(ada).pk, ada)
    client.force_login(ada)
    form = {"claim_token": item.claim_token, "revision": item.revision, "digest": item.digest}
    client.post(f"/items/{item.pk}/release/", form | {"text": " "})
    item.refresh_from_db()
    assert item.status == "decided"


def test_a_stranger_to_the_queue_corrects_nothing(ada: User, client: Client) -> None:
    item = sent_item(ada)
    stranger = User.objects.create(username="stranger")
    client.force_login(stranger)
    assert client.post(f"/items/{item.pk}/correct/").status_code in {403, 404}
