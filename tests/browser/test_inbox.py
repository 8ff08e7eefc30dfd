"""The inbox in a browser: rows stand still while they are read, and all of it goes by keyboard."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_the_way_of_one_ticket import BODY, Shop
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]

# What a colleague does elsewhere: one process, so that it costs its start once.
REJECTED_BY_THE_LEAD = """
from django.contrib.auth.models import User
from review.claims import claim
from review.decisions import Seen, reject
from review.models import ReviewItem
from review.wake import announce
lead = User.objects.get(username="lead")
item = claim(ReviewItem.objects.get(pk={item}), lead)
seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
reject(item.pk, lead, seen, reason="spam")
announce(item.queue_id)
"""


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return Shop(stack)


def top(row: Locator) -> float:
    box = row.bounding_box()
    assert box
    return box["y"]


def row(page: Page, subject: str) -> Locator:
    return page.locator(".line").filter(has_text=subject)


def submit(page: Page, shop: Shop, *subjects: str) -> None:
    for subject in subjects:  # one after the other: workers may overtake each other
        shop.submit(subject, BODY)
        expect(row(page, subject)).to_be_visible(timeout=60_000)


def test_a_row_that_is_read_never_moves(visit: Visit, shop: Shop, stack: Stack) -> None:
    page = visit("reviewer")
    page.goto("/?text=standstill&sort=newest")
    submit(page, shop, "Standstill one", "Standstill two", "Standstill three")
    read = row(page, "Standstill two")
    page.mouse.move(5, 5)
    read.hover()
    read.locator("a").focus()
    place = top(read)

    newest = row(page, "Standstill three")
    stack.manage("shell", "-c", REJECTED_BY_THE_LEAD.format(item=newest.get_attribute("data-id")))
    expect(newest).to_have_attribute("data-gone", "yes")
    expect(newest).to_contain_text("rejected it")
    shop.submit("Standstill four", BODY)
    fresh = page.get_by_role("button", name="1 new · show")
    expect(fresh).to_be_visible(timeout=60_000)
    assert top(read) == place
    expect(read.locator("a")).to_be_focused()
    expect(row(page, "Standstill four")).to_have_count(0)

    page.keyboard.press(".")
    expect(page.locator(".line b")).to_have_text(
        ["Standstill four", "Standstill two", "Standstill one"]
    )
    expect(read.locator("a")).to_be_focused()
    expect(fresh).to_be_hidden()

    page.mouse.move(5, 5)
    page.get_by_role("searchbox").focus()
    shop.submit("Standstill five", BODY)  # nobody reads now: it shows by itself
    expect(page.locator(".line b").first).to_have_text("Standstill five", timeout=60_000)


def test_a_row_is_found_opened_and_come_back_to_by_keyboard(visit: Visit, shop: Shop) -> None:
    page = visit("reviewer")
    page.goto("/?queue=orders")
    submit(page, shop, "Keyed alpha", "Keyed beta")
    keys = page.keyboard
    keys.press("/")
    keys.type("keye")
    expect(page).to_have_url(re.compile("text=keye"))
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator("#said")).to_contain_text("2 items")
    keys.press("Enter")
    links = page.locator(".item-row")
    expect(links.first).to_be_focused()
    keys.press("j")
    expect(links.nth(1)).to_be_focused()
    keys.press("Enter")
    page.wait_for_url("**/items/*/")
    page.go_back()
    expect(links.nth(1)).to_be_focused()
    keys.press("x")
    keys.press("k")
    expect(links.first).to_be_focused()
    keys.press("x")
    together = page.get_by_role("button", name="Review together")
    expect(page.locator("#together")).to_contain_text("2 selected, all Where is my order")
    expect(together).to_be_enabled()
    keys.press("b")
    page.wait_for_url(re.compile(r"/batch/\?ids="))


def test_filters_sort_density_and_views_by_keyboard(visit: Visit) -> None:
    page = visit("reviewer")
    expect(page.locator(".line").first).to_be_visible(timeout=60_000)
    keys = page.keyboard
    keys.press("s")
    expect(page.locator("#sort")).to_be_focused()
    page.locator("#sort").select_option("newest")
    expect(page).to_have_url(re.compile(r"/\?sort=newest$"))
    page.locator("#filter-kind").select_option("draft")
    expect(page).to_have_url(re.compile("kind=draft"))
    page.get_by_role("button", name="Remove the kind filter").click()
    expect(page).to_have_url(re.compile(r"/\?sort=newest$"))
    keys.press("Escape")
    expect(page.locator(".item-row").first).to_be_focused()
    boxes = page.get_by_role("checkbox", name=re.compile("^Select "))
    boxes.first.check()
    boxes.last.click(modifiers=["Shift"])
    expect(page.locator(".line:has(:checked)")).to_have_count(boxes.count())
    expect(page.locator("#together")).to_contain_text("Only one category goes together")
    expect(page.get_by_role("button", name="Review together")).to_be_disabled()
    page.get_by_role("button", name="Select none").click()
    expect(page.locator("#together")).to_be_hidden()
    keys.press("d")
    expect(page.locator(".items")).to_have_attribute("data-density", "compact")
    assert page.locator(".line").first.evaluate("line => line.offsetHeight") == 36
    expect(page).to_have_url(re.compile(r"/\?sort=newest$"))
    keys.press("v")
    keys.type("Newest of all")
    keys.press("Enter")
    tab = page.locator("#inbox-tabs").get_by_role("link", name="Newest of all")
    expect(tab).to_have_attribute("aria-current", "page")
    page.locator("#tab-all").click()
    expect(tab).not_to_have_attribute("aria-current", "page")
    expect(page.locator(".items")).to_have_attribute("data-density", "compact")
    tab.click()
    expect(tab).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(tab).not_to_have_attribute("aria-current", "page")
