"""The main job in a browser: a ticket comes in, a person countersigns, the reply arrives."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.peers import Mailbox
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]


class Shop:
    """A client that submits tickets by the API."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        printed = stack.manage("create_token", "shop", "--scope", "submit", "--scope", "read")
        self.token = printed.splitlines()[-1]

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.stack.url}{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def submit(self, subject: str, body: str, email: str = "ada@lovelace.example") -> str:
        """Return the new ticket's status URL."""
        ticket = {
            "external_id": subject,
            "subject": subject,
            "body": body,
            "customer": {"email": email, "name": "Ada Lovelace"},
            "queue": "orders",
        }
        return str(self.call("/api/v1/tickets", ticket)["status_url"])


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return Shop(stack)


BODY = "Hello, where is my order HCW-204881? It was sent last week and tracking does not move."


def test_a_ticket_is_countersigned_and_arrives(
    visit: Visit, shop: Shop, stack: Stack, mailbox: Mailbox
) -> None:
    page = visit("reviewer")
    expect(page.locator("body")).to_have_attribute("data-live", "socket")
    page.goto("/?queue=orders")
    status_url = shop.submit("Where is my espresso machine", BODY)
    row = page.get_by_role("link", name="Where is my espresso machine")
    expect(row).to_be_visible(timeout=30_000)  # live: nobody reloads

    row.click()
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    editor = page.locator("#text")
    expect(editor).to_be_editable()
    draft = editor.input_value()
    assert "Ada" in draft
    editor.fill(draft.replace("Hello Ada", "Dear Ada", 1) + "\n\nPS: It is on its way.")
    expect(page.locator("#edit-count")).to_have_text("2 edits")
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".toasts")).to_contain_text("Reply to Ada Lovelace leaves in")
    subject = "Re: Where is my espresso machine"
    wait_until(lambda: subject in [mail["Subject"] for mail in mailbox.mails], "the mail arrives")
    (mail,) = [mail for mail in mailbox.mails if mail["Subject"] == subject]
    assert mail.get_content().startswith("Dear Ada")
    wait_until(lambda: shop.call(status_url)["sent"], "the API says it was sent")
    assert "PS: It is on its way." in shop.call(status_url)["sent"]["text"]
    (label,) = stack.rows(
        "SELECT l.edit_operations, l.verdict FROM evals_label l"
        " JOIN review_ticketrun r USING (run_id) JOIN review_ticket t ON t.id = r.ticket_id"
        " WHERE t.subject = %s AND l.task = 'draft'",
        "Where is my espresso machine",
    )
    assert label == {"edit_operations": 2, "verdict": "edit"}


def test_a_customer_who_writes_again_stops_the_draft(visit: Visit, shop: Shop) -> None:
    page = visit("reviewer")
    status_url = shop.submit("Order for the office", BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    page.goto(f"/items/{shop.call(status_url)['review']['id']}/")
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    page.locator("#text").fill("Hello Ada, I have looked into it.")
    shop.call(f"{status_url}/messages", {"body": "Never mind, it has just arrived."})
    notice = page.locator("#standing")
    expect(notice).to_contain_text("The customer has written again", timeout=15_000)
    assert page.locator("#text").input_value().startswith("Hello Ada, I have looked")
    expect(page.get_by_role("button", name="Send")).to_have_count(0)
    wait_until(
        lambda: shop.call(status_url)["review"]["status"] == "open", "the new draft is there"
    )
    page.get_by_role("button", name="Open the new draft").click()
    expect(page.locator(".conversation")).to_contain_text("it has just arrived")
    assert shop.call(status_url)["sent"] is None


def test_an_idle_page_keeps_its_socket(visit: Visit, shop: Shop, stack: Stack) -> None:
    """The channel layer waits 5 s for news at a time; a wait in vain is no error."""
    page = visit("reviewer")
    page.goto("/?queue=orders")
    expect(page.locator("body")).to_have_attribute("data-live", "socket")
    before = len(stack.log("web"))
    page.wait_for_timeout(7_000)
    since = stack.log("web")[before:]
    assert "connection open" not in since
    assert "TimeoutError" not in since


def test_enter_in_the_note_sends_nothing(visit: Visit, shop: Shop) -> None:
    page = visit("reviewer")
    status_url = shop.submit("A note first", BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    page.goto(f"/items/{shop.call(status_url)['review']['id']}/")
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    page.get_by_role("button", name="Reject").click()
    note = page.get_by_label("In your words")
    note.fill("wait, ask the team")
    note.press("Enter")
    expect(page.get_by_role("dialog", name="Reject")).to_be_visible()
    assert shop.call(status_url)["review"]["status"] == "open"


def test_back_from_an_item_shows_the_whole_inbox(visit: Visit, shop: Shop) -> None:
    page = visit("reviewer")
    page.goto("/?queue=orders")
    shop.submit("Makes the inbox refresh", BODY)
    row = page.get_by_role("link", name="Makes the inbox refresh")
    expect(row).to_be_visible(timeout=30_000)
    row.click()
    page.go_back()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_undo_within_the_window_keeps_the_reply_here(
    visit: Visit, shop: Shop, mailbox: Mailbox
) -> None:
    page = visit("reviewer")
    status_url = shop.submit("Undo this one", BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    page.goto(f"/items/{shop.call(status_url)['review']['id']}/")
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    page.locator("#text").press("Control+Enter")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toasts")).to_contain_text("Undone")
    expect(page.locator("#text")).to_be_editable()
    assert shop.call(status_url)["sent"] is None
    assert "Re: Undo this one" not in [mail["Subject"] for mail in mailbox.mails]


def test_two_reviewers_see_each_others_claims(visit: Visit, shop: Shop) -> None:
    first, second = visit("reviewer"), visit("lead")
    status_url = shop.submit("Two at one ticket", BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    path = f"/items/{shop.call(status_url)['review']['id']}/"
    first.goto(path)
    second.goto(path)
    first.get_by_role("button", name="Claim").click()
    expect(second.locator("#standing")).to_contain_text("is working on this item", timeout=15_000)
    second.reload()
    expect(second.get_by_role("button", name="Send")).to_have_count(0)


def test_the_inbox_goes_on_without_redis_and_comes_back(
    visit: Visit, shop: Shop, stack: Stack
) -> None:
    """What Redis held is gone: the sweep finds the queued run, the page asks by itself."""
    page = visit("reviewer")
    page.goto("/?queue=orders")
    shop.submit("Lost in Redis", BODY)
    stack.flush_redis()
    row = page.get_by_role("link", name="Lost in Redis")
    expect(row).to_be_visible(timeout=60_000)
