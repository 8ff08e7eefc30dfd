"""Several drafts of one category countersigned together, by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.browser.seeding import seed_items
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_together_means_each_of_them_read(visit: Visit, stack: Stack) -> None:
    ids = seed_items(stack, *(f"Quartet {number}" for number in range(1, 5)))
    page = visit("reviewer")
    page.goto("/?text=quartet&sort=newest")
    expect(page.locator(".line")).to_have_count(4)
    first = page.locator("form[data-scripted] [data-card] summary").first
    press(page, "j", "x", "j", "x", "j", "x", "j", "x", "b")
    expect(page.get_by_role("heading", level=1)).to_contain_text("4 together")
    expect(first).to_be_focused()

    # Two are opened, one of them edited; one is left out; one is not looked at.
    press(page, "Enter", "e")
    editor = page.locator("textarea:focus")
    editor.fill(editor.input_value() + "\n\nPS: quartet.")
    press(page, "Escape", "j", "Enter", "j", "x")
    said = page.locator("[data-batch-said]")
    expect(said).to_have_text("2 opened, 1 not opened yet, 1 left out")
    with loading(page):
        press(page, "Control+Enter")
    expect(page.get_by_text("1 of 3 you have not opened")).to_be_visible()
    assert len(decided(stack, ids)) == 2

    # Both come back at once, with what was typed, and leave again.
    press(page, "u")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 together")
    expect(first).to_be_focused()
    press(page, "Enter")
    edited = page.locator("textarea").filter(has_text="PS: quartet.")
    expect(edited).to_have_count(1)
    press(page, "j", "Enter", "Control+Enter")
    expect(page.get_by_text("Approved 2 together.")).to_be_visible()
    assert len(decided(stack, ids)) == 2

    # The other two are still there, and are let go.
    left = sorted(set(ids) - decided(stack, ids))
    page.goto(f"/batch/?ids={','.join(map(str, left))}")
    expect(first).to_be_focused()
    press(page, "q")
    page.wait_for_url("**/")
    held = "SELECT id FROM review_reviewitem WHERE claimed_by_id IS NOT NULL AND id = ANY(%s)"
    assert stack.rows(held, left) == []


def decided(stack: Stack, ids: list[int]) -> set[int]:
    """Return those of the items that are decided."""
    query = "SELECT id FROM review_reviewitem WHERE status = 'decided' AND id = ANY(%s)"
    return {row["id"] for row in stack.rows(query, ids)}
