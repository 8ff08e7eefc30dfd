"""The customer writes again while somebody answers: nothing typed is lost or leaves unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from agents.results import Proposal
from review import carrying_over, claims, decisions, proposals, signatures
from review.decisions import Seen
from review.errors import NotLookedAt
from review.intake import NewMessage, add_message
from review.items import settle_run, store_working_text
from review.models import CarriedText, Delivery, Notification, ReviewItem, WorkingText
from tests.builders import DRAFT, end_run, make_item, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

MINE = "Hello Ada, I have looked into it myself."
NEW_DRAFT = "Hello Ada, and thank you for the tracking number."


def _writes_again(item: ReviewItem) -> ReviewItem:
    """Return the item that opens once the agent has read the customer's new message."""
    accepted = add_message(item.ticket_id, NewMessage(body="By the way, it is tracked."))
    assert accepted.run is not None
    end_run(accepted.run, make_result(proposal=Proposal(kind="draft", text=NEW_DRAFT)))
    fresh = settle_run(accepted.run.pk)
    assert fresh is not None
    return fresh


def _seen(item: ReviewItem) -> Seen:
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def _answering(user: User, text: str = MINE) -> ReviewItem:
    item = claims.claim(make_item(), user)
    store_working_text(item, user, text)
    return item


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_claim_and_text_come_along_under_a_new_token(ada: User) -> None:
    old = _answering(ada)
    fresh = _writes_again(old)
    assert fresh.replaces == old
    assert fresh.is_held_by(ada.pk, timezone.now())
    assert fresh.claim_token != old.claim_token
    carried = CarriedText.objects.get(item=fresh)
    assert (carried.text, carried.written_by, carried.upto_seq) == (MINE, ada, old.upto_seq)
    assert not WorkingText.objects.filter(item=fresh).exists()


def test_nothing_is_sent_before_both_texts_were_looked_at(ada: User) -> None:
    fresh = _writes_again(_answering(ada))
    with pytest.raises(NotLookedAt):
        decisions.send(fresh.pk, ada, _seen(fresh), text=NEW_DRAFT)
    refused = _client(ada).post(
        f"/items/{fresh.pk}/send/",
        {"claim_token": fresh.claim_token, "revision": 1, "digest": fresh.digest, "text": MINE},
    )
    assert refused.status_code == 409
    assert "Look at the earlier text" in refused.content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("choice", "in_editor", "kept"),
    [("mine", MINE, 0), ("new", NEW_DRAFT, 0), ("both", NEW_DRAFT, 1)],
)
def test_each_choice_puts_its_text_in_the_editor_and_can_be_sent(
    ada: User, choice: str, in_editor: str, kept: int
) -> None:
    fresh = _writes_again(_answering(ada))
    client = _client(ada)
    page = client.get(f"/items/{fresh.pk}/").content.decode()
    assert MINE in page
    assert NEW_DRAFT in page
    assert 'id="text"' not in page
    form = {"claim_token": fresh.claim_token, "choice": choice}
    assert client.post(f"/items/{fresh.pk}/choose/", form).status_code == 302
    assert CarriedText.objects.count() == kept
    editor = client.get(f"/items/{fresh.pk}/").content.decode().partition('id="text"')[2]
    assert in_editor in editor.partition("</textarea>")[0]
    assert decisions.send(fresh.pk, ada, _seen(fresh), text=in_editor)
    assert not CarriedText.objects.exists()


def test_a_question_beside_the_draft_takes_nothing_away(ada: User) -> None:
    old = _answering(ada)
    asked = {"kind": "decision", "question": "Which?", "schema": {"enum": [1]}, "allows": ["edit"]}
    proposals.submit(old.ticket_id, old.run.agent, (asked,))
    fresh = _writes_again(old)
    assert fresh.replaces == old
    assert fresh.is_held_by(ada.pk, timezone.now())
    assert CarriedText.objects.get(item=fresh).text == MINE


def test_a_stopped_reply_comes_back_without_its_signature(ada: User) -> None:
    signatures.keep(ada, {None: "Ada\nSupport"})
    old = _answering(ada)
    assert decisions.send(old.pk, ada, _seen(old), text=MINE)
    fresh = _writes_again(old)
    assert CarriedText.objects.get(item=fresh).text == MINE


def test_a_claim_that_lapsed_carries_nothing(ada: User) -> None:
    old = _answering(ada)
    ReviewItem.objects.filter(pk=old.pk).update(claim_expires_at=timezone.now() - timedelta(1))
    fresh = _writes_again(old)
    assert fresh.claimed_by is None
    assert not CarriedText.objects.exists()


def test_without_a_text_of_their_own_the_claim_alone_comes_along(ada: User) -> None:
    fresh = _writes_again(claims.claim(make_item(), ada))
    assert fresh.claimed_by == ada
    assert not CarriedText.objects.exists()
    assert decisions.send(fresh.pk, ada, _seen(fresh), text=NEW_DRAFT)


def test_what_was_typed_after_the_last_save_comes_along_by_the_notice(
    ada: User, grace: User
) -> None:
    old = _answering(ada)
    fresh = _writes_again(old)
    went = _client(ada).post(f"/items/{old.pk}/bring/", {"text": f"{MINE}\r\nAnd more."})
    assert went.headers["Location"] == f"/items/{fresh.pk}/"
    assert CarriedText.objects.get().text == f"{MINE}\nAnd more."
    carrying_over.bring(old.pk, grace, "Not the holder's.")
    assert CarriedText.objects.get().text == f"{MINE}\nAnd more."
    token: Any = fresh.claim_token
    carrying_over.choose(fresh.pk, ada, token, "mine")
    carrying_over.bring(old.pk, ada, "From a page that was left open.")
    assert not CarriedText.objects.exists()


def test_a_reply_stopped_in_its_undo_window_comes_back_to_its_writer(ada: User) -> None:
    old = claims.claim(make_item(), ada)
    decisions.send(old.pk, ada, _seen(old), text=MINE)
    fresh = _writes_again(old)
    (told,) = Notification.objects.all()
    assert (told.user, told.kind) == (ada, "returned")
    assert told.text.startswith("The customer wrote again before your reply left")
    assert told.item == fresh
    assert CarriedText.objects.get(item=fresh).text == MINE
    fresh = claims.claim(fresh, ada)
    with pytest.raises(NotLookedAt):
        decisions.send(fresh.pk, ada, _seen(fresh), text=MINE)


def test_an_unedited_reply_that_was_stopped_leaves_nothing_to_choose(ada: User) -> None:
    old = claims.claim(make_item(), ada)
    decisions.send(old.pk, ada, _seen(old), text=DRAFT)
    _writes_again(old)
    assert Notification.objects.get().kind == "returned"
    assert not CarriedText.objects.exists()
