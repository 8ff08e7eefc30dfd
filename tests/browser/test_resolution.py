"""An agent that acts: countersigned, done once, told to the customer; one that loops is stopped."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.proposals import Client
from tests.peers import Received, Reply
from tests.provider import completion, document_of, form_of, model_provider
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Callable[[str], Page]

LOOP = {
    "move": {
        "tool": "look_up_order",
        "why": "I have not looked it up yet.",
        "arguments": {"order_number": "HCW-204837"},
    }
}
DRAFT: dict[str, Any] = {
    "reply": "Hello Hanna,\n\nWe look into it.",
    "articles": [],
    "no_draft_reason": "",
}


def ticket(stack: Stack, name: str, email: str, subject: str, body: str) -> int:
    """Return the id of a ticket that came in by the API."""
    given = {"external_id": f"resolution-{name}", "subject": subject, "body": body}
    answer = Client(stack).call("/tickets", given | {"customer": {"email": email, "name": name}})
    return int(answer["id"])


def open_item(stack: Stack, ticket_id: int, kind: str) -> int:
    """Return the ticket's open item of the kind, once it is there."""
    query = (
        "SELECT id FROM review_reviewitem WHERE ticket_id = %s AND kind = %s AND status = 'open'"
    )
    what = f"a {kind} of ticket {ticket_id} is open"
    wait_until(lambda: stack.rows(query, ticket_id, kind), what, patience_s=120)
    return int(stack.rows(query, ticket_id, kind)[0]["id"])


def status_of(stack: Stack, number: str) -> Any:
    (order,) = stack.rows("SELECT status, refunded FROM shop_shoporder WHERE number = %s", number)
    return order["status"]


def claimed(page: Page, item_id: int) -> None:
    page.goto(f"/items/{item_id}/")
    page.get_by_role("button", name="Claim").first.click()
    page.locator("#act-send").wait_for()


def test_a_cancellation_is_countersigned_done_and_told(stack: Stack, visit: Visit) -> None:
    ticket_id = ticket(
        stack,
        "Laia Ferrer",
        "laia.ferrer@buzon.example",
        "Please cancel HCW-204644",
        "Hello, I would like to cancel my order HCW-204644 from this morning. My sister has just"
        " given me her machine, so I do not need the Fjord any more. Thank you, Laia",
    )
    asked = open_item(stack, ticket_id, "tool_call")
    assert status_of(stack, "HCW-204644") == "placed"
    page = visit("reviewer")
    claimed(page, asked)
    expect(
        page.get_by_role("heading", name="Cancel order HCW-204644 of Laia Ferrer")
    ).to_be_visible()
    expect(page.get_by_role("heading", name="Look up order HCW-204644")).to_be_visible()
    page.locator("#act-stay").click()
    wait_until(lambda: status_of(stack, "HCW-204644") == "cancelled", "the order is cancelled")
    draft = open_item(stack, ticket_id, "draft")
    claimed(page, draft)
    expect(page.get_by_label("Done before")).to_contain_text("Cancel order HCW-204644")
    expect(page.locator("#text")).to_have_value(
        "Hello Laia,\n\nYour order HCW-204644 is cancelled, as you asked. 899.00 EUR go back to the"
        " payment method you used.\n\nKind regards,\nHalden Coffee Works support"
    )
    page.locator("#act-stay").click()
    sent = (
        "SELECT count(*) FROM review_delivery"
        " WHERE ticket_id = %s AND state = 'sent' AND kind = 'reply'"
    )
    wait_until(lambda: stack.count(sent, ticket_id) == 1, "the reply is sent")
    refunds = "SELECT count(*) FROM shop_shoprefund"
    assert stack.count(refunds) == 1, "paid back once"


@pytest.fixture
def looping(stack: Stack) -> Iterator[None]:
    """A model for drafts and steps that always asks to look the same order up."""

    def answer(request: Received) -> Reply:
        if form_of(request) == "Move":
            assert "party" not in document_of(request)
            return completion(LOOP)
        return completion(DRAFT)

    (before,) = stack.rows("SELECT id, model FROM agents_tierversion WHERE tier = 2 AND is_live")
    change = "UPDATE agents_tierversion SET model = %s, endpoints = %s::jsonb WHERE id = %s"
    with model_provider() as provider:
        provider.peer.answer = answer
        endpoint = f'{{"openai/loops": "{provider.peer.url}/v1"}}'
        stack.rows(change, "openai/loops", endpoint, before["id"])
        yield
        stack.rows(change, before["model"], "{}", before["id"])


@pytest.mark.usefixtures("looping")
def test_an_agent_that_loops_is_stopped_and_a_person_is_told(stack: Stack, visit: Visit) -> None:
    ticket_id = ticket(
        stack,
        "Hanna Ek",
        "hanna.ek@snigelpost.example",
        "Please cancel HCW-204837",
        "Hello, I would like to cancel my order HCW-204837 from this morning. My sister has just"
        " given me her machine, so I do not need mine any more. Thank you, Hanna",
    )
    item = open_item(stack, ticket_id, "draft")
    page = visit("reviewer")
    page.goto(f"/items/{item}/")
    why = page.get_by_label("Evidence")
    expect(why).to_contain_text("The resolution agent did not get to an end")
    expect(why).to_contain_text("went in circles")
    expect(page.locator("#text")).to_have_value(DRAFT["reply"])
    assert status_of(stack, "HCW-204837") == "placed"
    calls = (
        "SELECT count(*) FROM agents_step step"
        " JOIN review_ticketrun link ON link.run_id = step.run_id"
        " WHERE link.ticket_id = %s AND step.kind = 'tool'"
    )
    assert stack.count(calls, ticket_id) == 2, "the third same call was not made"
