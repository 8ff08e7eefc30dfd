"""Writing a reply by keyboard: nothing is lost, and every piece can be put in, back or out."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.loading import loading
from tests.browser.test_the_way_of_one_ticket import BODY, Shop
from tests.provider import ANSWERS, Provider, document_of, model_provider
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return Shop(stack)


@pytest.fixture
def item(shop: Shop, request: pytest.FixtureRequest) -> str:
    """The address of an item with a draft, nobody's yet."""
    status_url = shop.submit(f"For {request.node.name}", BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    return f"/items/{shop.call(status_url)['review']['id']}/"


def claimed(page: Page, item: str) -> Page:
    page.goto(item)
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    expect(page.locator("#text")).to_be_editable()
    return page


def number_of(item: str) -> int:
    return int(item.split("/")[2])


def kept(stack: Stack, item: str) -> list[Any]:
    """What is saved beside the text of the item, nothing where nothing is kept."""
    query = "SELECT choices FROM review_workingtext WHERE item_id = %s"
    rows = stack.rows(query, number_of(item))
    return [row["choices"] for row in rows]


def test_what_was_written_survives_a_browser_that_dies(
    visit: Visit, browser: Browser, stack: Stack, item: str
) -> None:
    page = claimed(visit("reviewer"), item)
    text = page.locator("#text")
    draft = text.input_value()
    text.press("Control+End")
    text.press_sequentially("\n\nPS: Written by hand.", delay=5)
    expect(page.locator("#edit-count")).to_have_text("1 edit")
    page.keyboard.press("Alt+Digit4")
    expect(page.get_by_role("radio", name="Missing information")).to_be_checked()
    page.get_by_label("Language").select_option("de")
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    wait_until(lambda: "fields" in kept(stack, item)[0], "the choices are saved")
    session = browser.new_browser_cdp_session()
    cookies = page.context.cookies()
    session.send("Target.closeTarget", {"targetId": target_of(page)})  # no unload is heard of
    again = browser.new_context(base_url=stack.url).new_page()
    again.context.add_cookies(cookies)  # type: ignore[arg-type]
    again.goto(item)
    expect(again.locator("#text")).to_have_value(f"{draft}\n\nPS: Written by hand.")
    expect(again.get_by_role("radio", name="Missing information")).to_be_checked()
    expect(again.get_by_label("Language")).to_have_value("de")
    again.keyboard.press("Alt+Digit4")  # chosen again, it is none
    expect(again.get_by_role("radio", name="Missing information")).not_to_be_checked()
    again.keyboard.press("Alt+Digit1")
    again.locator("#text").fill(draft)  # the draft as it was: nothing of all this is kept
    again.get_by_label("Language").select_option("en")
    again.get_by_role("link", name="Inbox").first.click()  # waits for what is unsaved
    expect(again).to_have_url(f"{stack.url}/")
    assert kept(stack, item) == []
    again.context.close()


def target_of(page: Page) -> str:
    session = page.context.new_cdp_session(page)
    return str(session.send("Target.getTargetInfo")["targetInfo"]["targetId"])


def test_pieces_are_put_back_and_in_by_keyboard_and_undone_like_typing(
    visit: Visit, item: str
) -> None:
    page = claimed(visit("reviewer"), item)
    text, count = page.locator("#text"), page.locator("#edit-count")
    draft = text.input_value()
    text.fill(draft.replace("Hello", "Dear", 1).replace("Thank you", "Many thanks", 1))
    expect(count).to_have_text("2 edits")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#restore-1")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Enter")
    expect(count).to_have_text("1 edit")
    assert text.input_value() == draft.replace("Hello", "Dear", 1)
    page.keyboard.press("Enter")  # the focus went on to the change that is left
    expect(count).to_have_text("no edits")
    expect(text).to_be_focused()
    assert text.input_value() == draft
    page.keyboard.press("Control+z")
    assert text.input_value() == draft.replace("Hello", "Dear", 1)

    page.keyboard.press("Escape")
    page.keyboard.press("m")
    search = page.get_by_role("combobox", name="Search macros")
    expect(search).to_be_focused()
    search.press_sequentially("ask order number")
    expect(page.locator("#picks [role=option]")).to_have_count(1)
    search.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "It begins with HCW" in text.input_value()
    assert "Hello Ada," in text.input_value()
    page.keyboard.press("Control+z")
    assert "It begins with HCW" not in text.input_value()

    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.locator("#original")).to_contain_text("Hello Ada")
    page.keyboard.press("a")
    expect(page.get_by_role("combobox", name="Search articles")).to_be_focused()
    page.keyboard.press("Escape")
    expect(text).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(text).to_be_focused()


