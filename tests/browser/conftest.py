"""A browser on a whole running instance."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.chromium import launch
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


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Iterator[Callable[[str], Page]]:
    """Log a person in, in a browser context of their own. A script error fails the test.

    Nobody holds anything or has news yet, whatever an earlier test has left.
    """
    stack.rows(FREE)
    stack.rows("DELETE FROM review_carriedtext")
    stack.rows("DELETE FROM review_notification")
    problems: list[str] = []
    contexts = []

    def log_in(username: str) -> Page:
        context = browser.new_context(base_url=stack.url)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", note)
        page.goto("/")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        return page

    def note(message: ConsoleMessage) -> None:
        # The browser reports by itself a refused verdict or form, and a socket that is away.
        if message.type == "error" and not any(words in message.text for words in EXPECTED):
            problems.append(message.text)

    yield log_in
    for context in contexts:
        context.close()
    assert problems == []
