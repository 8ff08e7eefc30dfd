"""Service levels, the team's board and one's own day in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import barriers
from tests.browser.loading import loading
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def waiting(stack: Stack) -> None:
    """The demo's drafts, all of them in the inbox."""
    running = "SELECT count(*) FROM agents_run WHERE status IN ('queued', 'running')"
    wait_until(lambda: stack.count(running) == 0, "the demo's runs have ended", 180)


def test_a_lead_sets_hours_and_sees_what_they_mean_before_saving(
    visit: Visit, waiting: None, stack: Stack
) -> None:
    page = visit("lead")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/team/")
    page.get_by_role("link", name="Service levels").first.click()
    with loading(page):
        page.get_by_role("link", name="Customer care").click()
    means = page.locator("#meaning")
    expect(means).to_contain_text("An urgent message of Saturday 15:50 is due Monday 11:50.")
    urgent = page.get_by_label("Urgent")
    urgent.fill("30 min")
    expect(means).to_contain_text("An urgent message of Saturday 15:50 is due Monday 08:20.")
    expect(urgent).to_be_focused()
    page.get_by_label("Sunday").fill("20-8")
    with loading(page):
        page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(page.get_by_label("Sunday")).to_have_value("20-8")
    assert barriers(page) == []
    page.get_by_label("Sunday").fill("")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    assert stack.rows("SELECT target_urgent_min FROM review_queue WHERE slug = 'care'") == [
        {"target_urgent_min": 30}
    ]


def test_work_is_shared_out_and_the_board_follows_by_itself(visit: Visit, waiting: None) -> None:
    lead, board = visit("lead"), visit("admin")
    board.goto("/team/")
    jonas = board.get_by_role("row", name=re.compile("Jonas Petersen"))
    before = int(jonas.locator("td[data-label=Assigned]").inner_text())
    lead.goto("/team/")
    lead.get_by_label("Move", exact=True).fill("2")
    lead.get_by_label("from", exact=True).select_option("queue:technical")
    lead.get_by_role("button", name="Preview", exact=True).click()
    lead.get_by_label("Jonas Petersen").check()
    with loading(lead):
        lead.get_by_role("button", name="Preview with them").click()
    expect(lead.locator("[name=share]")).to_have_count(2)
    assert barriers(lead) == []
    lead.keyboard.press("Control+Enter")
    expect(lead.locator(".toast")).to_contain_text("2 items moved.")
    expect(jonas.locator("td[data-label=Assigned]")).to_have_text(str(before + 2))
    assert barriers(board) == []
    # The same way back.
    lead.get_by_label("Move", exact=True).fill("2")
    lead.get_by_label("from", exact=True).select_option(label=f"Jonas Petersen ({before + 2})")
    lead.get_by_label("to", exact=True).select_option("anybody")
    lead.get_by_role("button", name="Preview", exact=True).click()
    lead.get_by_role("button", name="Move 2 items").click()
    expect(jonas.locator("td[data-label=Assigned]")).to_have_text(str(before))


def test_ones_own_day_and_what_came_late_read_well_without_sight(
    visit: Visit, waiting: None, stack: Stack
) -> None:
    page = visit("lead")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/day/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("today")
    assert barriers(page) == []
    stack.rows(
        "UPDATE review_reviewitem SET due_at = now() - interval '4 minutes' WHERE id ="
        " (SELECT min(id) FROM review_reviewitem WHERE status = 'open')"
    )
    page.goto("/team/late/")
    expect(page.locator(".reasons-list .due").filter(has_text="4 min over")).to_have_count(1)
    # Colours that fade into others have less contrast on their way.
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert barriers(page) == []
