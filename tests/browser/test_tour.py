"""The README's tour of five minutes, walked as it is written."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.provider import model_provider
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]

READY = "SELECT count(*) FROM review_reviewitem WHERE status = 'open'"
# Other tests make items with no steps behind them: the tour is of what the demo's agent did.
SET_ASIDE = """
UPDATE review_reviewitem SET status = 'superseded'
WHERE status = 'open' AND kind = 'draft'
    AND NOT EXISTS (SELECT FROM agents_step s WHERE s.run_id = review_reviewitem.run_id)
"""


def test_the_tour(visit: Visit, stack: Stack) -> None:
    stack.rows(SET_ASIDE)
    wait_until(lambda: stack.count(READY) >= 5, "the demo's first tickets are in the inbox")
    reviewer = visit("reviewer")
    take_next(reviewer)
    edit_and_send(reviewer)
    undo_and_send_again(reviewer)
    read_the_trace(reviewer)
    look_at_the_overview(visit("manager"))
    connect_a_model(visit("admin"))


def take_next(page: Page) -> None:
    """Step 1: the most urgent item, with a draft to start from."""
    with loading(page):
        page.get_by_role("button", name="Take next").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.locator("aside.evidence")).to_contain_text("Why a person")
    assert page.locator("#text").input_value() != ""


def edit_and_send(page: Page) -> None:
    editor = page.locator("#text")
    draft = page.locator("#original .body").text_content()
    editor.fill(f"{draft}\n\nPS: Write to me whenever you like.")
    expect(page.locator("#edit-count")).to_have_text("1 edit")
    editor.press("Control+Enter")
    expect(page.locator(".toasts")).to_contain_text("leaves in")


def undo_and_send_again(page: Page) -> None:
    """Step 2: the reply is stopped, and the item is one's own again with its text."""
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#text")).to_have_value(re.compile("PS: Write to me whenever you like"))
    page.locator("#act-send").click()
    expect(page.locator(".toasts")).to_contain_text("leaves in")
    page.get_by_role("link", name="Sent").click()
    page.locator(".reply-row").first.click()
    expect(page.locator(".as-sent")).to_contain_text("PS: Write to me")


def read_the_trace(page: Page) -> None:
    """Step 3: the run behind the reply, from its first step to the verdict."""
    page.get_by_role("link", name="The agent’s run").click()
    for step in ("extract", "classify", "recall", "draft"):
        expect(page.locator("main")).to_contain_text(step)
    expect(page.locator("main")).to_contain_text("1 edit")


def look_at_the_overview(page: Page) -> None:
    """Step 4: whether it works, in a sentence, and the items behind a figure."""
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("h1")).to_contain_text("draft")
    page.get_by_role("link", name=re.compile(r"decided drafts?$")).click()
    expect(page.locator("main table tbody tr").first).to_be_visible()


def connect_a_model(page: Page) -> None:
    """Step 5: a provider's model on the tier that nothing is routed to, and back."""
    page.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="Models").click()
    with model_provider() as provider:
        page.get_by_label("For", exact=True).select_option(label="Tier 3")
        page.get_by_label("Provider").select_option(label="OpenAI-compatible endpoint")
        page.get_by_label("Model", exact=True).fill("test-model")
        page.get_by_label("Base URL").fill(f"{provider.peer.url}/v1")
        page.get_by_label("Reason").fill("To see whether it answers")
        page.get_by_role("button", name="Try it and connect").click()
        tier = page.get_by_role("region", name="Tier 3")
        expect(tier.locator("ol")).to_contain_text("openai/test-model", timeout=30_000)
    page.get_by_role("button", name="Tier 3 back to version 1").click()
    page.get_by_role("link", name="Models").first.click()
    expect(tier.locator("ol")).to_contain_text("local/countersign")
    page.locator("details.account summary").click()
    page.get_by_role("link", name="Administration").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    expect(page.locator("body")).to_contain_text("Queues")
