"""Deciding by key: the next item comes by itself, panels ask for words, forms keep to schemas."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.browser.proposals import QUESTION, REFUND, Client
from tests.stack import Stack, wait_until


def claim(page: Page, item: int) -> None:
    page.goto(f"/items/{item}/")
    with loading(page):
        page.keyboard.press("c")
    expect(page.locator("#act-release")).to_be_visible()


def led_on(page: Page, item: int) -> None:
    """The next item came by itself; it goes back, for other tests."""
    page.wait_for_url(lambda url: not re.search(rf"/items/{item}/", url))
    page.locator("#act-release").click()
    expect(page.get_by_role("button", name="Take next")).to_be_visible()


def test_a_tool_call_is_approved_with_changes_undone_and_told_to_its_agent(
    stack: Stack, visit: Callable[[str], Page]
) -> None:
    agent, page = Client(stack), visit("lead")
    item = agent.item("refund", REFUND)
    claim(page, item)
    expect(page.get_by_text("Cannot be undone", exact=True)).to_be_visible()
    amount = page.get_by_label("Amount")
    amount.fill("900")
    amount.press("Control+Shift+Enter")
    assert amount.evaluate("field => field.validity.rangeOverflow")
    expect(page.locator("#act-release")).to_be_visible()
    amount.fill("30")
    with loading(page):
        amount.press("Control+Shift+Enter")
    expect(page.locator(".outcome")).to_contain_text("Approved with 1 change")
    with loading(page):
        page.keyboard.press("u")
    expect(page.get_by_label("Amount")).to_have_value("30")
    page.keyboard.press("Control+Shift+Enter")
    wait_until(lambda: agent.call(f"/items/{item}")["verdicts"], "the agent is told")
    (verdict,) = agent.call(f"/items/{item}")["verdicts"]
    assert (verdict["verdict"], verdict["final"]) == ("edit", {"order": "HC-7", "amount": 30})


def test_panels_take_words_by_key_and_lead_to_the_next_item(
    stack: Stack, visit: Callable[[str], Page]
) -> None:
    agent, page = Client(stack), visit("lead")
    items = [agent.item(f"panel-{n}", QUESTION, urgency="high") for n in range(4)]
    claim(page, items[0])
    page.keyboard.press("x")
    expect(page.get_by_role("dialog", name="Reject")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Reject")).to_be_hidden()
    page.keyboard.press("x")
    page.keyboard.press("2")
    page.get_by_label("In your words").fill("She wrote again.\nx e z")
    page.keyboard.press("Control+Enter")
    led_on(page, items[0])
    reason = "SELECT reason FROM review_verdict WHERE item_id = %s"
    (row,) = stack.rows(reason, items[0])
    assert row["reason"].startswith("Needs no reply: She wrote again.")

    claim(page, items[1])
    page.keyboard.press("w")
    page.get_by_role("textbox", name="Your answer").fill("Ask her first.")
    page.keyboard.press("Control+Enter")
    led_on(page, items[1])
    answered = "SELECT count(*) FROM review_verdict WHERE item_id = %s AND kind = 'respond'"
    assert stack.count(answered, items[1])

    claim(page, items[2])
    page.keyboard.press("z")
    expect(page.get_by_role("dialog", name="Snooze")).to_contain_text("goes on: due")
    page.keyboard.press("1")
    led_on(page, items[2])
    page.goto(f"/items/{items[2]}/")
    expect(page.locator("#wake")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#wake")).to_be_hidden()

    claim(page, items[3])
    page.keyboard.press("e")
    page.get_by_label("What should they know?").fill("Beyond my limit.")
    page.locator("#escalate-to").select_option("queue:subscriptions")
    page.keyboard.press("Control+Enter")
    led_on(page, items[3])
    assert stack.count(
        "SELECT count(*) FROM review_reviewitem WHERE is_escalated AND id = %s", items[3]
    )
    for item in items[2:]:
        agent.call(f"/items/{item}/withdraw", {})


def test_two_people_countersign_what_is_high_stakes(
    stack: Stack, visit: Callable[[str], Page]
) -> None:
    agent = Client(stack)
    item = agent.item("second", REFUND, high_stakes=True)
    first, second = visit("lead"), visit("admin")
    claim(first, item)
    first.get_by_label("Amount").fill("20")
    first.keyboard.press("Control+Shift+Enter")
    expect(first.get_by_text("You countersigned this").first).to_be_visible()
    claim(second, item)
    expect(second.get_by_text("a second person must")).to_be_visible()
    expect(second.get_by_label("Amount")).to_have_value("20")
    second.keyboard.press("Control+Shift+Enter")
    expect(second.locator(".outcome")).to_contain_text("Approved with 1 change")