def test_another_draft_comes_from_the_past_and_a_lost_claim_keeps_the_text(
    visit: Visit, stack: Stack, item: str
) -> None:
    page = claimed(visit("reviewer"), item)
    text = page.locator("#text")
    draft = text.input_value()
    page.keyboard.press("Alt+r")
    panel = page.locator(".redrafts")
    expect(panel).to_contain_text("An instruction needs a model that writes")
    panel.get_by_role("button", name="Use this").first.click()
    assert text.input_value() != draft
    expect(page.locator("#edit-count")).not_to_have_text("no edits")
    page.keyboard.press("Control+z")
    assert text.input_value() == draft

    stack.rows(
        "UPDATE review_reviewitem SET claim_expires_at = now() WHERE claimed_by_id IS NOT NULL"
    )
    text.press_sequentially("Mine. ")
    expect(page.locator("#saved")).to_contain_text("Your claim on this item has expired")
    assert "Mine. " in text.input_value()
    assert kept(stack, item) == []


def test_an_instruction_brings_another_draft_beside_the_original(
    visit: Visit, stack: Stack, item: str
) -> None:
    page = claimed(visit("reviewer"), item)
    text = page.locator("#text")
    draft = text.input_value()
    with model_provider() as provider, writing(stack, provider):
        page.keyboard.press("Alt+r")
        instruction = page.get_by_label("What should be different?")
        expect(instruction).to_be_focused()
        instruction.fill("Name the day")
        instruction.press("Enter")
        expect(page.locator("#redraft-list")).to_contain_text("It is being written")
        text.press("Control+End")
        text.press_sequentially(" More.")  # one goes on meanwhile
        offer = page.locator(".offer", has_text="Name the day")
        expect(offer).to_contain_text("it arrives on Friday", timeout=30_000)
        expect(page.locator("#offer-original")).to_have_text(draft)
        expect(text).to_be_focused()
        asked = document_of(provider.peer.requests[-1])
        assert (asked["instruction"], asked["draft"]) == ("Name the day", draft)
        offer.get_by_role("button", name="Use this").click()
    assert text.input_value() == ANSWERS["Redrafted"]["reply"]
    page.keyboard.press("Control+z")
    assert text.input_value() == f"{draft} More."


@contextmanager
def writing(stack: Stack, provider: Provider) -> Iterator[None]:
    """Put the provider's model on tier 2 meanwhile."""
    change = "UPDATE agents_tierversion SET model = %s, endpoints = %s WHERE tier = 2 AND is_live"
    (before,) = stack.rows("SELECT model FROM agents_tierversion WHERE tier = 2 AND is_live")
    endpoint = json.dumps({"openai/test-model": f"{provider.peer.url}/v1"})
    stack.rows(change, "openai/test-model", endpoint)
    try:
        yield
    finally:
        stack.rows(change, before["model"], "{}")


def test_a_signature_leaves_with_the_reply_and_the_reason_is_asked_for_once(
    visit: Visit, stack: Stack, item: str
) -> None:
    page = visit("reviewer")
    page.goto("/me/")
    page.get_by_label("Every queue").fill("Robin\nDay shift")
    page.get_by_role("button", name="Save").click()
    claimed(page, item)
    expect(page.locator(".signature")).to_contain_text("Robin\nDay shift", use_inner_text=True)
    text = page.locator("#text")
    text.fill(text.input_value().replace("Hello", "Dear", 1))
    text.press("Control+Enter")
    why = page.locator("[data-why]")
    expect(why).to_contain_text("Why the edits?")
    why.get_by_role("button", name="Tone").click()
    expect(why).to_have_text("Edited because: Tone.")
    (label,) = stack.rows(
        "SELECT p.content FROM evals_label l JOIN evals_labelpayload p ON p.id = l.expected_id"
        " WHERE l.task = 'edit_reason' ORDER BY l.id DESC LIMIT 1"
    )
    assert label["content"] == "tone"
    (sent,) = stack.rows(
        "SELECT p.content, v.edit_operations FROM review_verdict v"
        " JOIN review_reviewpayload p ON p.id = v.final_id ORDER BY v.id DESC LIMIT 1"
    )
    assert sent["content"].endswith("\n\n-- \nRobin\nDay shift")
    assert sent["edit_operations"] == 1
