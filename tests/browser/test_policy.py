"""A policy in a browser: a rule changed, looked at against the past, countersigned, and at work."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import barriers
from tests.browser.loading import loading
from tests.browser.proposals import Client
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Callable[[str], Page]
POLICY = "/policy/triage/"
PLANNED_ITEM = """
import json
from django.db import transaction
from agents.results import Caught, Plan, PlanOption
from review.wake import announce
from tests.builders import make_item, make_result
caught = Caught(
    id="legal_threat", name="Legal threat", outcome="plan", reason="A lawyer is spoken of.",
    sentence="In every category, when the customer writes “my lawyer”.", found="“my lawyer”",
)
plan = Plan(
    summary="She wants her money back and names a lawyer.",
    options=(
        PlanOption(title="Refund", steps=("Check the order.",), risks=("Over the limit.",)),
        PlanOption(title="Repair", steps=("Send a label.",), risks=()),
    ),
    recommended=1, why="It is owed first.", must_not_say=("That it was our fault.",),
)
result = make_result(category="complaint", queue="care", caught=(caught,), plan=plan)
with transaction.atomic():
    item = make_item(result, subject="A grave matter", external_id="grave-1")
announce(item.queue_id)
print(json.dumps(item.pk))
"""


@pytest.fixture(scope="module")
def waiting(stack: Stack) -> None:
    """The demo's runs have ended: a past to hold rules against."""
    running = "SELECT count(*) FROM agents_run WHERE status IN ('queued', 'running')"
    wait_until(lambda: stack.count(running) == 0, "the demo's runs have ended", 180)


def test_a_rule_is_changed_looked_at_countersigned_and_catches(
    visit: Visit, waiting: None, stack: Stack
) -> None:
    admin, lead = visit("admin"), visit("lead")
    admin.goto("/agents/")
    admin.get_by_role("link", name="Policy", exact=True).click()
    admin.wait_for_url("**/policy/")
    assert barriers(admin) == []

    change_a_rule(admin)
    look_at_what_it_would_do(admin)

    # Into staging, and asked for.
    admin.get_by_label("Why").fill("Try it.")
    admin.get_by_role("button", name="Put into staging").click()
    admin.get_by_role("link", name="In staging").click()
    admin.get_by_label("Why").fill("It caught what it should.")
    admin.get_by_role("button", name="Ask to put it into force").click()
    expect(admin.get_by_role("heading", name="Waits for a second person")).to_be_visible()
    expect(admin.get_by_role("button", name="Approve")).to_have_count(0)

    # The second person.
    lead.goto(POLICY)
    expect(lead.locator(".wish")).to_contain_text("It caught what it should.")
    assert barriers(lead) == []
    lead.get_by_role("button", name="Approve, and put it into force").click()
    expect(lead.locator(".toast")).to_contain_text("is in force from the next run on.")
    expect(lead.locator("#rule-grinder_of_a_notary")).to_be_visible()

    # The next ticket is caught, and says so.
    lead.goto(f"/items/{ticket_of_a_notary(stack)}/")
    expect(lead.locator(".why").first).to_contain_text(
        "A notary never forgets a grinder. Grinder of a notary: “notary”, “order”."
    )

    # And one click leads back.
    admin.goto(POLICY)
    admin.get_by_role("button", name="Use what the agent came with again").click()
    expect(admin.locator(".toast")).to_contain_text("In force from the next run on")
    expect(admin.locator("#rule-grinder_of_a_notary")).to_have_count(0)


def change_a_rule(admin: Page) -> None:
    """Add a row of its own, first wrong and then right."""
    admin.get_by_role("link", name="Add a rule").click()
    admin.get_by_label("Name").fill("Grinder of a notary")
    admin.get_by_label("The customer writes one of").fill("notary\norder")
    admin.get_by_label("Confidence is below").fill("very much")
    admin.get_by_label("Two people countersign").check()
    admin.get_by_label("What the person reads").fill("A notary never forgets a grinder.")
    admin.get_by_label("Note").fill("The notaries asked for it.")
    with loading(admin):
        admin.get_by_role("button", name="Save in the draft").click()
    expect(admin.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(admin.get_by_label("Name")).to_have_value("Grinder of a notary")
    assert barriers(admin) == []
    admin.get_by_label("Confidence is below").fill("")
    admin.keyboard.press("Control+Enter")
    expect(admin.locator(".toast")).to_contain_text("Saved in the draft.")
    expect(admin.locator("#rule-grinder_of_a_notary")).to_contain_text("two people countersign")


def look_at_what_it_would_do(admin: Page) -> None:
    """Hold the draft against the past, and beside what is in force."""
    admin.get_by_role("link", name="What would have happened").click()
    expect(admin.locator("h1")).to_contain_text("would have gone to a second person that did not.")
    expect(admin.get_by_role("table").last).to_contain_text("Grinder of a notary")
    assert barriers(admin) == []
    admin.go_back()
    admin.get_by_role("link", name="Compare with what is in force").click()
    expect(admin.get_by_role("row", name="Grinder of a notary")).to_contain_text("added")
    assert barriers(admin) == []
    admin.go_back()


def test_a_plan_stands_beside_the_draft(visit: Visit, waiting: None, stack: Stack) -> None:
    item = json.loads(stack.manage("shell", "--no-imports", "-c", PLANNED_ITEM).splitlines()[-1])
    page = visit("lead")
    page.goto(f"/items/{item}/")
    plan = page.locator(".plan")
    expect(plan).to_contain_text("Legal threat: “my lawyer”")
    expect(plan.get_by_role("heading", name="2. Repair recommended")).to_be_visible()
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert barriers(page) == []


def ticket_of_a_notary(stack: Stack) -> int:
    """Return the item that a new ticket opened."""
    body = "I am a notary and my grinder is loud. Where is my order?"
    customer = {"email": "nora@notaries.example"}
    Client(stack).call(
        "/tickets",
        {"external_id": "notary-1", "subject": "Grinder", "body": body, "customer": customer},
    )
    found = "SELECT id FROM review_reviewitem WHERE 'rule_grinder_of_a_notary' = ANY(reason_codes)"
    wait_until(lambda: stack.rows(found), "the ticket's item is open")
    return int(stack.rows(found)[0]["id"])
