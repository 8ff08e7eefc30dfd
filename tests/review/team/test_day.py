"""One's own day."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User

from review import correcting
from review.claims import claim
from review.decisions import reject, send
from review.models import Delivery
from review.undoing import undo
from tests.builders import DRAFT, make_item, make_person
from tests.review.team.conftest import HOUR, MINUTE, START, at, logged_in, seen

pytestmark = pytest.mark.django_db

HEAVY = "Hi Ada,\n\nYour letter leaves today and may arrive on Saturday.\n\nKind regards,\nSupport"


def test_my_day_says_what_is_done_and_how(ada: User, clock: time_machine.Traveller) -> None:
    for text in (DRAFT, DRAFT.replace("Friday", "Saturday"), HEAVY):
        item = claim(make_item(), ada)
        clock.shift(2 * MINUTE)
        send(item.pk, ada, seen(item), text=text)
    rejected = claim(make_item(subject="Cheap watches"), ada)
    clock.shift(4 * MINUTE)
    reject(rejected.pk, ada, seen(rejected))
    clock.shift(9 * HOUR)
    text = at("/day/", ada)
    assert "4 done today" in text
    assert "<dt>Edited</dt><dd>2 of 3</dd>" in text
    assert "under 3 edits: 2 of 3" in text
    assert "<dd>2 min</dd>" in text
    assert "<dt>In time</dt><dd>3 of 3</dd>" in text
    assert "Cheap watches" in text
    assert "Sent with 1 edit" in text


def test_a_draft_that_was_corrected_after_it_was_sent_is_no_success(
    ada: User, clock: time_machine.Traveller
) -> None:
    item = claim(make_item(), ada)
    send(item.pk, ada, seen(item), text=DRAFT)
    Delivery.objects.update(state="sent", sent_at=START)
    assert "under 3 edits: 1 of 1" in at("/day/", ada)
    item = correcting.begin(item.pk, ada)
    send(item.pk, ada, seen(item), text="Not on Friday: on Monday.")
    text = at("/day/", ada)
    assert "1 done today" in text
    assert "under 3 edits: 0 of 1" in text


def test_what_was_undone_or_done_by_others_is_not_in_my_day(
    ada: User, grace: User, clock: time_machine.Traveller
) -> None:
    item = claim(make_item(), ada)
    verdict = send(item.pk, ada, seen(item), text=DRAFT)
    assert verdict is not None
    undo(verdict.pk, ada)
    other = claim(make_item(), grace)
    send(other.pk, grace, seen(other), text=DRAFT)
    text = at("/day/", ada)
    assert "Nothing done yet today" in text
    assert "Taken back" in text
    assert "One open item is yours." in text


def test_my_day_is_compared_with_my_days_of_two_weeks(
    ada: User, clock: time_machine.Traveller
) -> None:
    for days in (20, 3, 3, 2):
        clock.move_to(START - timedelta(days=days))
        item = claim(make_item(), ada)
        clock.shift(3 * MINUTE)
        send(item.pk, ada, seen(item), text=DRAFT)
    clock.move_to(START)
    text = at("/day/", ada)
    assert "On your 2 days of the last two weeks: 2 done a day, 3 min an item" in text
    assert "0 of 3 of the drafts edited" in text


def test_a_late_reply_is_said_to_be_late(ada: User, clock: time_machine.Traveller) -> None:
    item = claim(make_item(), ada)
    clock.shift(8 * HOUR + MINUTE)
    item = claim(item, ada)
    send(item.pk, ada, seen(item), text=DRAFT)
    text = at("/day/", ada)
    assert "<dt>In time</dt><dd>0 of 1</dd>" in text
    assert ">late</span>" in text


def test_my_day_is_for_those_who_decide(lea: User) -> None:
    assert logged_in(make_person("mo", "manager")).get("/day/").status_code == 403
