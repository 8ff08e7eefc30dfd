"""Every action by key: none fires while somebody types, and the pages say which there are."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]


def test_keys_go_where_they_say_and_never_while_typing(visit: Visit) -> None:
    page = visit("lead")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/sent/")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/overview/")

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys on this page")
    expect(keys.get_by_role("heading", name="Go to")).to_be_visible()
    expect(keys).to_contain_text("Go to the inbox")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()

    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="What to do or find")
    expect(box).to_be_focused()
    page.keyboard.type("g i")  # letters here, keys elsewhere
    page.wait_for_timeout(0)
    assert page.url.endswith("/overview/")
    box.fill("sent rep")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Go to sent replies")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sent/")


def test_the_palette_finds_tickets_and_gives_the_focus_back(visit: Visit) -> None:
    page = visit("lead")
    first = page.locator(f"#{page.locator('[data-row]').first.get_attribute('id')}")
    subject = first.locator("b").first.inner_text()
    first.focus()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="What to do or find").fill(subject[:40])
    found = page.locator("#palette-found [role=option]").first
    expect(found).to_contain_text(subject[:20])
    page.keyboard.press("Escape")
    expect(first).to_be_focused()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="What to do or find").fill(subject[:40])
    expect(found).to_be_visible()
    found.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(subject[:20])
