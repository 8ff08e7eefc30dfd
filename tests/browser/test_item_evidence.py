"""The item page's reading side in a browser: read beside the draft by key, files in and out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import barriers
from tests.browser.loading import loading
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.browser

OPEN = """
SELECT item.id FROM review_reviewitem item
JOIN agents_run run ON run.id = item.run_id
JOIN agents_runpayload result ON result.id = run.result_id
JOIN review_ticket ticket ON ticket.id = item.ticket_id
JOIN review_source source ON source.id = ticket.source_id AND source.is_demo
WHERE item.status = 'open' AND jsonb_array_length(result.content -> 'citations') > 0
    AND item.claimed_by_id IS NULL ORDER BY item.id LIMIT 1
"""


def test_articles_timeline_and_files_beside_the_draft(
    visit: Callable[[str], Page], stack: Stack, tmp_path: Path
) -> None:
    wait_until(lambda: stack.rows(OPEN), "an item with an article waits", 120)
    (row,) = stack.rows(OPEN)
    page = visit("lead")
    page.goto(f"/items/{row['id']}/")
    with loading(page):
        page.keyboard.press("c")
    expect(page.locator("[data-send]")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    reads_beside_by_key(page)
    attaches_and_removes_files(page, tmp_path)
    assert barriers(page) == []


def reads_beside_by_key(page: Page) -> None:
    beside, text = page.locator("#beside"), page.locator("#text")
    written = text.input_value()
    for key, heading in (("p", page.locator(".cite b").first.inner_text()), ("h", "Everything")):
        page.keyboard.press(key)
        expect(beside.locator("h1")).to_contain_text(heading)
        expect(beside).to_be_focused()
        assert barriers(page) == []
        page.keyboard.press("Escape")
        expect(beside).to_be_hidden()
        expect(page.locator(f"[data-key='{key}']")).to_be_focused()
    text.focus()
    page.keyboard.type("ph")
    expect(beside).to_be_hidden()
    assert len(text.input_value()) == len(written) + 2
    page.evaluate("document.activeElement.blur()")


def attaches_and_removes_files(page: Page, folder: Path) -> None:
    files = page.locator("#attachments")
    page.set_input_files("#files", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%"})
    expect(page.locator("#attachments:not([class*=htmx])")).to_contain_text("a.pdf")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["dropped"], "dropped.html", { type: "text/html" }));
            const options = { bubbles: true, cancelable: true, dataTransfer: data };
            document.querySelector(".read").dispatchEvent(new DragEvent("drop", options));
        }"""
    )
    expect(files).to_contain_text("It can hold scripts")
    with page.expect_download() as download:
        files.get_by_role("link", name="dropped.html").click()
    assert Path(download.value.path()).read_bytes() == b"dropped"
    page.reload()
    expect(files).to_contain_text("dropped.html")
    files.get_by_role("button", name="Remove dropped.html").click()
    expect(files).not_to_contain_text("dropped.html")
    expect(files).to_contain_text("a.pdf")
    file = folder / "notes.txt"
    file.touch()
    page.set_input_files("#files", file)
    expect(files.get_by_role("alert")).to_contain_text("notes.txt is empty")
    file.write_bytes(b"x" * 5_242_881)
    page.set_input_files("#files", file)
    expect(page.locator("#files-limit")).to_contain_text("larger than 5 MB")
