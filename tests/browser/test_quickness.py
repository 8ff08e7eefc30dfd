"""The item page is small, and answers a key before a person notices."""

import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]

MOST_BYTES = 200_000
MOST_INTERACTION_MS = 100  # interaction to next paint, web.dev/inp: 200 ms is "good"
TRIES = 3
OBSERVE = """() => {
    window.slowest = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (entry.interactionId) window.slowest = Math.max(window.slowest, entry.duration);
        }
    }).observe({ type: "event", durationThreshold: 16, buffered: true });
}"""


def test_an_item_comes_in_under_200_kb(visit: Visit) -> None:
    page = visit("lead")
    page.get_by_role("button", name="Take next").click()
    page.wait_for_url("**/items/*/")
    path = page.url
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        encoding = response.headers.get("content-encoding", "")
        body = response.body()
        sizes[response.url] = len(gzip.compress(body)) if encoding == "gzip" else len(body)
        if encoding and response.headers.get("content-length"):
            sizes[response.url] = int(response.headers["content-length"])

    cold = page.context.browser.new_context(storage_state=page.context.storage_state())  # type: ignore[union-attr]
    fresh = cold.new_page()
    fresh.on("response", weigh)
    fresh.goto(path)
    fresh.wait_for_load_state("networkidle")
    cold.close()
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_every_interaction_paints_within_100_ms(visit: Visit) -> None:
    """The best of a few tries: what else the processors do can only add to it."""
    page = visit("lead")
    page.get_by_role("button", name="Take next").click()
    page.wait_for_url("**/items/*/")
    slowest = min(slowest_interaction(page) for _ in range(TRIES))
    assert slowest <= MOST_INTERACTION_MS


def slowest_interaction(page: Page) -> float:
    """Return how long the slowest of many keys took until its effect was painted, in ms."""
    page.reload()
    page.evaluate(OBSERVE)
    editor = page.locator("#text")
    editor.press("End")
    page.keyboard.type(" It leaves today.", delay=15)
    expect(page.locator("#edit-count")).not_to_have_text("no edits")
    page.keyboard.press("Escape")
    page.locator("h1").first.click()
    for key in ("e", "Escape", "?", "Escape", "Control+k"):
        page.keyboard.press(key)
    page.keyboard.type("sent", delay=15)
    page.keyboard.press("Escape")
    slowest: float = page.evaluate(
        "() => new Promise((done) => setTimeout(() => done(window.slowest), 200))"
    )
    return slowest
