"""The console's pages, short of a browser: who sees what, what is said, what is kept."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent
from review import inbox
from review.claims import claim
from review.intake import NewMessage, add_message
from review.models import Delivery, ReviewItem, Verdict
from tests.builders import DRAFT, make_item, make_person, make_queue, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def form(item: ReviewItem, **fields: str) -> dict[str, str]:
    item.refresh_from_db()
    seen = {
        "claim_token": str(item.claim_token),
        "revision": str(item.revision),
        "digest": item.digest,
    }
    return seen | {"text": DRAFT, "category": "delivery"} | fields


@pytest.mark.parametrize("path", ["/", "/sent/", "/items/1/", "/runs/1/", "/items/1/standing/"])
def test_every_page_needs_a_login(installed: Agent, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_nobody_can_sign_up(installed: Agent) -> None:
    body = {"username": "eve", "password1": "a long enough password"}
    Client().post("/accounts/signup/", body)
    assert not User.objects.filter(username="eve").exists()


def test_the_inbox_holds_the_items_of_ones_queues_alone(page: Client) -> None:
    mine = make_item(subject="Of my queue")
    make_item(make_result(queue="billing", category="invoice"), subject="Of another queue")
    text = page.get("/").content.decode()
    assert mine.ticket.subject in text
    assert "Of another queue" not in text


def test_an_item_of_another_queue_is_not_there_at_all(page: Client) -> None:
    other = make_item(make_result(queue="billing"))
    for path in ("", "standing/"):
        assert page.get(f"/items/{other.pk}/{path}").status_code == 404
    for path in ("claim/", "send/", "reject/", "escalate/", "diff/", "release/"):
        assert page.post(f"/items/{other.pk}/{path}", {}).status_code == 404
    assert page.get(f"/runs/{other.run_id}/").status_code == 404


@pytest.mark.parametrize("action", ["send", "reject", "escalate", "snooze", "assign"])
def test_who_lost_the_queue_decides_nothing_more_in_it(
    page: Client, ada: User, grace: User, action: str
) -> None:
    item = claim(make_item(), ada)
    ada.queues.clear()
    fields = {"snooze": "hour", "assign_to": str(grace.pk), "note": "Please look."}
    assert page.post(f"/items/{item.pk}/{action}/", form(item, **fields)).status_code == 404
    item.refresh_from_db()
    assert (item.status, item.queue.slug, item.claimed_by) == ("open", "orders", ada)


def test_a_manager_sees_everything_and_decides_nothing(installed: Agent) -> None:
    item = make_item()
    client = Client()
    client.force_login(make_person("clara", "manager"))
    assert item.ticket.subject in client.get(f"/items/{item.pk}/").content.decode()
    for path in (f"items/{item.pk}/claim", f"items/{item.pk}/send", "next"):
        assert client.post(f"/{path}/").status_code == 403


def test_claim_edit_send_and_undo(page: Client, ada: User) -> None:
    item = make_item()
    page.post(f"/items/{item.pk}/claim/")
    text = DRAFT.replace("tomorrow", "today")
    response = page.post(f"/items/{item.pk}/send/", form(item, text=text), follow=True)
    assert "Reply to <bdi>Ada Lovelace</bdi> leaves in" in response.content.decode()
    verdict = Verdict.objects.get()
    assert (verdict.kind, verdict.edit_operations) == ("edit", 1)
    page.post(f"/verdicts/{verdict.pk}/undo/")
    assert Delivery.objects.get().state == "undone"
    item.refresh_from_db()
    assert (item.status, item.claimed_by) == ("open", ada)
    assert "today" in page.get(f"/items/{item.pk}/").context["text"], "the edit is not lost"


def test_a_lapsed_claim_is_said_and_the_text_kept(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    ReviewItem.objects.update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    response = page.post(f"/items/{item.pk}/send/", form(item, text="Typed for minutes"))
    text = response.content.decode()
    assert response.status_code == 409
    assert "expired or was taken over" in text
    assert "Typed for minutes" in text
    assert "Claim again" in text
    again = page.post(f"/items/{item.pk}/claim/", {"text": "Typed for minutes"})
    assert "Typed for minutes" in again.content.decode()
    assert not Verdict.objects.exists()


def test_a_superseded_draft_says_so_and_is_not_sent(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    add_message(item.ticket_id, NewMessage(body="Never mind"))
    response = page.post(f"/items/{item.pk}/send/", form(item))
    assert response.status_code == 409
    assert "A newer message has come in" in response.content.decode()
    assert not Delivery.objects.exists()


def test_another_persons_claim_shows_and_holds(page: Client, grace: User) -> None:
    item = claim(make_item(), grace)
    assert "grace</bdi> is working on this item" in page.get(f"/items/{item.pk}/").content.decode()
    response = page.post(f"/items/{item.pk}/claim/")
    assert (response.status_code, b"Someone else is working" in response.content) == (409, True)


def test_nobody_undoes_a_colleagues_verdict(page: Client, grace: User) -> None:
    item = claim(make_item(), grace)
    colleague = Client()
    colleague.force_login(grace)
    colleague.post(f"/items/{item.pk}/send/", form(item))
    assert page.post(f"/verdicts/{Verdict.objects.get().pk}/undo/").status_code == 404


def test_text_of_customers_and_models_is_only_ever_text(page: Client) -> None:
    evil = '<script>alert(1)</script><img src="https://evil.example/x" onerror=alert(1)>'
    proposal = make_result().proposal
    assert proposal is not None
    draft = type(proposal)(kind="draft", text=evil)
    item = make_item(make_result(proposal=draft), body=evil, subject=evil, customer_name=evil)
    for path in ("/", f"/items/{item.pk}/", f"/runs/{item.run_id}/"):
        text = page.get(path).content.decode()
        assert "<script>alert" not in text
        assert "<img" not in text


def test_pages_forbid_foreign_and_inline_scripts(page: Client) -> None:
    policy = page.get("/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy


def test_the_inbox_takes_as_many_queries_for_a_full_page_as_for_one_item(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_item()
    with django_assert_max_num_queries(15):
        page.get("/")
    for _ in range(inbox.PAGE):
        make_item()
    with django_assert_max_num_queries(15):
        text = page.get("/").content.decode()
    assert text.count("item-row") == inbox.PAGE
    assert "Next page" in text


def test_pages_of_the_inbox_hold_every_item_once(page: Client) -> None:
    count = 2 * inbox.PAGE + 1
    made = {make_item().pk for _ in range(count)}
    seen: list[int] = []
    path = "/"
    while True:
        context = page.get(path).context
        seen += [item.pk for item in context["page"].items]
        if context["page"].after is None:
            break
        path = f"/?after={context['page'].after}"
    assert len(seen) == len(set(seen)) == count
    assert set(seen) == made


def test_an_item_page_stays_within_its_queries(
    page: Client, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    item = claim(make_item(), ada)
    for _ in range(20):
        make_item()
    with django_assert_max_num_queries(15):
        page.get(f"/items/{item.pk}/")


def test_an_empty_inbox_says_how_tickets_come_in(page: Client) -> None:
    text = page.get("/").content.decode()
    assert "Nothing is waiting" in text
    assert "import_tickets" in text


def test_next_with_nothing_waiting_says_so(page: Client) -> None:
    assert "Nothing is waiting for you" in page.post("/next/", follow=True).content.decode()


def test_the_diff_shows_what_was_changed(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    response = page.post(
        f"/items/{item.pk}/diff/",
        {"text": DRAFT.replace("tomorrow", "<b>today</b>")},
        headers={"HX-Request": "true"},
    )
    text = response.content.decode()
    assert "<del>tomorrow</del>" in text
    assert "&lt;b&gt;" in text
    assert "1 edit<" in text


def test_a_delivery_nobody_can_be_sure_of_is_shown(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    page.post(f"/items/{item.pk}/send/", form(item))
    Delivery.objects.update(state="unknown", detail="The connection broke.")
    text = page.get("/sent/").content.decode()
    assert "Unclear whether it was sent" in text
    assert '1<span class="when-wide"> to look at' in text
    assert "Unclear" in page.get(f"/items/{item.pk}/").content.decode()


def test_queues_of_a_lead_are_all(installed: Agent) -> None:
    make_item()
    client = Client()
    client.force_login(make_person("amira", "lead"))
    assert [entry.queue for entry in client.get("/").context["queues"]] == [
        make_queue("billing"),
        make_queue("care"),
        make_queue("orders"),
    ]


@pytest.mark.parametrize("action", ["escalate", "release"])
def test_what_was_written_goes_with_an_item_that_is_handed_on(
    page: Client, ada: User, action: str
) -> None:
    item = claim(make_item(), ada)
    page.post(f"/items/{item.pk}/{action}/", form(item, text="Begun by Ada"))
    lead = Client()
    lead.force_login(make_person("amira", "lead"))
    lead.post(f"/items/{item.pk}/claim/")
    assert lead.get(f"/items/{item.pk}/").context["text"] == "Begun by Ada"


@pytest.mark.parametrize("action", ["send", "reject", "escalate", "release", "claim"])
def test_the_address_of_an_action_leads_to_its_item(page: Client, action: str) -> None:
    item = make_item()
    response = page.get(f"/items/{item.pk}/{action}/")
    assert (response.status_code, response["Location"]) == (302, f"/items/{item.pk}/")


def test_a_page_whose_session_ended_is_not_filled_with_a_login_form(installed: Agent) -> None:
    assert Client().get("/", headers={"HX-Request": "true"}).status_code == 401


def test_next_returns_to_an_item_that_is_still_held(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    make_item()
    assert page.post("/next/")["Location"] == f"/items/{item.pk}/"


def test_a_category_the_agent_does_not_have_is_refused(page: Client, ada: User) -> None:
    item = claim(make_item(), ada)
    response = page.post(f"/items/{item.pk}/send/", form(item, category="made-up"))
    assert (response.status_code, b"no such category" in response.content) == (422, True)
    assert not Verdict.objects.exists()
