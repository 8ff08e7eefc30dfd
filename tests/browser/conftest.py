"""A browser on a whole running instance."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Cookie, Page, sync_playwright

from tests.browser.chromium import launch
from tests.browser.loading import loading
from tests.stack import PASSWORD, Stack

EXPECTED = (
    "status of 401",
    "Error Code 401",
    "status of 409",
    "status of 422",
    "WebSocket connection to",
    # A request that a test has stopped on its way.
    "net::ERR_FAILED",
    "htmx:sendError",
    "htmx:afterRequest",
)

FREE = """
UPDATE review_reviewitem SET claimed_by_id = NULL, claim_token = NULL, claim_expires_at = NULL,
    claimed_at = NULL
WHERE claimed_by_id IS NOT NULL
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def log_in(stack: Stack) -> Callable[[Page, str], None]:
    """Log a person in, the page then on the inbox: by the form where no session of theirs lasts."""
    known: dict[str, list[Cookie]] = {}

    def log_in(page: Page, username: str) -> None:
        page.context.clear_cookies()
        page.context.add_cookies(known.get(username, []))  # type: ignore[arg-type]
        page.goto("/")
        if "/accounts/login/" in page.url:
            page.get_by_label("User name").fill(username)
            page.get_by_label("Password").fill(PASSWORD)
            with loading(page):
                page.get_by_role("button", name="Log in").click()
            known[username] = page.context.cookies()
        assert page.url == f"{stack.url}/"

    return log_in


@pytest.fixture
def visit(
    browser: Browser, stack: Stack, log_in: Callable[[Page, str], None]
) -> Iterator[Callable[[str], Page]]:
    """Log a person in, in a browser context of their own. A script error fails the test.

    Nobody holds anything or has news yet, whatever an earlier test has left.
    """
    stack.rows(FREE)
    stack.rows("DELETE FROM review_carriedtext")
    stack.rows("DELETE FROM review_notification")
    problems: list[str] = []
    contexts = []

    def visit(username: str) -> Page:
        context = browser.new_context(base_url=stack.url)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", note)
        log_in(page, username)
        return page

    def note(message: ConsoleMessage) -> None:
        # The browser reports by itself a refused verdict or form, and a socket that is away.
        if message.type == "error" and not any(words in message.text for words in EXPECTED):
            problems.append(message.text)

    yield visit
    for context in contexts:
        context.close()
    assert problems == []
