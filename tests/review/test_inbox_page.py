"""The inbox's page: its address, what its rows say, saved views, and where rows went."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent
from review.claims import claim
from review.decisions import Seen, reject
from review.handing import escalate
from review.inbox_filters import Filters
from review.intake import NewMessage, add_message
from review.models import Preferences, ReviewItem, SavedView
from tests.builders import make_item, make_person, make_queue, make_result, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


def opened(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def read(client: Client, path: str = "/", **query: str) -> str:
    return unescape(client.get(path, query).content.decode())


def subjects(client: Client, **query: str) -> list[str]:
    return [item.ticket.subject for item in client.get("/", query).context["page"].items]


def seen(item: ReviewItem) -> Seen:
    assert item.claim_token
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("", Filters()),
        ("status=open&sort=next", Filters()),
        ("whose=mine&sort=due", Filters(whose="mine", sort="due")),
        ("whose=theirs&status=x&age=9d", Filters()),
        ("text=+lost+parcel%00+&reason=urgent", Filters(text="lost parcel", reason="urgent")),
        ("category=refund&reason=urgent&clear=category", Filters(reason="urgent")),
    ],
)
def test_an_address_asks_for_what_is_known_in_one_way(query: str, filters: Filters) -> None:
    found = Filters.from_text(query)
    assert found == filters
    assert Filters.from_text(found.as_query()) == found


def test_filters_stand_in_the_address_and_in_the_form(ada: User) -> None:
    make_item(make_result(confidence=0.5), subject="Unsure one")
    make_item(subject="Sure one")
    page = opened(ada)
    assert subjects(page, confidence="unsure") == ["Unsure one"]
    text = read(page, confidence="unsure", sort="newest", queue="orders")
    assert '<option value="unsure" selected>' in text
    assert '<option value="newest" selected>' in text
    assert '<input type="hidden" name="queue" value="orders">' in text
    assert 'id="clear" href="/?queue=orders&sort=newest"' in text
    assert "Clear filters" not in read(page, queue="orders", sort="newest")


def test_reasons_and_categories_are_offered_in_words(ada: User) -> None:
    text = read(opened(ada), reason="check_made_up")
    assert '<option value="low_confidence">Low confidence</option>' in text
    assert '<option value="rule_legal_threat">Legal threat</option>' in text
    assert '<option value="check_made_up" selected>Check made up</option>' in text
    assert '<option value="delivery">Delivery</option>' in text
    assert '<option value="oos">Out of scope</option>' in text


def test_a_row_says_what_sets_it_apart_and_who_has_it(ada: User, grace: User) -> None:
    item = claim(make_item(make_result(confidence=0.5, urgency="high")), grace)
    ReviewItem.objects.update(is_correction=True, needs_second=True, kind="tool_call")
    text = read(opened(ada))
    row = text[text.index("item-row") : text.index("</li>")]
    for words in ("second person wanted", "urgent", "correction", "action", "0.50", "unsure"):
        assert words in row
    assert "Delivery" in row
    assert "grace" in row
    assert "Due " in row, "the exact time on hover"
    escalate(item.pk, grace, seen(item), note="needs a refund")
    assert "needs a refund" in read(opened(make_person("amira", "lead")))


def test_the_tabs_count_what_waits_and_whose_it_is(ada: User, grace: User) -> None:
    claim(make_item(), ada)
    make_item()
    ReviewItem.objects.filter(claimed_by=None).update(due_at=timezone.now() - timedelta(hours=1))
    make_item(make_result(queue="billing"))
    text = read(opened(grace))
    assert 'Orders <span class="quiet">2</span>' in text
    assert 'Billing <span class="quiet">1</span>' in text
    assert 'Unclaimed <span class="quiet">2</span>' in text
    assert ">1 over time</a>" in text
    assert 'Mine <span class="quiet">1</span>' in read(opened(ada))


def test_what_was_decided_and_superseded_is_found_again(ada: User) -> None:
    decided, superseded = make_item(subject="Decided one"), make_item(subject="Overtaken one")
    claim(decided, ada)
    reject(decided.pk, ada, seen(decided))
    add_message(superseded.ticket_id, NewMessage(body="Never mind"))
    page = opened(ada)
    assert subjects(page, status="decided") == ["Decided one"]
    assert "just now</time>" in read(page, status="decided")
    assert subjects(page, status="superseded") == ["Overtaken one"]
    assert "<span>Superseded</span>" in read(page, status="superseded")


def test_one_fragment_serves_every_swap_and_back_shows_the_whole_page(ada: User) -> None:
    make_item()
    page = opened(ada)
    part = page.get("/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    restore = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in page.get("/", headers=restore).content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"text": "<b>nowhere"}, "Nothing is found for “<bdi>&lt;b&gt;nowhere</bdi>”"),
        ({"category": "invoice"}, "Nothing matches these filters"),
        ({"whose": "snoozed"}, "Nothing is snoozed"),
        ({"queue": "orders"}, "Nothing is waiting in this queue"),
        ({}, "Nothing is waiting"),
    ],
)
def test_an_empty_list_says_what_to_do_next(ada: User, query: dict[str, str], words: str) -> None:
    assert words in opened(ada).get("/", query).content.decode()


def test_who_is_in_no_queue_is_told_so(installed: Agent) -> None:
    text = read(opened(make_person("new", "reviewer")))
    assert "You are in no queue yet" in text


def test_what_the_agent_still_reads_is_told(ada: User) -> None:
    make_ticket()
    assert "The agent is reading 1 ticket" in read(opened(ada))


def test_a_view_is_saved_shown_changed_and_deleted(ada: User) -> None:
    page = opened(ada)
    made = page.post("/views/", {"name": "Doubts", "query": "confidence=unsure&sort=&x=1"})
    assert made["Location"] == "/?confidence=unsure"
    view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared) == ("Doubts", "confidence=unsure", False)
    text = read(page, confidence="unsure")
    assert f'id="view-{view.pk}" href="/?confidence=unsure" aria-current' in text
    page.post("/views/", {"name": "Doubts", "query": "whose=mine"})
    assert SavedView.objects.get().query == "whose=mine", "saved over"
    page.post(f"/views/{view.pk}/", {"name": "My own"})
    assert SavedView.objects.get().name == "My own"
    page.post(f"/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_only_a_lead_shares_a_view_and_only_its_owner_changes_it(ada: User) -> None:
    lead = opened(make_person("amira", "lead"))
    lead.post("/views/", {"name": "Team", "query": "whose=escalated", "is_shared": "on"})
    page = opened(ada)
    page.post("/views/", {"name": "Private", "query": "whose=mine", "is_shared": "on"})
    assert [view.name for view in SavedView.objects.filter(is_shared=True)] == ["Team"]
    assert "by <bdi>amira</bdi>" in read(page)
    assert "Private" not in read(lead)
    team = SavedView.objects.get(name="Team")
    for path in (f"/views/{team.pk}/", f"/views/{team.pk}/delete/"):
        assert page.post(path, {"name": "Mine now"}).status_code == 404


def test_a_view_that_cannot_be_kept_says_why(ada: User) -> None:
    page = opened(ada)
    for name in ("One", "Two"):
        page.post("/views/", {"name": name, "query": f"text={name}"})
    two = SavedView.objects.get(name="Two")
    taken = page.post(f"/views/{two.pk}/", {"name": "One"}, follow=True)
    assert "a view of that name already" in taken.content.decode()
    long = page.post("/views/", {"name": "Long", "query": f"text={'ö' * 190}"}, follow=True)
    assert "too long to be saved" in long.content.decode()
    nameless = page.post("/views/", {"name": " ", "query": ""}, follow=True)
    assert "needs a name" in nameless.content.decode()
    for number in range(18):
        page.post("/views/", {"name": f"More {number}", "query": ""})
    full = page.post("/views/", {"name": "Too many", "query": ""}, follow=True)
    assert "as many saved views as there may be" in full.content.decode()
    assert SavedView.objects.count() == 20


def test_the_density_is_kept_with_the_person(ada: User) -> None:
    make_item()
    page = opened(ada)
    assert 'data-density="comfortable"' in read(page)
    moved = page.post("/density/", {"density": "compact", "query": "whose=unclaimed"})
    assert moved["Location"] == "/?whose=unclaimed"
    assert 'data-density="compact"' in read(opened(ada))
    page.post("/density/", {"density": "tiny"})
    assert Preferences.objects.get(user=ada).density == "comfortable"


def test_rows_that_left_say_where_they_went(ada: User, grace: User) -> None:
    items = [make_item() for _ in range(5)]
    claim(items[0], grace)
    reject(items[0].pk, grace, seen(items[0]))
    add_message(items[1].ticket_id, NewMessage(body="Never mind"))
    claim(items[2], grace)
    ReviewItem.objects.filter(pk=items[3].pk).update(
        snoozed_until=timezone.now() + timedelta(hours=2)
    )
    claim(items[4], grace)
    escalate(items[4].pk, grace, seen(items[4]))
    hidden = make_item(make_result(queue="billing"))
    ids = ",".join(str(item.pk) for item in [*items, hidden])
    text = read(opened(ada), "/gone/", ids=f"{ids},nonsense,-1,99999999999999999999")
    for item, words in zip(
        [*items, hidden],
        (
            "grace rejected it",
            "A newer message has come in",
            "grace took it",
            "Snoozed until",
            "It has left your queues",
            "It has left your queues",
        ),
        strict=True,
    ):
        assert f'<li data-gone="{item.pk}">{words}' in text


def test_the_inbox_stays_within_its_queries(
    installed: Agent, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    lead = make_person("amira", "lead", make_queue("orders"))
    page = opened(lead)
    for number in range(12):
        make_item(make_result(queue=("orders", "billing")[number % 2]))
        SavedView.objects.create(owner=lead, name=str(number), query="whose=mine")
    for query in ({}, {"text": "parcel", "queue": "orders", "reason": "not_trusted"}):
        with django_assert_max_num_queries(15):
            page.get("/", query)
