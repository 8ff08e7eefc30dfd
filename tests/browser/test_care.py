"""Nothing typed is lost and nothing happens twice, whatever networks, logins and fingers do."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.loading import loading
from tests.browser.proposals import QUESTION, Client
from tests.browser.seeding import seed_items
from tests.stack import PASSWORD, Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]
MINE = "\n\nPS: written by hand."


def hold(page: Page, item: int) -> None:
    page.goto(f"/items/{item}/")
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    expect(page.locator("#text")).to_be_editable()


def write(page: Page, text: str = MINE) -> None:
    editor = page.locator("#text")
    editor.fill(editor.input_value() + text)


def test_a_reply_waits_for_the_file_that_is_still_on_its_way(visit: Visit, stack: Stack) -> None:
    (item,) = seed_items(stack, "Celesta slow upload")
    page = visit("reviewer")
    hold(page, item)
    held_up: list[Route] = []

    def hold_up(route: Route) -> None:
        held_up.append(route)

    page.route("**/attachments/", hold_up)
    file = {"name": "label.txt", "mimeType": "text/plain", "buffer": b"x"}
    with page.expect_request("**/attachments/"):
        page.locator("#files").set_input_files(file)  # type: ignore[arg-type]
    page.locator("#text").press("Control+Enter")
    expect(page.get_by_text("A file is still being attached")).to_be_visible()
    held_up[0].continue_()
    expect(page.get_by_text("label.txt")).to_be_visible()
    # htmx gives what it puts in the old part's classes for a moment: the file is under way by them.
    expect(page.locator("#attachments .htmx-request")).to_have_count(0)
    page.locator("#text").press("Control+Enter")
    sent = "SELECT count(*) FROM review_attachment WHERE item_id = %s AND verdict_id IS NOT NULL"
    wait_until(lambda: stack.count(sent, item) == 1, "the file leaves with the reply")


def test_writing_goes_on_after_a_login_in_another_tab(visit: Visit, stack: Stack) -> None:
    (item,) = seed_items(stack, "Celesta new login")
    page = visit("reviewer")
    hold(page, item)
    page.context.clear_cookies(name="sessionid")
    write(page)
    expect(page.get_by_text("Not saved: you are logged out.")).to_be_visible()
    other = page.context.new_page()
    other.goto("/")
    other.get_by_label("User name").fill("reviewer")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in").click()
    other.locator(".bar").wait_for()
    other.close()
    expect(page.locator("#saved")).to_contain_text("Saved", timeout=15_000)
    page.locator("#text").press("Control+Enter")
    decided = "SELECT count(*) FROM review_verdict WHERE item_id = %s AND kind = 'edit'"
    wait_until(lambda: stack.count(decided, item) == 1, "the reply is countersigned")


def test_what_was_typed_on_an_item_decided_elsewhere_stays_in_view(
    visit: Visit, stack: Stack
) -> None:
    (item,) = seed_items(stack, "Celesta two tabs")
    page = visit("reviewer")
    hold(page, item)
    page.route("**/standing/**", lambda route: route.abort())  # the news has not come yet
    other = page.context.new_page()
    other.goto(f"/items/{item}/")
    other.locator("#text").press("Control+Shift+Enter")
    other.locator("#outcome").wait_for()
    other.close()
    write(page)
    page.locator("#text").press("Control+Enter")
    kept = page.get_by_label("What you had written")
    assert kept.input_value().endswith(MINE)
    expect(page.locator("body")).to_have_attribute("data-live", "socket")
    with page.expect_response(lambda response: response.url.endswith(f"/items/{item}/")):
        page.evaluate("htmx.trigger('#outcome', 'changed')")
    expect(page.locator("#outcome.htmx-request")).to_have_count(0)
    expect(kept).to_be_visible()


def test_a_comment_is_posted_once_and_a_failure_is_said(visit: Visit, stack: Stack) -> None:
    (item,) = seed_items(stack, "Celesta comment")
    page = visit("reviewer")
    page.goto(f"/items/{item}/")
    comment = page.locator("#comment")
    page.route("**/comments/", lambda route: route.abort())
    comment.fill("Ask the workshop.")
    comment.press("Control+Enter")
    expect(page.get_by_text("The console does not answer")).to_be_visible()
    expect(comment).to_have_value("Ask the workshop.")
    page.unroute("**/comments/")
    comment.press("Control+Enter")
    comment.press("Control+Enter")
    expect(page.locator("#comment-list")).to_contain_text("Ask the workshop.")
    expect(comment).to_have_value("")
    posted = """SELECT count(*) FROM review_comment comment
        JOIN review_reviewitem item USING (ticket_id) WHERE item.id = %s"""
    assert stack.count(posted, item) == 1


def test_what_no_save_keeps_is_asked_about(visit: Visit, stack: Stack) -> None:
    page = visit("lead")
    page.goto(f"/items/{Client(stack).item('guarded', QUESTION)}/")
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    page.locator("#act-release").wait_for()
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.keyboard.press("w")
    page.locator("dialog[open] textarea").fill("By ship, please.")
    page.reload()
    assert asked == ["beforeunload"]


def test_enter_on_a_link_follows_the_link(visit: Visit, stack: Stack) -> None:
    (item,) = seed_items(stack, "Celesta taken")
    hold(visit("reviewer"), item)
    page = visit("lead")
    page.goto(f"/items/{item}/")
    page.keyboard.press("t")
    leave = page.get_by_role("link", name="Leave it to")
    leave.focus()
    page.keyboard.press("Enter")
    expect(leave).to_have_count(0)
    held_by = stack.rows(
        "SELECT username FROM auth_user JOIN review_reviewitem item ON claimed_by_id = auth_user.id"
        " WHERE item.id = %s",
        item,
    )
    assert held_by == [{"username": "reviewer"}]


def test_the_palette_works_after_going_back(visit: Visit) -> None:
    page = visit("reviewer")
    page.locator("#inbox-tabs a").nth(1).click()
    page.wait_for_url("**/?queue=*")
    with loading(page):  # what the address alone had changed is asked for anew
        page.go_back()
    page.wait_for_url("**/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="What to do or find").fill("notifications")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notifications/")
