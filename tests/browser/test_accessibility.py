"""WCAG 2.2 AA: axe finds nothing on any page, in both themes; at 200 % nothing is lost."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import problems
from tests.browser.loading import loading
from tests.browser.proposals import QUESTION, REFUND, Client
from tests.browser.seeding import seed_items
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PAGES = {
    "reviewer": (
        "/",
        "/?whose=snoozed",
        "/?text=nothing+is+called+this",
        "/sent/",
        "/day/",
        "/macros/",
        "/me/",
        "/notifications/",
        "/items/999999/",
    ),
    "manager": ("/overview/", "/overview/items/", "/team/"),
    "lead": (
        "/sent/troubled/",
        "/team/share/?source=queue:billing&to=people&count=5",
        "/team/late/",
        "/service/",
        "/service/orders/",
    ),
    "admin": (
        "/tiers/",
        "/tiers/2/edit/?environment=staging",
        "/tiers/routes/edit/",
        "/tiers/differences/",
        "/tiers/history/?of=routes",
        "/tiers/presets/anthropic/",
        "/agents/",
        "/agents/triage/",
        "/agents/triage/edit/",
        "/prompts/",
        "/prompts/triage/draft/",
        "/policy/",
        "/guardrails/",
        "/tools/",
        "/staging/",
    ),
}
DIALOGS = ("Control+k", "?", "Alt+x", "Alt+e", "Alt+z", "Alt+m")
USUAL, AT_200_PERCENT = {"width": 1280, "height": 720}, {"width": 640, "height": 450}

LogIn = Callable[[Page, str], None]


def an_item(stack: Stack) -> int:
    any_item = "SELECT count(*) FROM review_reviewitem"
    wait_until(lambda: stack.count(any_item), "an item is there")
    return stack.count("SELECT id FROM review_reviewitem ORDER BY status = 'open' DESC LIMIT 1")


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    context = browser.new_context(base_url=stack.url, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def wide(page: Page) -> list[str]:
    """Return the address of a page that scrolls sideways."""
    width = page.evaluate("document.documentElement.scrollWidth")
    return [page.url] if width > AT_200_PERCENT["width"] else []


def test_axe_finds_nothing_on_the_login_page(page: Page) -> None:
    page.goto("/accounts/login/")
    assert problems(page) == []


@pytest.mark.parametrize("username", PAGES)
def test_axe_finds_nothing_on_pages_and_nothing_is_lost_at_200_percent(
    page: Page, stack: Stack, log_in: LogIn, username: str
) -> None:
    """WCAG 1.4.10: 1280 px at 200 % are 640; no page scrolls sideways."""
    log_in(page, username)
    found = []
    for path in PAGES[username]:
        page.set_viewport_size(AT_200_PERCENT)  # type: ignore[arg-type]
        page.goto(path)
        found += wide(page)
        page.set_viewport_size(USUAL)  # type: ignore[arg-type]
        found += problems(page)
    page.set_viewport_size(AT_200_PERCENT)  # type: ignore[arg-type]
    page.goto(f"/items/{an_item(stack)}/")
    found += wide(page)
    page.keyboard.press("Control+k")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert found == []


def test_axe_finds_nothing_while_an_item_is_worked_on(
    page: Page, stack: Stack, log_in: LogIn
) -> None:
    (item,) = seed_items(stack, "Oboe")
    log_in(page, "reviewer")
    page.goto(f"/items/{item}/")
    found = problems(page)
    with loading(page):
        page.keyboard.press("c")
    editor = page.locator("#text")
    expect(editor).to_be_editable()
    editor.fill(editor.input_value() + "\n\nPS: See you.")
    page.locator("#diff ins").first.wait_for()
    found += problems(page)
    for key in DIALOGS:
        page.locator("h1").first.click()
        page.keyboard.press(key)
        page.locator("dialog[open]").wait_for()
        found += problems(page, within="dialog[open]")
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
    page.locator("h1").first.click()
    page.keyboard.press("h")
    page.locator("#beside h1").wait_for()
    found += problems(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+Enter")
    page.locator("form.toast").first.wait_for()
    found += problems(page)
    page.goto("/sent/?text=oboe")
    page.locator(".reply-row").first.click()
    page.wait_for_url("**/sent/*/")
    found += problems(page)
    page.locator("a[href^='/runs/']").first.click()
    page.wait_for_url("**/runs/*/")
    found += problems(page)
    assert found == []


def test_axe_finds_nothing_on_what_agents_ask_and_on_a_batch(
    page: Page, stack: Stack, log_in: LogIn
) -> None:
    agent = Client(stack)
    ids = seed_items(stack, "Bassoon one", "Bassoon two")
    found = []
    log_in(page, "lead")
    for name, ask in (("refund", REFUND), ("carrier", QUESTION)):
        page.goto(f"/items/{agent.item(f'axe-{name}', ask)}/")
        page.get_by_role("button", name="Claim").click()
        page.locator("#act-release").wait_for()
        found += problems(page)
    page.goto(f"/batch/?ids={','.join(map(str, ids))}")
    found += problems(page)
    page.get_by_role("button", name="Claim these").click()
    page.locator("[data-card] summary").first.click()
    found += problems(page)
    assert found == []
