"""A worker is killed in the midst of what a person has countersigned, seen in a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.faults.dying import ask_for_a_payment
from tests.faults.payments import Payments
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
ITEM = """
SELECT i.id FROM review_reviewitem i JOIN review_ticket t ON t.id = i.ticket_id
WHERE t.subject = %s AND i.status = 'open' AND i.kind = %s
"""


def open_item(stack: Stack, page: Page, order: str, kind: str) -> None:
    """Open the item of the order that waits."""
    wait_until(lambda: stack.rows(ITEM, order, kind), f"{order} waits as a {kind}", 120)
    (row,) = stack.rows(ITEM, order, kind)
    page.goto(f"/items/{row['id']}/")
    with loading(page):
        page.keyboard.press("c")
    expect(page.get_by_role("button", name="Release")).to_be_visible()


def countersign(page: Page) -> None:
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator(".outcome")).to_be_visible()


def test_a_worker_killed_after_the_call_leaves_it_made_once(
    stack: Stack, payments: Payments, visit: Callable[[str], Page]
) -> None:
    order = "browser-keyed-0"
    payments.fatal[order] = "after-call"
    assert ask_for_a_payment(stack, "browser-keyed", "pay") == order
    page = visit("lead")
    open_item(stack, page, order, "tool_call")
    expect(page.get_by_text("Cannot be undone", exact=True)).to_be_visible()
    countersign(page)
    open_item(stack, page, order, "draft")
    expect(page.locator("#text")).to_have_value("Hello, the payment is done.")
    assert order in payments.killed_at
    assert payments.made[order] == 1
    run = "SELECT i.run_id FROM review_reviewitem i JOIN review_ticket t ON t.id = i.ticket_id"
    page.goto(f"/runs/{stack.count(f'{run} WHERE t.subject = %s LIMIT 1', order)}/")
    expect(page.get_by_text("lost the worker")).to_be_visible()
    expect(page.get_by_text("waited for a person").first).to_be_visible()
    effects = page.locator("section.effects")
    expect(effects).to_contain_text("pay")
    expect(effects).to_contain_text("done")


def test_without_a_key_a_person_says_how_it_ended(
    stack: Stack, payments: Payments, visit: Callable[[str], Page]
) -> None:
    order = "browser-blind-0"
    payments.fatal[order] = "after-call"
    assert ask_for_a_payment(stack, "browser-blind", "pay_blindly") == order
    page = visit("lead")
    open_item(stack, page, order, "tool_call")
    countersign(page)
    open_item(stack, page, order, "decision")
    expect(page.get_by_text("Nobody knows whether something was done.")).to_be_visible()
    page.get_by_label("Your answer").select_option(label="It was done")
    countersign(page)
    open_item(stack, page, order, "draft")
    expect(page.locator("#text")).to_have_value("Hello, the payment is done.")
    assert payments.asked[order] == 1
