"""A shift of 25 items by keyboard alone: real drafts of real tickets, every kind of verdict."""

import json
import re
import urllib.request
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from review.demo import files
from tests.browser.loading import loading
from tests.stack import PASSWORD, Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ITEMS = 25
QUEUE = "night-shift"
PEOPLE = f"""
from django.contrib.auth.models import Group, User
from review.models import Queue
above = Queue.objects.get(slug="billing")
queue = Queue.objects.create(slug={QUEUE!r}, name="Night shift", position=9, escalates_to=above)
person = User.objects.create_user("night", password={PASSWORD!r}, first_name="Noor")
person.groups.add(Group.objects.get(name="reviewer"))
person.queues.add(queue)
"""
# A mouse that is used anywhere in the console would be noted.
NO_MOUSE = """
for (const kind of ["pointerdown", "mousedown", "touchstart", "wheel"])
    addEventListener(kind, () => sessionStorage.setItem("mouse", kind), true);
"""


def submit(stack: Stack) -> None:
    """Have the agent draft replies to the demo's own tickets, in a queue of this shift."""
    stack.manage("shell", "--no-imports", "-c", PEOPLE)
    token = stack.manage("create_token", "night", "--scope", "submit").split()[-1]
    # What a rule hands to customer care would leave the shift's queue.
    plain = [row for row in files.stream()[len(files.errands()) :] if row["queue"] != "care"]
    for number, ticket in enumerate(plain[:ITEMS]):
        body = {
            "external_id": f"night-{number}",
            "queue": QUEUE,
            # No order is named: an agent would ask to act on it before there is a reply.
            **{name: re.sub(r"HCW-\d+", "mine", ticket[name]) for name in ("subject", "body")},
            "customer": ticket["customer"],
        }
        request = urllib.request.Request(
            f"{stack.url}/api/v1/tickets",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=20).close()
    waiting = (
        "SELECT count(*) FROM review_reviewitem item JOIN review_queue queue"
        " ON queue.id = item.queue_id WHERE queue.slug = %s"
    )
    wait_until(lambda: stack.count(waiting, QUEUE) == ITEMS, "every ticket has its item")


class Reviewer:
    """Somebody without a mouse: what they see is read off the page, what they do are keys."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keyboard = page.keyboard

    def log_in(self) -> None:
        self.page.goto("/")
        expect(self.page.get_by_label("User name")).to_be_focused()
        self.keyboard.type("night")
        self.keyboard.press("Tab")
        self.keyboard.type(PASSWORD)
        with loading(self.page):
            self.keyboard.press("Enter")
        expect(self.page.get_by_role("button", name="Take next")).to_be_visible()

    def ready(self) -> int:
        """Return the item that has come up, once one can write."""
        expect(self.page.locator("#text")).to_be_focused()
        if not self.page.locator("#text").input_value():
            self.keyboard.type("Hello,\n\nthank you for writing to us.")
        return self.here()

    def here(self) -> int:
        found = re.search(r"/items/(\d+)/", self.page.url)
        assert found, self.page.url
        return int(found[1])

    def leave(self, item: int, *keys: str) -> None:
        """Press the keys, the last of which leads on."""
        for key in keys:
            self.keyboard.press(key)
        self.page.wait_for_url(lambda url: f"/items/{item}/" not in url)

    def approve(self, item: int) -> None:
        self.leave(item, "Control+Enter")

    def edit(self, item: int) -> None:
        self.keyboard.press("Control+End")
        self.keyboard.type("\n\nPS: Write to us again if it does not help.")
        expect(self.page.locator("#diff ins").first).to_be_visible()
        self.keyboard.press("Alt+4")
        expect(self.page.get_by_role("radio", name="Missing information")).to_be_checked()
        self.leave(item, "Control+Enter")

    def reject(self, item: int) -> None:
        self.keyboard.press("Escape")
        self.keyboard.press("x")
        expect(self.page.get_by_role("dialog", name="Reject")).to_be_visible()
        self.leave(item, "2", "Control+Enter")

    def snooze(self, item: int) -> None:
        self.keyboard.press("Alt+z")
        expect(self.page.get_by_role("dialog", name="Snooze")).to_be_visible()
        self.leave(item, "1")

    def escalate(self, item: int) -> None:
        self.keyboard.press("Alt+e")
        expect(self.page.get_by_role("dialog", name="Escalate")).to_be_visible()
        self.keyboard.type("x e z: beyond what I may decide")
        self.leave(item, "Control+Enter")

    def comment_and_approve(self, item: int) -> None:
        self.keyboard.press("Escape")
        self.keyboard.press("i")
        expect(self.page.locator("#comment")).to_be_focused()
        self.keyboard.type("Checked the order: it is right.")
        self.keyboard.press("Control+Enter")
        expect(self.page.locator("#comment-list")).to_contain_text("Checked the order")
        self.keyboard.press("Escape")
        self.leave(item, "Control+Enter")

    def undo_and_approve(self, item: int) -> None:
        self.leave(item, "Control+Enter")
        self.keyboard.press("Escape")
        self.keyboard.press("u")
        self.page.wait_for_url(f"**/items/{item}/")
        self.ready()
        self.leave(item, "Control+Enter")

    def insert_macro_and_send(self, item: int) -> None:
        before = self.page.locator("#text").input_value()
        self.keyboard.press("Control+End")
        self.keyboard.press("Alt+m")
        expect(self.page.get_by_role("combobox", name="Search macros")).to_be_focused()
        expect(self.page.locator("#picker [aria-selected=true]")).to_be_visible()
        self.keyboard.press("Enter")
        expect(self.page.locator("#text")).to_be_focused()
        assert len(self.page.locator("#text").input_value()) > len(before)
        self.leave(item, "Control+Enter")


def test_a_shift_without_a_mouse(browser: Browser, stack: Stack) -> None:
    submit(stack)
    context = browser.new_context(base_url=stack.url)
    context.add_init_script(NO_MOUSE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    reviewer = Reviewer(page)
    reviewer.log_in()
    work: list[Callable[[int], None]] = [
        reviewer.approve,
        reviewer.edit,
        reviewer.reject,
        reviewer.comment_and_approve,
        reviewer.snooze,
        reviewer.escalate,
        reviewer.insert_macro_and_send,
        reviewer.undo_and_approve,
    ]
    page.keyboard.press("n")
    seen = []
    for number in range(ITEMS):
        page.wait_for_url(re.compile(r"/items/\d+/"))
        seen.append(reviewer.ready())
        work[number % len(work)](seen[-1])
    expect(page.locator(".toasts")).to_contain_text("That was the last one")
    assert page.evaluate("sessionStorage.getItem('mouse')") is None
    context.close()
    assert problems == []
    assert len(set(seen)) == ITEMS

    done = Counter(
        row["kind"]
        for row in stack.rows(
            "SELECT DISTINCT ON (item_id) kind FROM review_verdict WHERE item_id = ANY(%s)"
            " ORDER BY item_id, id DESC",
            seen,
        )
    )
    open_now = stack.rows(
        "SELECT snoozed_until, is_escalated FROM review_reviewitem"
        " WHERE status = 'open' AND id = ANY(%s)",
        seen,
    )
    assert done["reject"] == 3
    assert done["edit"] >= 6
    assert done["approve"] + done["edit"] + done["reject"] == 19
    assert sum(row["snoozed_until"] is not None for row in open_now) == 3
    assert sum(row["is_escalated"] for row in open_now) == 3
