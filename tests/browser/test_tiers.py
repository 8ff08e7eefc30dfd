"""A tier rolled back: tried on staging, promoted, seen live, and back with one click."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import problems
from tests.browser.loading import loading
from tests.provider import KEY, Provider, model_provider
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def admin(stack: Stack, visit: Callable[[str], Page]) -> Iterator[Page]:
    yield visit("admin")
    # Other tests find the tiers as they came.
    stack.rows("UPDATE agents_tierversion SET is_live = FALSE WHERE is_live")
    stack.rows(
        "UPDATE agents_tierversion SET is_live = TRUE WHERE environment = 'live' AND version = 1"
    )
    stack.rows("UPDATE agents_routeversion SET is_live = FALSE WHERE environment = 'staging'")


def section_of(page: Page, tier: int) -> Locator:
    return page.get_by_role("region", name=f"Tier {tier}", exact=True)


def test_a_tier_is_tried_on_staging_promoted_and_rolled_back(admin: Page, stack: Stack) -> None:
    now = "SELECT version FROM agents_tierversion WHERE tier = 2 AND is_live"
    before = stack.count(f"{now} AND environment = 'live'")
    staged = "SELECT coalesce(max(version), 0) FROM agents_tierversion WHERE tier = 2"
    on_staging = stack.count(f"{staged} AND environment = 'staging'") + 1
    with model_provider() as provider:
        put_on_staging(admin, provider)
        promote(admin)
        # One click, and no question.
        admin.get_by_role("button", name=f"Tier 2 back to version {before}").click()
        admin.wait_for_url("**/tiers/history/**")
        table = admin.get_by_role("region", name="Versions")
        expect(table.get_by_role("row").nth(1)).to_contain_text(f"Back to version {before}:")
        expect(table.get_by_role("row").nth(1)).to_contain_text("in use")
        expect(table).to_contain_text("Fewer edits; promoted.")
        expect(table).to_contain_text(f"from staging v{on_staging}")
        live = "SELECT model FROM agents_tierversion WHERE is_live AND tier = 2"
        (row_now,) = stack.rows(f"{live} AND environment = 'live'")
        assert row_now["model"] == "local/countersign"
        audited = "SELECT count(*) FROM review_auditentry WHERE action = %s"
        assert stack.count(audited, "tier.promoted") >= 1

        # Any two versions, field by field.
        boxes = admin.get_by_role("checkbox")
        boxes.nth(0).check()
        boxes.nth(1).check()
        admin.get_by_role("button", name="Compare the two").click()
        expect(admin.get_by_role("heading", name="They differ in")).to_be_visible()
        assert problems(admin) == []


def put_on_staging(admin: Page, provider: Provider) -> None:
    """A provider's model is asked first, the embedded one stays as the fallback."""
    base = f"{provider.peer.url}/v1"
    admin.goto("/tiers/")
    with loading(admin):
        admin.get_by_role("link", name="Edit on staging tier 2").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("Tier 2 on staging")

    # A row more, moved to the front.
    admin.get_by_role("button", name="Add a fallback").click()
    row = admin.get_by_role("group", name="Fallback 1")
    row.get_by_label("Fallback 1", exact=True).fill("openai/test-model")
    row.get_by_label("Base URL").fill(base)
    row.get_by_role("button", name="Up").click()
    first = admin.get_by_role("group", name="The model that is asked first")
    expect(first.get_by_label("Model", exact=True)).to_have_value("openai/test-model")
    expect(first.get_by_label("Base URL")).to_have_value(base)

    # What it would cost follows what is typed.
    first.get_by_label("Model", exact=True).fill("openai/unheard-of")
    expect(admin.locator("#cost")).to_contain_text("unpriced")
    first.get_by_label("Model", exact=True).fill("openai/test-model")

    # A field that is wrong is said, and what was typed is there.
    admin.get_by_label("Reason").fill("Fewer edits on decided items.")
    admin.get_by_label("Time limit, seconds").fill("0")
    admin.get_by_role("button", name="Try it and put it on staging").click()
    expect(admin.get_by_text("Give whole seconds from 1 to 600.")).to_be_visible()
    admin.get_by_label("Time limit, seconds").fill("40")
    first.get_by_label("Key", exact=True).fill(KEY)
    # The first call of a process loads litellm, which takes its time on a busy machine.
    admin.get_by_role("button", name="Try it and put it on staging").click(timeout=100_000)
    admin.wait_for_url("**/tiers/")
    assert provider.forms == ["Ready"], "one real call before it counts"
    tier = section_of(admin, 2)
    expect(tier).to_contain_text("staging")
    expect(tier.locator(".chain code").first).to_have_text("local/countersign")


def promote(admin: Page) -> None:
    """What is on staging is looked at beside what is live, and goes live."""
    admin.get_by_role("link", name="Staging differs in 1 place").click()
    expect(admin.get_by_role("region", name="Field by field: Tier 2")).to_contain_text(
        "openai/test-model, then local/countersign"
    )
    assert problems(admin) == []
    admin.get_by_label("Why it is to be live").fill("Fewer edits; promoted.")
    admin.get_by_role("button", name="Promote Tier 2").click(timeout=60_000)
    admin.wait_for_url("**/tiers/#main")
    expect(section_of(admin, 2).locator(".chain code").first).to_have_text("openai/test-model")
    expect(admin.get_by_role("heading", level=1)).to_have_text(
        "1 of 3 tiers runs on a connected model"
    )
    expect(admin.get_by_text("Staging differs")).to_have_count(0)


def test_a_task_is_moved_to_another_tier_and_withdrawn(admin: Page) -> None:
    admin.goto("/tiers/")
    with loading(admin):
        admin.get_by_role("link", name="Edit on staging routes").click()
    admin.get_by_label("Tier of redraft").select_option("3")
    expect(admin.locator("#cost")).to_contain_text("of redraft in the last 7 days")
    admin.get_by_label("Reason").fill("The second try is the harder one.")
    assert problems(admin) == []
    admin.get_by_role("button", name="Put it on staging").click()
    admin.wait_for_url("**/tiers/")
    expect(admin.get_by_text("staging: 3")).to_be_visible()
    assert problems(admin) == []
    admin.get_by_role("link", name="Promote Routes").click()
    admin.get_by_role("button", name="Withdraw Routes from staging").click()
    admin.wait_for_url("**/tiers/")
    expect(admin.get_by_text("staging: 3")).to_have_count(0)
