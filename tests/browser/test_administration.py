"""The administration in a browser: it works under the strict content security policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_an_admin_finds_changes_and_adds_rows(visit: Callable[[str], Page], stack: Stack) -> None:
    page = visit("admin")
    page.get_by_label("Account of Nils Brandt").click()
    page.get_by_role("link", name="Administration").click()
    page.get_by_role("link", name="Queues", exact=True).click()
    page.get_by_role("link", name="Billing").click()
    page.locator(".field-members .select2-selection").click()
    page.get_by_role("option", name="manager").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    entries = "SELECT count(*) FROM review_auditentry WHERE action = 'queue.changed'"
    assert stack.count(entries) == 1
    page.goto("/admin/evals/example/add/")
    page.locator(".field-dataset .select2-selection").click()
    page.get_by_role("option", name="examples").first.click()
    page.goto("/admin/evals/dataset/")
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("link", name="No, take me back").click()
    wait_until(lambda: stack.count("SELECT count(*) FROM observability_span"), "a run has spans")
    for rows in ("agents/run", "observability/span", "review/message"):
        page.goto(f"/admin/{rows}/")
        page.locator("#result_list tbody a").first.click()
        expect(page.get_by_role("link", name="Close")).to_be_visible()
    page.get_by_role("link", name="Back to the console").click()
    page.wait_for_url("**/")
