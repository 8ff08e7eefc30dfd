"""After sending: a refused reply is tried again, and one that was wrong is corrected."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.browser.seeding import seed_items
from tests.peers import Mailbox
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]

# As the outbox leaves a reply that did not surely arrive; how it gets there has its own tests.
ENDED = """
UPDATE review_delivery delivery SET state = %s, attempts = 1,
    detail = 'The mail server answered 550: no such mailbox'
FROM review_verdict verdict WHERE verdict.id = delivery.verdict_id AND verdict.item_id = %s
RETURNING delivery.id
"""


def test_what_was_refused_is_tried_again_and_what_was_wrong_corrected(
    visit: Visit, stack: Stack, mailbox: Mailbox
) -> None:
    page = visit("reviewer")
    item = sent_item(page, stack, "Marimba delivery", state="failed")
    page.goto("/sent/?text=marimba")
    reply = page.locator(".replies .line")
    expect(reply).to_contain_text("no such mailbox")
    page.locator("a[data-key='t']").click()
    trouble = page.locator(".trouble").filter(has_text="Marimba")
    expect(trouble).to_contain_text("It was refused, so it did not arrive.")
    trouble.get_by_role("button", name="Retry").click()
    wait_until(lambda: sent(mailbox, "Marimba"), "the reply is mailed")

    page.goto("/sent/?text=marimba")
    expect(reply.locator(".tag")).to_have_text("Sent", timeout=30_000)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sent/*/")
    page.keyboard.press("c")
    page.wait_for_url(f"**/items/{item}/")
    expect(page.get_by_text("You correct a reply that was sent.")).to_be_visible()
    editor = page.locator("#text")
    expect(editor).to_have_value("")
    editor.fill("It arrives on Monday, not on Friday. I am sorry.")
    editor.press("Control+Enter")
    wait_until(lambda: len(sent(mailbox, "Marimba")) == 2, "the correction is mailed")
    first, second = sent(mailbox, "Marimba")
    assert "Monday" in second
    assert "Friday" in first
    page.goto("/sent/?text=marimba")
    expect(page.locator(".replies .line").nth(0)).to_contain_text("Correction")
    expect(page.locator(".replies .line").nth(1)).to_contain_text("Corrected")


def test_what_was_opened_stays_open_when_the_page_asks_again(visit: Visit, stack: Stack) -> None:
    page = visit("reviewer")
    item = sent_item(page, stack, "Celesta", state="unknown")
    page.goto(f"/items/{item}/")
    page.get_by_text("Send a correction").click()
    question = page.get_by_role("button", name="Write it all the same")
    expect(question).to_be_visible()
    # As it does every 20 seconds, and when its tab is come back to.
    with page.expect_response(lambda answer: answer.url.endswith(f"/items/{item}/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    expect(question).to_be_visible()


def sent_item(page: Page, stack: Stack, subject: str, *, state: str) -> int:
    """Return an item that was countersigned, its reply left in this state."""
    (item,) = seed_items(stack, subject)
    page.goto(f"/items/{item}/")
    with loading(page):
        page.keyboard.press("c")
    expect(page.locator("#text")).to_be_editable()
    page.locator("#text").press("Control+Enter")
    wait_until(lambda: stack.rows(ENDED, state, item), "the reply is countersigned")
    return item


def sent(mailbox: Mailbox, subject: str) -> list[str]:
    """Return the texts of the mails about it, in the order they came."""
    return [mail.get_content() for mail in mailbox.mails if subject in mail["Subject"]]
