"""A prompt's way to live with a second person, and an agent stopped and started, in a browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.loading import loading
from tests.browser.test_the_way_of_one_ticket import BODY, Shop
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Visit = Callable[[str], Page]
VERSION = """
SELECT step.prompt_version FROM agents_step step
JOIN review_ticketrun link ON link.run_id = step.run_id
JOIN review_ticket ticket ON ticket.id = link.ticket_id
WHERE ticket.external_id = %s AND step.key = 'draft'
"""
REASONS = """
SELECT item.id, item.reasons FROM review_reviewitem item
JOIN review_ticket ticket ON ticket.id = item.ticket_id
WHERE ticket.external_id = %s
"""


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return Shop(stack)


@pytest.fixture
def as_it_came(stack: Stack) -> Iterator[None]:
    """Other tests find the agent live and its prompts the release's, whatever this one leaves."""
    yield
    stack.rows("UPDATE agents_agent SET status = 'live', status_note = ''")
    stack.rows("UPDATE agents_promptversion SET is_live = false")
    stack.rows(
        "UPDATE agents_promotion SET outcome = 'withdrawn', decided_at = now()"
        " WHERE outcome = 'asked'"
    )


def prompt_of_a_new_run(shop: Shop, stack: Stack, subject: str) -> str:
    """Return the version of the prompt that a new ticket's draft was made with."""
    shop.submit(subject, BODY)
    wait_until(lambda: stack.rows(VERSION, subject), f"{subject} has a draft")
    return str(stack.rows(VERSION, subject)[0]["prompt_version"])


def item_of(shop: Shop, stack: Stack, subject: str) -> tuple[int, str]:
    """Return the id and the first reason of the item that a new ticket opens."""
    shop.submit(subject, BODY)
    wait_until(lambda: stack.rows(REASONS, subject), f"{subject} has come to a person")
    (row,) = stack.rows(REASONS, subject)
    return row["id"], row["reasons"][0]["text"]


def test_a_prompt_is_edited_countersigned_used_and_taken_back(
    visit: Visit, shop: Shop, stack: Stack, as_it_came: None
) -> None:
    before = prompt_of_a_new_run(shop, stack, "Prompt one")
    admin = visit("admin")
    admin.goto("/prompts/triage/draft/")
    editor = admin.locator("#text")
    text = editor.input_value()
    shorter = text.replace("at most 200 words", "at most 90 words")
    editor.fill(shorter + "Sign as $agent_name.\n")
    admin.get_by_label("What should become better").fill("Shorter replies.")
    admin.keyboard.press("Control+Enter")
    expect(admin.get_by_role("alert")).to_contain_text("$agent_name is no variable of this task.")
    expect(editor).to_have_value(shorter + "Sign as $agent_name.\n")
    editor.fill(shorter)
    admin.get_by_role("button", name="Preview").click()
    expect(admin.locator("#preview")).to_contain_text("You draft the reply of Halden Coffee Works")
    admin.get_by_role("button", name="Save as draft").click()
    expect(admin.locator(".diff ins")).to_have_text("90")
    admin.get_by_label("Why it goes to staging").fill("To be tried.")
    admin.get_by_role("button", name="Put on staging").click()
    admin.get_by_label("Why it should be live").fill("It reads well.")
    admin.get_by_role("button", name="Ask for live").click()
    expect(admin.locator("#request")).to_contain_text("another person answers")
    expect(admin.get_by_role("button", name="Put it live")).to_have_count(0)

    lead = visit("lead")
    expect(lead.locator("main")).to_contain_text("1 change to prompts waits for a second person.")
    lead.get_by_role("link", name="Look at it").click()
    with loading(lead):
        lead.get_by_role("link", name="Triage, draft").click()
    expect(lead.locator("#request .diff ins")).to_have_text("90")
    lead.keyboard.press("a")
    expect(lead.locator(".toast")).to_contain_text("Live from the next run on.")
    after = prompt_of_a_new_run(shop, stack, "Prompt two")
    assert after != before

    admin.goto("/prompts/triage/draft/")
    expect(admin.locator(".standing")).to_contain_text("countersigned by Amira Haddad")
    expect(admin.locator("#runs a").first).to_be_visible()
    admin.get_by_role("button", name="Go back to the file").click()
    assert prompt_of_a_new_run(shop, stack, "Prompt three") == before
    admin.get_by_role("button", name="Put live version 1 back").click()
    expect(admin.locator(".toast").first).to_contain_text("Back to version 1")
    assert prompt_of_a_new_run(shop, stack, "Prompt four") == after


def test_an_agent_is_stopped_by_key_and_tickets_come_without_a_draft(
    visit: Visit, shop: Shop, stack: Stack, as_it_came: None
) -> None:
    lead = visit("lead")
    lead.keyboard.press("Control+k")
    lead.get_by_role("combobox", name="What to do or find").fill("pause")
    lead.get_by_role("option", name="Pause Triage").click()
    lead.wait_for_url("**/agents/triage/")
    lead.keyboard.press("p")
    lead.keyboard.type("It promised a refund.")
    lead.keyboard.press("Enter")
    expect(lead.locator("[data-stopped]")).to_contain_text("Triage is paused")
    expect(lead.get_by_role("button", name="Resume")).to_have_count(0)
    item, reason = item_of(shop, stack, "Stopped one")
    assert reason == "The agent is paused: It promised a refund."
    lead.goto(f"/items/{item}/")
    expect(lead.locator("main")).to_contain_text("The agent offers no draft for this one.")
    expect(lead.locator("body")).to_contain_text("The agent is paused: It promised a refund.")

    admin = visit("admin")
    expect(admin.locator("[data-stopped]")).to_contain_text("tickets come without a draft")
    admin.locator("[data-stopped] a").click()
    admin.get_by_role("button", name="Resume").click()
    expect(admin.locator("[data-stopped]")).to_have_count(0)
    item, reason = item_of(shop, stack, "Stopped two")
    assert "paused" not in reason
    prompt = stack.rows(VERSION, "Stopped two")
    assert prompt, "the agent has drafted again"
