"""Sharing out work."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from review.claims import claim
from review.models import AuditEntry, Notification, ReviewItem
from review.team.dealing import deal
from tests.builders import make_item, make_person, make_queue, make_result
from tests.review.team.conftest import MINUTE, START, logged_in

pytestmark = pytest.mark.django_db


def preview(client: Client, **asked: Any) -> list[str]:
    """The shares that a preview names."""
    import re

    response = client.get("/team/share/", asked)
    assert response.status_code == 200
    return re.findall(r'name="share" value="([^"]*)"', response.content.decode())


def test_the_most_urgent_items_move_to_another_queue(
    lea: User, ada: User, clock: time_machine.Traveller
) -> None:
    billing = make_queue("billing")
    billing.target_normal_min = 30
    billing.save()
    first = make_item(subject="Oldest")
    claimed = claim(make_item(), ada)
    clock.shift(MINUTE)
    second, third = make_item(), make_item(subject="Newest")
    client = logged_in(lea)
    asked = {"source": "queue:orders", "to": "queue:billing", "count": 2}
    shares = preview(client, **asked)
    assert shares == [f"{first.pk}:", f"{second.pk}:"]
    claim(second, ada)  # somebody was faster
    text = client.post("/team/share/", asked | {"share": shares}, follow=True).content.decode()
    assert "1 item moved to Billing; 1 was taken by somebody meanwhile." in text
    moved = ReviewItem.objects.select_related("ticket__queue").get(pk=first.pk)
    assert moved.queue == moved.ticket.queue == billing
    assert moved.due_at == START + 30 * MINUTE
    entry = AuditEntry.objects.get(action="item.moved")
    assert (entry.actor_name, entry.detail) == ("lea", {"to": "billing", "was": "orders"})
    for other in (claimed, second, third):
        other.refresh_from_db()
        assert other.queue.slug == "orders"


def test_people_get_equal_parts_and_are_told_once(
    lea: User, ada: User, grace: User, clock: time_machine.Traveller
) -> None:
    make_person("other", "reviewer", make_queue("billing"))
    items = [make_item() for _ in range(4)]
    client = logged_in(lea)
    asked: dict[str, Any] = {"source": "queue:orders", "to": "people", "count": 4}
    page = client.get("/team/share/", asked).content.decode()
    assert "Choose who gets them" in page
    assert f'value="{ada.pk}"' in page
    assert "other" not in page[page.index("<fieldset") : page.index("</fieldset>")]
    shares = preview(client, **asked, people=[ada.pk, grace.pk])
    assert [share.split(":")[1] for share in shares] == [str(ada.pk), str(grace.pk)] * 2
    client.post("/team/share/", asked | {"people": [ada.pk, grace.pk], "share": shares})
    assert [ReviewItem.objects.filter(assigned_to=who).count() for who in (ada, grace)] == [2, 2]
    assert AuditEntry.objects.filter(action="item.assigned").count() == 4
    told = Notification.objects.get(user=ada)
    assert (told.text, told.item_id) == ("lea handed you 2 items.", items[0].pk)


def test_what_was_kept_for_a_person_goes_back_to_anybody(lea: User, ada: User) -> None:
    item = make_item()
    ReviewItem.objects.filter(pk=item.pk).update(assigned_to=ada)
    client = logged_in(lea)
    asked = {"source": f"person:{ada.pk}", "to": "anybody", "count": 5}
    shares = preview(client, **asked)
    client.post("/team/share/", asked | {"share": shares})
    item.refresh_from_db()
    assert item.assigned_to is None
    assert AuditEntry.objects.filter(action="item.unassigned").count() == 1


def test_nobody_gets_what_they_may_not_see(lea: User, ada: User) -> None:
    item = make_item(make_result(queue="billing", category="invoice"))
    forged = {"source": "queue:billing", "to": "people", "count": 1, "people": [ada.pk]}
    text = logged_in(lea).post("/team/share/", forged | {"share": f"{item.pk}:{ada.pk}"})
    assert text.status_code == 302
    item.refresh_from_db()
    assert item.assigned_to is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"source": "queue:nowhere"}, "Choose where they come from."),
        ({"source": "person:9999999999999"}, "Choose where they come from."),
        ({"to": "queue:nowhere"}, "Choose where they go."),
        ({"to": "queue:orders"}, "They are there already."),
        ({"to": "anybody"}, "They are there already."),
        ({"count": "0"}, "Give a number from 1 on."),
        ({"count": "201"}, "At most 200 at a time."),
        ({"count": "many"}, "Give a number."),
    ],
)
def test_what_cannot_be_shared_out_is_said(lea: User, asked: dict[str, str], said: str) -> None:
    good = {"source": "queue:orders", "to": "queue:billing", "count": "5"}
    response = logged_in(lea).get("/team/share/", good | asked)
    assert response.status_code == 422
    assert said in response.content.decode()


@given(
    st.lists(st.integers(), unique=True, max_size=30),
    st.dictionaries(st.integers(1, 9), st.integers(0, 50), min_size=1),
)
def test_everybody_gets_the_same_number_give_or_take_one(
    items: list[int], load: dict[int, int]
) -> None:
    dealt = deal(items, load)
    assert [item for item, _ in dealt] == items
    counts = {who: sum(person == who for _, person in dealt) for who in load}
    assert max(counts.values()) - min(counts.values()) <= 1
    if items:
        assert load[dealt[0][1]] == min(load.values())
