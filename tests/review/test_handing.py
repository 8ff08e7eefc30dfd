"""Handing an item on: to a queue, to a person, to a later time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from review import claims, errors, handing
from review.decisions import Seen
from review.handing import laters
from review.models import AuditEntry, Notification, Queue, ReviewItem
from tests.builders import make_item, make_person, make_queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

BERLIN = ZoneInfo("Europe/Berlin")


def claimed(item: ReviewItem, user: User) -> Seen:
    item = claims.claim(item, user)
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def audited(action: str) -> AuditEntry:
    return AuditEntry.objects.get(action=action)


@pytest.fixture
def lead(ada: User) -> User:
    return make_person("lena", "lead")


def test_escalating_hands_the_item_on_and_frees_it(ada: User) -> None:
    item = make_item()
    handing.escalate(item.pk, ada, claimed(item, ada), note="Wants a lawyer", text="So far.")
    item = ReviewItem.objects.select_related("working", "queue").get()
    assert (item.queue.slug, item.status, item.claimed_by) == ("care", "open", None)
    assert (item.priority, item.is_escalated, item.working.text) == (2, True, "So far.")
    assert "Wants a lawyer" in item.reasons[-1]["text"]
    assert not ReviewItem.objects.visible_to(ada).exists()


def test_escalating_to_a_person_keeps_it_for_them_and_tells_them(ada: User, lead: User) -> None:
    item = make_item()
    handing.escalate(item.pk, ada, claimed(item, ada), note="Yours?", to=lead)
    item.refresh_from_db()
    assert (item.assigned_to, item.queue.slug) == (lead, "care")
    told = Notification.objects.get()
    assert (told.user, told.kind, told.actor) == (lead, "assigned", ada)
    assert audited("item.escalated").detail["person"] == "lena"
    assert claims.claim_next(make_person("cary", "reviewer", make_queue("care"))) is None
    assert claims.claim_next(lead) == item


def test_nobody_without_authority_is_escalated_to(ada: User, grace: User) -> None:
    item = make_item()
    with pytest.raises(errors.UnknownPerson):
        handing.escalate(item.pk, ada, claimed(item, ada), to=grace)


def test_an_item_goes_to_any_other_queue_and_not_to_its_own(ada: User) -> None:
    item = make_item()
    seen = claimed(item, ada)
    with pytest.raises(errors.UnknownQueue):
        handing.escalate(item.pk, ada, seen, to=item.queue)
    handing.escalate(item.pk, ada, seen, to=Queue.objects.get(slug="billing"))
    item.refresh_from_db()
    assert item.queue.slug == "billing"


def test_a_queue_without_a_superior_needs_a_target(lead: User) -> None:
    item = make_item()
    ReviewItem.objects.update(queue=make_queue("care"))
    with pytest.raises(errors.NowhereToEscalate):
        handing.escalate(item.pk, lead, claimed(item, lead))


def test_assigning_keeps_the_item_for_a_colleague_who_sees_the_queue(
    ada: User, grace: User
) -> None:
    item = make_item()
    outsider = make_person("otto", "reviewer", make_queue("billing"))
    seen = claimed(item, ada)
    with pytest.raises(errors.UnknownPerson):
        handing.assign(item.pk, ada, seen, outsider)
    handing.assign(item.pk, ada, seen, grace, note="You know her.", text="Draft of mine")
    assert claims.claim_next(ada) is None
    assert claims.claim_next(grace) == item
    assert Notification.objects.get().user == grace
    assert audited("item.assigned").detail["note"] == "You know her."


def test_a_snoozed_item_is_offered_again_when_its_time_has_come(ada: User) -> None:
    item = make_item()
    until = timezone.now() + timedelta(hours=1)
    handing.snooze(item.pk, ada, claimed(item, ada), until)
    assert claims.claim_next(ada) is None
    assert audited("item.snoozed").detail["until"] == until.isoformat()
    handing.wake(item.pk, ada)
    assert claims.claim_next(ada) == item


@pytest.mark.parametrize("ahead", [timedelta(minutes=-1), timedelta(days=91)])
def test_a_time_that_is_over_or_far_away_is_refused(ada: User, ahead: timedelta) -> None:
    item = make_item()
    with pytest.raises(errors.UnfitMoment):
        handing.snooze(item.pk, ada, claimed(item, ada), timezone.now() + ahead)


@pytest.mark.parametrize(
    ("now", "offered"),
    [
        ("2026-11-25 09:10", ["We 10:10", "We 14:00", "Th 09:00", "Mo 09:00"]),
        ("2026-11-25 13:45", ["We 14:45", "Th 09:00", "Mo 09:00"]),
        ("2026-11-29 11:00", ["Su 12:00", "Su 14:00", "Mo 09:00"]),
        ("2026-10-24 23:30", ["Su 00:30", "Su 09:00", "Mo 09:00"]),
        ("2026-11-30 08:00", ["Mo 09:00", "Mo 14:00", "Tu 09:00", "Mo 09:00"]),
    ],
)
def test_the_times_on_offer_follow_the_queues_clock(now: str, offered: list[str]) -> None:
    here = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    shown = [later.at.astimezone(BERLIN) for later in laters(here.astimezone(UTC), BERLIN)]
    assert [f"{at:%a}"[:2] + f"{at: %H:%M}" for at in shown] == offered


def test_pages_hand_items_on(client: Client, ada: User, grace: User) -> None:
    client.force_login(ada)
    item, other = make_item(), make_item()
    seen = vars(claimed(item, ada))
    data = {**seen, "then": "next", "snooze_until": "2020-01-01T10:00"}
    assert client.post(f"/items/{item.pk}/snooze/", data).status_code == 422
    response = client.post(f"/items/{item.pk}/snooze/", {**data, "snooze": "hour"})
    assert response.headers["Location"] == f"/items/{other.pk}/"
    other.refresh_from_db()
    assert other.claimed_by == ada
    page = client.get(f"/items/{item.pk}/").content.decode()
    assert "Snoozed until" in page
    client.post(f"/items/{item.pk}/wake/")
    seen = vars(claimed(other, ada))
    data = {**seen, "assign_to": grace.pk, "then": "stay", "text": "My words"}
    response = client.post(f"/items/{other.pk}/assign/", data)
    assert response.headers["Location"] == f"/items/{other.pk}/"
    assert "handed to" in client.get(f"/items/{other.pk}/").content.decode()


def test_who_escalated_an_item_may_read_it_and_no_more(client: Client, ada: User) -> None:
    client.force_login(ada)
    item = make_item()
    data = {**vars(claimed(item, ada)), "escalate_note": "Lawyer", "text": "So far"}
    assert client.post(f"/items/{item.pk}/escalate/", data).headers["Location"] == "/"
    page = client.get(f"/items/{item.pk}/")
    assert page.status_code == 200
    assert "You may read it, not decide on it" in page.content.decode()
    assert client.post(f"/items/{item.pk}/claim/").status_code == 404
    stranger = make_person("otto", "reviewer", make_queue("billing"))
    client.force_login(stranger)
    assert client.get(f"/items/{item.pk}/").status_code == 404


def test_who_escalates_is_led_on_to_another_item(client: Client, lead: User) -> None:
    escalated, other = make_item(), make_item()
    client.force_login(lead)
    data = {**vars(claimed(escalated, lead)), "then": "next", "escalate_note": "Wants a lawyer."}
    answer = client.post(f"/items/{escalated.pk}/escalate/", data)
    assert answer["Location"] == f"/items/{other.pk}/"


def test_who_holds_an_item_is_led_back_to_it(client: Client, ada: User) -> None:
    """As after an undo: the item that had come meanwhile is still theirs."""
    held, decided = make_item(), make_item()
    claims.claim(held, ada)
    make_item()
    client.force_login(ada)
    data = {**vars(claimed(decided, ada)), "then": "next", "text": "Hello."}
    answer = client.post(f"/items/{decided.pk}/send/", data)
    assert answer["Location"] == f"/items/{held.pk}/"
