"""What a reviewer puts right beside the text becomes labels, and nothing else does."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.evals.models import Label
from review import claims, decisions, errors, signatures, undoing
from review.corrections import Corrections, Fields
from review.decisions import Seen
from review.models import AuditEntry, ReviewItem, Ticket, Verdict, WorkingText
from tests.builders import DRAFT, make_item, make_queue, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

FOUND = {"order_numbers": ["A-1"], "products": [], "language": "en", "urgency": "normal"}
EDITED = DRAFT.replace("Friday", "Monday")


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def item(installed: object) -> ReviewItem:
    return make_item(make_result(fields=FOUND))


def seen_by(item: ReviewItem, user: User) -> Seen:
    item = claims.claim(ReviewItem.objects.get(pk=item.pk), user)
    assert isinstance(item.claim_token, uuid.UUID)
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def sent(item: ReviewItem, user: User, text: str = DRAFT, **corrected: Any) -> Verdict:
    verdict = decisions.send(
        item.pk, user, seen_by(item, user), text=text, corrections=Corrections(**corrected)
    )
    assert verdict is not None
    return verdict


def labels() -> dict[str, Any]:
    """What stands as right, task by task."""
    standing = Label.objects.filter(label__isnull=True).exclude(task="draft")
    return {label.task: label.expected.content for label in standing if label.expected}


def test_choices_left_as_the_agent_made_them_are_nobodys_word(ada: User, item: ReviewItem) -> None:
    sent(item, ada, category="delivery", queue="orders", fields=Fields.of(FOUND))
    assert labels() == {}
    assert not AuditEntry.objects.filter(action="ticket.rerouted").exists()


def test_each_thing_put_right_is_a_label_and_the_ticket_follows_its_queue(
    ada: User, item: ReviewItem
) -> None:
    right = Fields(order_numbers=("A-1", "A-2"), language="de", urgency="high")
    sent(item, ada, EDITED, category="invoice", queue="billing", fields=right, edit_reason="fact")
    assert labels() == {
        "classify": "invoice",
        "route": "billing",
        "extract": right.as_json(),
        "edit_reason": "fact",
    }
    ticket = Ticket.objects.get()
    assert (ticket.queue, ticket.category) == (make_queue("billing"), "invoice")
    entry = AuditEntry.objects.get(action="ticket.rerouted")
    assert (entry.actor, entry.detail) == (ada, {"to": "billing", "was": "orders"})


def test_a_rejection_corrects_too(ada: User, item: ReviewItem) -> None:
    corrected = Corrections(queue="billing", edit_reason="tone")
    decisions.reject(item.pk, ada, seen_by(item, ada), corrections=corrected)
    assert labels() == {"route": "billing"}  # nothing was edited, so no reason of edits


def test_a_reason_without_edits_is_none(ada: User, item: ReviewItem) -> None:
    sent(item, ada, edit_reason="tone")
    assert labels() == {}


def test_a_queue_that_is_gone_stops_the_verdict(ada: User, item: ReviewItem) -> None:
    with pytest.raises(errors.UnknownQueue):
        sent(item, ada, queue="nowhere")
    assert not Verdict.objects.exists()


def test_undoing_takes_the_corrections_back(ada: User, item: ReviewItem) -> None:
    verdict = sent(item, ada, EDITED, queue="billing", edit_reason="fact")
    undoing.undo(verdict.pk, ada)
    assert labels() == {}
    assert Ticket.objects.get().queue == make_queue("orders")
    sent(item, ada, EDITED, edit_reason="tone")
    assert labels() == {"edit_reason": "tone"}


def posted(item: ReviewItem, user: User, **more: str) -> dict[str, str]:
    seen = seen_by(item, user)
    fields = {"order_numbers": "A-1", "products": "", "language": "en", "urgency": "normal"}
    return {
        "claim_token": str(seen.claim_token),
        "revision": str(seen.revision),
        "digest": seen.digest,
        "text": EDITED,
        "queue": "orders",
        "category": "delivery",
        **fields,
        **more,
    }


def test_the_page_posts_what_was_put_right(page: Client, ada: User, item: ReviewItem) -> None:
    form = posted(item, ada, order_numbers=" A-1,  A 2 ,A-1,", edit_reason="too_long")
    assert page.post(f"/items/{item.pk}/send/", form).status_code in {302, 303}
    assert labels()["extract"]["order_numbers"] == ["A-1", "A 2"]
    assert labels()["edit_reason"] == "too_long"


def test_a_reason_nobody_knows_never_stands_in_the_way(
    page: Client, ada: User, item: ReviewItem
) -> None:
    page.post(f"/items/{item.pk}/send/", posted(item, ada, edit_reason="mood"))
    assert Verdict.objects.exists()
    assert "edit_reason" not in labels()


def test_what_is_refused_keeps_every_choice_on_the_page(
    page: Client, ada: User, item: ReviewItem
) -> None:
    form = posted(item, ada, queue="billing", language="de", edit_reason="fact", text=" ")
    answer = page.post(f"/items/{item.pk}/send/", form)
    assert answer.status_code == 422
    chosen = answer.context["desk"].chosen
    assert (chosen.queue, chosen.fields.language, chosen.edit_reason) == ("billing", "de", "fact")


def test_the_reason_can_be_said_after_sending_and_is_asked_for_once(
    page: Client, ada: User, grace: User, item: ReviewItem
) -> None:
    verdict = sent(item, ada, EDITED)
    assert "Why the edits?" in page.get("/sent/").content.decode()
    stranger = Client()
    stranger.force_login(grace)
    url = f"/verdicts/{verdict.pk}/reason/"
    assert stranger.post(url, {"reason": "fact"}).status_code == 404
    assert page.post(url, {"reason": "mood"}).status_code == 400
    assert page.post(url, {"reason": "fact", "back": "/sent/"})["Location"] == "/sent/"
    assert page.post(url, {"reason": "tone", "back": "//evil.example/"})["Location"] == "/"
    assert labels() == {"edit_reason": "tone"}
    assert "Why the edits?" not in page.get("/sent/").content.decode()
    undoing.undo(verdict.pk, ada)
    assert page.post(url, {"reason": "fact"}).status_code == 404
    assert labels() == {}


def test_a_draft_sent_as_it_was_is_not_asked_about(
    page: Client, ada: User, item: ReviewItem
) -> None:
    sent(item, ada)
    assert "Why the edits?" not in page.get("/sent/").content.decode()


def test_a_signature_goes_out_and_is_no_edit(page: Client, ada: User, item: ReviewItem) -> None:
    orders = make_queue("orders")
    page.post("/me/", {"every": "Ada\r\nSupport", f"queue-{orders.pk}": "Ada, Orders"})
    assert signatures.signature_of(ada, make_queue("billing")) == "Ada\nSupport"
    shown = page.get(f"/items/{item.pk}/").content.decode()
    assert "Ada, Orders" not in shown  # not before it is claimed
    claims.claim(item, ada)
    assert "Ada, Orders" in page.get(f"/items/{item.pk}/").content.decode()
    verdict = sent(item, ada)
    assert (verdict.kind, verdict.edit_operations, verdict.words_kept_ratio) == ("approve", 0, 1.0)
    assert verdict.final is not None
    assert verdict.final.content == f"{DRAFT}\n\n-- \nAda, Orders"
    undoing.undo(verdict.pk, ada)
    assert WorkingText.objects.get().text == DRAFT
    again = sent(item, ada, f"{DRAFT}\n\n-- \nBy hand")
    assert again.final is not None
    assert again.final.content == f"{DRAFT}\n\n-- \nBy hand"


def test_a_signature_too_long_is_refused_and_an_empty_one_is_none(page: Client, ada: User) -> None:
    page.post("/me/", {"every": "Ada"})
    answer = page.post("/me/", {"every": "x" * 501})
    assert answer.status_code == 422
    assert "at most 500 characters" in answer.content.decode()
    assert signatures.signature_of(ada, make_queue("orders")) == "Ada"
    page.post("/me/", {"every": "  "})
    assert not ada.signatures.exists()
