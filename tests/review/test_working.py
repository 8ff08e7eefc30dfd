"""What a reviewer writes is kept as they write it, and by nobody who no longer holds the item."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review import claims, decisions
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.models import ReviewItem, Verdict, WorkingText
from tests.builders import DRAFT, make_item, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def held(item: ReviewItem, user: User) -> dict[str, str]:
    """What the form of the item's holder posts."""
    item = claims.claim(item, user)
    return {
        "claim_token": str(item.claim_token),
        "revision": str(item.revision),
        "digest": item.digest,
    }


def save(page: Client, item: ReviewItem, form: dict[str, str], text: str, **more: str) -> str:
    answer = page.post(f"/items/{item.pk}/save/", {**form, "text": text, **more})
    return f"{answer.status_code} {answer.content.decode()}"


def test_what_was_written_and_chosen_is_there_when_the_page_is_opened_again(
    page: Client, ada: User
) -> None:
    item = make_item(make_result(fields={"order_numbers": ["A-1"], "language": "en"}))
    form = held(item, ada)
    chosen = {
        "category": "invoice",
        "queue": "billing",
        "edit_reason": "tone",
        "order_numbers": "A-1, A-2",
        "products": "",
        "language": "de",
        "urgency": "high",
    }
    assert save(page, item, form, "Hello Ada,\r\n\r\nToday.", **chosen).startswith("200 Saved ")
    working = WorkingText.objects.get()
    assert (working.text, working.saved_by) == ("Hello Ada,\n\nToday.", ada)
    answer = page.get(f"/items/{item.pk}/")
    shown = answer.content.decode()
    assert "\nHello Ada,\n\nToday.</textarea>" in shown
    assert 'value="A-1, A-2"' in shown
    for value in ("billing", "de", "high"):
        assert f'<option value="{value}" selected>' in shown
    assert shown.count(" checked data-chosen>") == 1
    assert answer.context["desk"].chosen.category == "invoice"


@pytest.mark.parametrize("text", ["", "  \r\n", DRAFT, DRAFT.replace("\n", "\r\n")])
def test_nothing_is_kept_of_a_text_that_is_the_draft(page: Client, ada: User, text: str) -> None:
    item = make_item()
    form = held(item, ada)
    save(page, item, form, "Hello, something else.")
    assert WorkingText.objects.exists()
    save(page, item, form, text, category="delivery", queue="orders", edit_reason="tone")
    assert not WorkingText.objects.exists()


def test_choices_alone_are_kept_beside_the_draft(page: Client, ada: User) -> None:
    item = make_item()
    save(page, item, held(item, ada), DRAFT, queue="billing")
    working = WorkingText.objects.get()
    assert (working.text, working.choices) == (DRAFT, {"queue": "billing"})


def test_the_next_one_goes_on_from_text_and_choices(page: Client, ada: User, grace: User) -> None:
    item = make_item()
    form = held(item, ada)
    save(page, item, form, "Hello, half of it.", queue="billing")
    page.post(f"/items/{item.pk}/release/", {**form, "text": DRAFT, "queue": "billing"})
    working = WorkingText.objects.get()
    assert (working.text, working.choices) == (DRAFT, {"queue": "billing"})
    other = Client()
    other.force_login(grace)
    claims.claim(ReviewItem.objects.get(), grace)
    assert other.get(f"/items/{item.pk}/").context["desk"].chosen.queue == "billing"


def test_a_late_save_under_an_old_claim_changes_nothing_and_says_so(
    page: Client, ada: User, grace: User
) -> None:
    item = make_item()
    old = held(item, ada)
    save(page, item, old, "Mine.")
    ReviewItem.objects.update(claim_expires_at="2020-01-01T00:00Z")
    claims.claim(ReviewItem.objects.get(), grace)
    said = save(page, item, old, "Mine, later.")
    assert said.startswith("409 Your claim on this item has expired")
    assert WorkingText.objects.get().text == "Mine."
    forged = {**old, "claim_token": str(uuid.uuid4())}
    assert save(page, item, forged, "Mine.").startswith("409")


def test_a_save_that_comes_after_the_verdict_brings_nothing_back(page: Client, ada: User) -> None:
    item = make_item()
    form = held(item, ada)
    seen = Seen(
        claim_token=uuid.UUID(form["claim_token"]), revision=item.revision, digest=item.digest
    )
    decisions.send(item.pk, ada, seen, text="Hello.")
    assert save(page, item, form, "Hello").startswith("409 This item has been decided already")
    assert not WorkingText.objects.exists()
    assert Verdict.objects.count() == 1


def test_a_save_after_a_newer_message_is_refused(page: Client, ada: User) -> None:
    item = make_item()
    form = held(item, ada)
    add_message(item.ticket_id, NewMessage(body="One more thing"))
    assert save(page, item, form, "Hello").startswith("409 A newer message has come in")


def test_what_is_unreadable_beside_the_text_does_not_cost_the_text(page: Client, ada: User) -> None:
    item = make_item()
    said = save(page, item, held(item, ada), "Hello.", language="?", order_numbers="x" * 100)
    assert said.startswith("200")
    assert "not" in said
    assert WorkingText.objects.get().text == "Hello."
    assert save(page, item, {"claim_token": "none"}, "Hello.").startswith("422")


def test_a_text_too_long_to_send_is_not_saved(page: Client, ada: User) -> None:
    item = make_item()
    said = save(page, item, held(item, ada), "x" * 20_001)
    assert said.startswith("422 The reply is longer than 20,000 characters")


def test_a_person_who_cannot_see_the_item_saves_nothing(page: Client, grace: User) -> None:
    item = make_item(make_result(category="invoice", queue="billing"))
    assert save(page, item, held(item, grace), "Hello.").startswith("404")
