"""Taking an item over: text and claim change hands together, and the former holder is told."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review import claims, working
from review.corrections import NOTHING_CORRECTED
from review.errors import AlreadyDecided, ClaimLost
from review.models import AuditEntry, Notification, ReviewItem, WorkingText
from review.taking_over import take_over
from tests.builders import make_item, make_person, make_queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def held(grace: User) -> ReviewItem:
    """An item that Grace holds and has written on."""
    item = claims.claim(make_item(), grace)
    _save(item, grace, "Hello Ada, as Grace put it.")
    return item


def _save(item: ReviewItem, user: User, text: str) -> WorkingText | None:
    assert item.claim_token is not None
    return working.save(item.pk, user, item.claim_token, text=text, corrections=NOTHING_CORRECTED)


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_text_and_claim_change_hands_and_the_former_holder_is_told(
    ada: User, grace: User, held: ReviewItem
) -> None:
    taken = take_over(held.pk, ada)
    assert taken.former == grace
    assert taken.item.claimed_by == ada
    assert taken.item.claim_token != held.claim_token
    assert WorkingText.objects.get().text == "Hello Ada, as Grace put it."
    (told,) = Notification.objects.all()
    assert (told.user, told.kind, told.actor) == (grace, "taken_over", ada)
    entry = AuditEntry.objects.get(action="item.taken_over")
    assert entry.detail["from"] == "grace"


def test_a_late_save_under_the_old_token_changes_nothing(
    ada: User, grace: User, held: ReviewItem
) -> None:
    take_over(held.pk, ada)
    with pytest.raises(ClaimLost):
        _save(held, grace, "Typed too late.")
    assert WorkingText.objects.get().text == "Hello Ada, as Grace put it."
    form = {"claim_token": held.claim_token, "revision": 1, "digest": held.digest, "text": "Late."}
    assert _client(grace).post(f"/items/{held.pk}/save/", form).status_code == 409


def test_the_former_holders_page_says_who_took_it(ada: User, grace: User, held: ReviewItem) -> None:
    client = _client(grace)
    standing = f"/items/{held.pk}/standing/?held"
    assert "has taken" not in client.get(standing).content.decode()
    take_over(held.pk, ada)
    page = client.get(standing, headers={"HX-Request": "true"}).content.decode()
    assert "has taken this item over; your text went along" in page
    assert "data-lost" in page
    assert "data-send" not in page


def test_the_question_names_the_holder_and_when_they_last_typed(
    ada: User, held: ReviewItem
) -> None:
    client = _client(ada)
    address = f"/items/{held.pk}/take-over/"
    question = " ".join(client.get(address).content.decode().split())
    assert "Take this item over from <bdi>grace</bdi>?" in question
    assert "last typed" in question
    assert client.post(address).headers["Location"] == f"/items/{held.pk}/"
    assert "as Grace put it" in client.get(f"/items/{held.pk}/").content.decode()


def test_a_free_item_is_simply_claimed_and_an_ended_one_refused(ada: User, grace: User) -> None:
    item = make_item()
    assert take_over(item.pk, ada).former is None
    assert not Notification.objects.exists()
    ReviewItem.objects.update(status="expired")
    with pytest.raises(AlreadyDecided):
        take_over(item.pk, grace)


def test_only_who_may_decide_and_sees_the_queue_takes_over(held: ReviewItem) -> None:
    outsider = make_person("olga", "reviewer", make_queue("billing"))
    assert _client(outsider).post(f"/items/{held.pk}/take-over/").status_code == 404
    manager = make_person("mona", "manager")
    assert _client(manager).post(f"/items/{held.pk}/take-over/").status_code == 403
    assert ReviewItem.objects.get().claimed_by_id == held.claimed_by_id
