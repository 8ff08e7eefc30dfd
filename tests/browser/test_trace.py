"""The trace page in a browser: opened from an item, walked by keyboard, alive, without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.loading import loading
from tests.browser.test_the_way_of_one_ticket import BODY, Shop
from tests.stack import PASSWORD, Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def item_path(stack: Stack) -> str:
    """The page of an open item in the queue `orders`."""
    shop = Shop(stack)
    status_url = shop.submit("Trace this one", BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    return f"/items/{shop.call(status_url)['review']['id']}/"


def test_a_trace_is_walked_by_keyboard_and_hears_of_the_verdict(
    visit: Visit, item_path: str
) -> None:
    page, colleague = visit("reviewer"), visit("lead")
    page.goto(item_path)
    with loading(page):
        page.locator(".evidence a[href^='/runs/']").click()
    expect(page.locator("#step-name")).to_have_text("draft")
    expect(page.locator("tr:has([aria-current]) rect")).to_be_visible()

    page.get_by_role("link", name="classify", exact=True).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#step-name")).to_have_text("extract")
    # Asked of the document: this window is behind the colleague's, so it has no focus itself.
    focused = "document.activeElement.id"
    wait_until(lambda: page.evaluate(focused) == "row-extract", "the focus is back on its row")
    assert page.url.endswith("?step=extract")
    page.reload()
    expect(page.locator("#step-name")).to_have_text("extract")

    expect(page.locator("#ending")).to_contain_text("not decided yet")
    page.locator("#step summary").last.click()
    colleague.goto(item_path)
    colleague.get_by_role("button", name="Claim").click()
    text = colleague.locator("#text").input_value()
    colleague.locator("#text").fill(text.replace("Hello", "Good morning", 1))
    colleague.get_by_role("button", name="Send").click()
    expect(page.locator("#ending")).to_contain_text("Countersigned with 1 edit", timeout=30_000)
    expect(page.locator("#ending ins")).to_have_text("Good morning")
    assert page.locator("#step details[open]").count() == 1, "what is being read stays as it is"


def test_a_trace_is_read_without_scripts_on_a_narrow_screen(
    browser: Browser, stack: Stack, item_path: str
) -> None:
    context = browser.new_context(
        base_url=stack.url, java_script_enabled=False, viewport={"width": 380, "height": 800}
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_label("User name").fill("reviewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(item_path)
    page.locator(".evidence a[href^='/runs/']").click()
    page.get_by_role("link", name="recall", exact=True).click()
    expect(page.locator("#step-name")).to_have_text("recall")
    expect(page.locator(".waterfall")).to_be_visible()
    widest = page.locator("#trace").bounding_box()
    assert widest is not None
    assert widest["x"] + widest["width"] <= 380
    context.close()
