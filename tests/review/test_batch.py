"""Several items of one category countersigned together, each for itself and each read first."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review.claims import claim
from review.intake import NewMessage, add_message
from review.models import AuditEntry, Delivery, ReviewItem, Verdict
from tests.builders import DRAFT, make_item, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


def taken(client: Client, *items: ReviewItem) -> str:
    """Claim the items as the inbox does and return the page that shows them."""
    response = client.post("/batch/", {"ids": [item.pk for item in items]}, follow=True)
    for item in items:
        item.refresh_from_db()
    return response.content.decode()


def form(*items: ReviewItem, opened: Any = None, **extra: Any) -> dict[str, Any]:
    """Return what the page posts. opened: those that were, all when not said."""
    fields: dict[str, Any] = {
        "ids": [item.pk for item in items],
        "opened": [item.pk for item in (items if opened is None else opened)],
    }
    for item in items:
        fields |= {
            f"{item.pk}-claim_token": str(item.claim_token),
            f"{item.pk}-revision": item.revision,
            f"{item.pk}-digest": item.digest,
            f"{item.pk}-text": DRAFT,
        }
    return fields | extra


def kinds() -> Mapping[int, str]:
    return dict(Verdict.objects.values_list("item_id", "kind"))


def test_each_opened_draft_is_its_own_verdict(ada: User, client: Client) -> None:
    items = [make_item() for _ in range(3)]
    client.force_login(ada)
    assert "Delivery: 3 together" in taken(client, *items)
    posted = form(*items) | {f"{items[1].pk}-text": DRAFT + " Bye"}
    page = client.post("/batch/approve/", posted, follow=True).content.decode()
    assert kinds() == {items[0].pk: "approve", items[1].pk: "edit", items[2].pk: "approve"}
    assert Delivery.objects.filter(state="due").count() == 3
    assert "Approved 3 together." in page
    assert "Undo all 3" in page


def test_what_was_never_opened_is_not_sent_but_asked_for_again(ada: User, client: Client) -> None:
    items = [make_item() for _ in range(3)]
    client.force_login(ada)
    taken(client, *items)
    posted = form(*items, opened=items[:1]) | {f"{items[2].pk}-text": "My own words."}
    page = client.post("/batch/approve/", posted).content.decode()
    assert set(kinds()) == {items[0].pk}
    assert "2 of 3 you have not opened" in page
    assert "Approve 2 unread" in page
    assert f"card-{items[0].pk}" not in page
    assert "My own words." in page
    rest = form(*items[1:], opened=[], unread="yes")
    client.post("/batch/approve/", rest)
    assert len(kinds()) == 3
    assert AuditEntry.objects.filter(action="item.approved_unread").count() == 2


def test_what_is_left_out_stays_with_the_person(ada: User, client: Client) -> None:
    items = [make_item() for _ in range(2)]
    client.force_login(ada)
    taken(client, *items)
    page = client.post("/batch/approve/", form(*items, out=[items[1].pk]), follow=True)
    assert set(kinds()) == {items[0].pk}
    assert "still yours" in page.content.decode()
    items[1].refresh_from_db()
    assert items[1].is_held_by(ada.pk, timezone.now())


def test_one_refusal_stops_no_other_and_keeps_its_text(ada: User, client: Client) -> None:
    items = [make_item() for _ in range(3)]
    client.force_login(ada)
    taken(client, *items)
    add_message(items[1].ticket_id, NewMessage(body="Wait, it came."))
    ReviewItem.objects.filter(pk=items[2].pk).update(claim_expires_at=timezone.now())
    typed = {f"{item.pk}-text": "Typed with care." for item in items[1:]}
    posted = form(*items) | typed
    response = client.post("/batch/approve/", posted)
    page = response.content.decode()
    assert response.status_code == 409
    assert set(kinds()) == {items[0].pk}
    assert "1 reply was approved." in page
    assert "2 were refused" in page
    assert "Your claim on this item" in page
    assert page.count("Typed with care.") == 2
    # Claimed anew, it goes on from there.
    again = {"ids": [str(items[2].pk)], f"{items[2].pk}-text": "Typed with care."}
    page = client.post("/batch/", again, follow=True).content.decode()
    assert "Typed with care." in page


def test_the_server_takes_one_category_only(ada: User, grace: User, client: Client) -> None:
    orders = make_item()
    billing = make_item(make_result(category="invoice", queue="billing"))
    client.force_login(grace)
    page = taken(client, orders, billing)
    assert "Only one category goes together" in page
    assert orders.claimed_by is None
    claim(orders, grace)
    claim(billing, grace)
    assert client.post("/batch/approve/", form(orders, billing)).status_code == 422
    assert kinds() == {}


def test_what_does_not_fit_says_why_and_is_not_claimed(
    ada: User, grace: User, client: Client
) -> None:
    free, held, second = make_item(), claim(make_item(), grace), make_item()
    ReviewItem.objects.filter(pk=second.pk).update(needs_second=True)
    client.force_login(ada)
    page = taken(client, free, held, second)
    assert free.claimed_by == ada
    assert held.claimed_by == grace
    assert second.claimed_by is None
    assert "grace holds it." in page
    assert "It needs a second person." in page
    assert f"card-{free.pk}" in page


def test_a_link_to_a_batch_claims_nothing_by_itself(ada: User, client: Client) -> None:
    item = make_item()
    client.force_login(ada)
    assert "Claim it" in client.get(f"/batch/?ids={item.pk}").content.decode()
    item.refresh_from_db()
    assert item.claimed_by is None
    assert client.get("/batch/?ids=x,,9999999999999999999999").status_code == 200


def test_more_like_these_are_of_the_same_category_and_queue(ada: User, client: Client) -> None:
    first, second = make_item(), make_item()
    other = make_item(make_result(category="invoice"))
    client.force_login(ada)
    assert "1 more like these" in taken(client, first)
    client.post("/batch/more/", {"ids": first.pk})
    second.refresh_from_db()
    other.refresh_from_db()
    assert (second.claimed_by, other.claimed_by) == (ada, None)


def test_a_batch_is_undone_at_once(ada: User, client: Client) -> None:
    items = [make_item() for _ in range(2)]
    client.force_login(ada)
    taken(client, *items)
    client.post("/batch/approve/", form(*items))
    ids = list(Verdict.objects.values_list("pk", flat=True))
    page = client.post("/batch/undo/", {"verdicts": ids}, follow=True).content.decode()
    assert "Undone 2." in page
    assert "Delivery: 2 together" in page
    assert set(Delivery.objects.values_list("state", flat=True)) == {"undone"}


def test_what_is_asked_for_again_is_undone_with_the_rest_and_another_batch_is_not(
    ada: User, client: Client
) -> None:
    client.force_login(ada)
    items = [make_item() for _ in range(5)]
    taken(client, *items)
    client.post("/batch/approve/", form(*items[:3], opened=items[:1]))
    client.post("/batch/approve/", form(*items[1:3], again="yes"))
    assert "Undo all 3" in client.get("/").content.decode()
    client.post("/batch/approve/", form(*items[3:]))
    page = client.get("/").content.decode()
    assert page.index("Undo all 2") < page.index("Undo all 3")  # the key goes to the latest
    assert page.count('class="toast undo-all"') == 2


def test_releasing_a_batch_keeps_what_was_written(ada: User, client: Client) -> None:
    items = [make_item() for _ in range(2)]
    client.force_login(ada)
    taken(client, *items)
    client.post("/batch/release/", form(*items) | {f"{items[0].pk}-text": "Half a reply"})
    items[0].refresh_from_db()
    assert items[0].claimed_by is None
    assert items[0].working.text == "Half a reply"


def test_a_page_of_many_costs_no_more_queries_than_of_few(ada: User, client: Client) -> None:
    client.force_login(ada)
    few = [make_item() for _ in range(2)]
    taken(client, *few)
    with CaptureQueriesContext(connection) as two:
        client.get(f"/batch/?ids={few[0].pk},{few[1].pk}")
    many = [*few, *(make_item() for _ in range(4))]
    taken(client, *many)
    with CaptureQueriesContext(connection) as six:
        client.get("/batch/?ids=" + ",".join(str(item.pk) for item in many))
    assert len(two) == len(six) <= 15


def test_only_those_who_decide_review_together(ada: User, client: Client) -> None:
    item = make_item()
    ada.groups.clear()
    client.force_login(ada)
    assert client.post("/batch/", {"ids": item.pk}).status_code == 403
    assert client.post("/batch/approve/", form(item)).status_code == 403
