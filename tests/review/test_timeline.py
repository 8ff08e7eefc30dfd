"""The timeline: everything that happened to a ticket, in words a colleague understands."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from review import audit, decisions, outcomes
from review.claims import claim
from review.handing import escalate
from review.intake import NewMessage, add_message
from review.models import Comment, Queue, ReviewItem, ReviewPayload
from review.timeline import MOST_EVENTS, timeline_of
from review.timeline_words import of_entry
from review.undoing import undo
from tests.builders import DRAFT, make_item, make_person, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


def told(item: ReviewItem) -> list[str]:
    """What the timeline says, oldest first, each with its note."""
    names = dict(Queue.objects.values_list("slug", "name"))
    events = reversed(timeline_of(item.ticket, names).events)
    return [f"{event.text}: {event.note}" if event.note else event.text for event in events]


def seen(item: ReviewItem) -> decisions.Seen:
    item.refresh_from_db()
    assert item.claim_token is not None
    return decisions.Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def test_a_ticket_from_its_message_to_its_sent_reply(ada: User) -> None:
    start = timezone.now()
    with time_machine.travel(start) as clock:
        item = make_item(body="Where is it?", customer_name="Tom Berg")
        clock.shift(60)
        claim(item, ada)
        clock.shift(60)
        edited = DRAFT.replace("tomorrow", "today")
        first = decisions.send(item.pk, ada, seen(item), text=edited)
        assert first is not None
        clock.shift(1)
        undo(first.pk, ada)
        clock.shift(60)
        second = decisions.send(item.pk, ada, seen(item), text=DRAFT)
        assert second is not None
        clock.shift(timedelta(minutes=5))
        outcomes.deliver(second.delivery.pk)
    assert told(item) == [
        "Tom Berg wrote: Where is it?",
        "The ticket came in",
        "The agent read the conversation",
        "It was put before a person",
        "ada took it",
        "ada edited and countersigned it, with 1 edit",
        "ada took it back before it left",
        "ada countersigned the draft as it was",
        "The reply was sent: Kept in this console; nothing left it.",
    ]


def test_what_is_handed_on_says_to_whom_and_why(ada: User) -> None:
    item = claim(make_item(), ada)
    escalate(item.pk, ada, seen(item), note="Asks for a lawyer")
    assert "ada escalated it to Care: Asks for a lawyer" in told(item)


def test_newer_messages_rejections_and_comments_are_told(ada: User) -> None:
    item = make_item()
    body = ReviewPayload.objects.create(content="Ask   the\nworkshop")
    Comment.objects.create(ticket=item.ticket, author=ada, body=body)
    add_message(item.ticket_id, NewMessage(body="Still nothing", external_id="m2"))
    text = told(item)
    assert "ada commented: Ask the workshop" in text
    assert "A newer message replaced the draft" in text
    assert "Ada Lovelace wrote: Still nothing" in text
    other = claim(make_item(), ada)
    decisions.reject(other.pk, ada, seen(other), reason="Spam")
    assert "ada rejected it: Spam" in told(other)


def test_an_action_without_words_of_its_own_is_told_all_the_same(ada: User) -> None:
    item = make_item()
    audit.record(ada, "item.put_aside", item)
    assert told(item)[-1] == "ada: put aside"
    assert of_entry("item.moved", "ada", {}) == "ada moved it to somewhere else"
    assert of_entry("item.assigned", "ada", {"to": "{who}"}) == "ada handed it to {who}"


def test_a_long_story_takes_no_more_queries_and_says_that_it_is_cut(
    ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    item = make_item(messages=[NewMessage(body=f"Message {n}") for n in range(MOST_EVENTS + 5)])
    page = Client()
    page.force_login(ada)
    with django_assert_max_num_queries(8):
        text = page.get(
            f"/items/{item.pk}/timeline/", headers={"HX-Request": "true"}
        ).content.decode()
    assert "Older events are left out" in text
    assert "<html" not in text
    assert "<html" in page.get(f"/items/{item.pk}/timeline/").content.decode()


def test_the_timeline_is_for_those_who_see_the_item(installed: object, ada: User) -> None:
    item = make_item(make_result(queue="billing", category="invoice"))
    page = Client()
    page.force_login(ada)
    assert page.get(f"/items/{item.pk}/timeline/").status_code == 404
    page.force_login(make_person("amira", "lead"))
    assert page.get(f"/items/{item.pk}/timeline/").status_code == 200
