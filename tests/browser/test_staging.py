"""A tier on staging, compared in shadow with what people sent, and put live; axe on the pages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import problems
from tests.provider import model_provider
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Callable[[str], Page]
ITEMS = 4
DECIDED = """
import json
from django.contrib.auth.models import User
from django.db import transaction
from agents.models import Category, TierVersion
from agents.versions import change
from tests.builders import make_item, make_result
from tests.review.staging.seeding import decide
reviewer = User.objects.get(username="reviewer")
category = Category.objects.filter(
    queue__in=reviewer.queues.values_list("slug", flat=True), is_high_stakes=False
).first()
result = make_result(category=category.slug, queue=category.queue)
for number in range({items}):
    with transaction.atomic():  # or the workers would take the run
        item = make_item(result, subject=f"Compared {{number}}", external_id=f"compared-{{number}}")
    decide(item, reviewer)
with transaction.atomic():
    change(
        TierVersion, "staging", {{"tier": 2}},
        lambda live: {{"model": "openai/shadowed", "fallbacks": [],
                       "endpoints": {{"openai/shadowed": {url!r}}}}},
        reason="Drafts for new questions.", by=User.objects.get(username="admin"),
    )
"""
LIVE_WORK = """
    SELECT count(*) FROM agents_run
    WHERE status IN ('queued', 'running') AND shadow_of_id IS NULL
"""
LIVE_TIER = """
    SELECT model FROM agents_tierversion
    WHERE environment = 'live' AND tier = 2 AND is_live
"""


def test_a_tier_is_compared_in_shadow_and_put_live(visit: Visit, stack: Stack) -> None:
    before = stack.rows(LIVE_TIER)[0]["model"]
    with model_provider() as provider:
        seed = DECIDED.format(items=ITEMS, url=f"{provider.peer.url}/v1")
        stack.manage("shell", "--no-imports", "-c", seed)
        page = visit("admin")
        page.goto("/staging/")
        expect(page.locator("h1")).to_have_text("Staging differs in tier 2")
        expect(page.locator(".difference")).to_contain_text("openai/shadowed")
        wait_until(lambda: _past_undo(stack) >= ITEMS, "the verdicts can no longer be undone")
        wait_until(lambda: not stack.count(LIVE_WORK), "no live run goes before it", 90)
        _compare(page)
        sent = stack.count("SELECT count(*) FROM review_delivery")
        expect(page.locator("#result h2")).to_contain_text("Too few to tell", timeout=90_000)
        assert stack.count("SELECT count(*) FROM review_delivery") == sent
        _look_closer(page)
        _promote(page)
        assert stack.rows(LIVE_TIER)[0]["model"] == "openai/shadowed"
    _put_back(stack, before)


def _past_undo(stack: Stack) -> int:
    return stack.count(
        "SELECT count(*) FROM review_verdict v JOIN review_reviewitem i ON i.id = v.item_id"
        " JOIN review_ticket t ON t.id = i.ticket_id"
        " WHERE t.external_id LIKE 'compared-%%' AND v.created_at < now() - interval '4 seconds'"
    )


def _compare(page: Page) -> None:
    """Start it: without agreement to its cost it is refused, with what was typed kept."""
    page.get_by_label("Last reviewed items").fill(str(ITEMS))
    page.get_by_label("Note").fill("Does it write better?")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("may cost money")
    expect(page.get_by_label("Note").first).to_have_value("Does it write better?")
    assert problems(page) == []
    page.get_by_label("Start it, whatever it costs").check()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#result")).to_contain_text(f"{ITEMS} reviewed items")


def _look_closer(page: Page) -> None:
    """The figures come by themselves; each item stands side by side with what was sent."""
    expect(page.locator(".figures-table")).to_contain_text("Drafts that succeed")
    assert problems(page) == []
    page.get_by_role("link", name="Items side by side").click()
    expect(page.locator(".pair")).to_have_count(ITEMS)
    assert problems(page) == []
    page.get_by_role("link", name="Best first").click()
    page.locator(".pair h3 a").first.click()
    expect(page.get_by_role("heading", name="What was sent")).to_be_visible()
    assert problems(page) == []
    page.locator("a[href^='/runs/']").last.click()
    expect(page.locator("#summary")).to_contain_text("never shown to a customer")
    page.goto("/staging/")


def _promote(page: Page) -> None:
    """Too few to tell, so a reason is written, and stays."""
    page.get_by_label("Why it should go live all the same").fill("We looked at each of them.")
    page.get_by_role("button", name="Promote").click()
    expect(page.locator("h1")).to_have_text("Staging is the same as live")
    expect(page.locator(".promotions")).to_contain_text(
        "Against the gate: We looked at each of them."
    )


def _put_back(stack: Stack, model: str) -> None:
    """Leave the tiers as other tests expect them."""
    stack.manage(
        "shell",
        "--no-imports",
        "-c",
        "from agents.models import TierVersion\n"
        "from agents.versions import copy_to\n"
        f"live = TierVersion.objects.filter(tier=2, environment='live', model={model!r})\n"
        "copy_to(live.order_by('-version').first(), 'live', reason='As it was.', by=None)\n",
    )
