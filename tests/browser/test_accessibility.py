"""WCAG 2.2 AA: axe finds nothing on any page, in both themes; at 200 % nothing is lost."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.stack import PASSWORD, Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PAGES = {
    "reviewer": ("/", "/?whose=snoozed", "/sent/", "/day/", "/macros/", "/notifications/"),
    "admin": ("/overview/", "/overview/items/", "/team/", "/team/late/", "/service/", "/tiers/"),
}
DIALOGS = ("Control+k", "?")
axe = Axe()


def problems(page: Page) -> list[str]:
    """Return what axe finds on the page as it stands, a line each."""
    page.wait_for_load_state("networkidle")
    found = axe.run(page).response["violations"]
    return [
        f"{page.url}: {rule['id']}: {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]


def an_item(stack: Stack) -> int:
    any_item = "SELECT count(*) FROM review_reviewitem"
    wait_until(lambda: stack.count(any_item), "an item is there")
    return stack.count("SELECT id FROM review_reviewitem ORDER BY status = 'open' DESC LIMIT 1")


@pytest.fixture(params=["light", "dark"])
def pages(browser: Browser, stack: Stack, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=stack.url, color_scheme=request.param)
    yield context.new_page()
    context.close()


def log_in(page: Page, username: str) -> None:
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


def test_axe_finds_nothing(pages: Page, stack: Stack) -> None:
    page = pages
    page.goto("/accounts/login/")
    found = problems(page)
    for username, paths in PAGES.items():
        log_in(page, username)
        for path in paths:
            page.goto(path)
            found += problems(page)
    page.goto("/")
    page.get_by_role("button", name="Take next").click()
    page.wait_for_url("**/items/*/")
    editor = page.locator("#text")
    editor.fill(editor.input_value() + "\n\nPS: See you.")
    page.locator(".diff ins").first.wait_for()
    found += problems(page)
    page.locator("h1").first.click()
    for key in DIALOGS:
        page.keyboard.press(key)
        page.locator("dialog[open]").wait_for()
        found += problems(page)
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
    assert found == []


def test_nothing_is_lost_at_200_percent(browser: Browser, stack: Stack) -> None:
    """WCAG 1.4.10: 1280 px at 200 % are 640; no page scrolls sideways."""
    context = browser.new_context(base_url=stack.url, viewport={"width": 640, "height": 450})
    page = context.new_page()
    wide = []
    for username, paths in PAGES.items():
        log_in(page, username)
        for path in (*paths, f"/items/{an_item(stack)}/"):
            page.goto(path)
            if page.evaluate("document.documentElement.scrollWidth") > 640:
                wide.append(page.url)
    context.close()
    assert wide == []
