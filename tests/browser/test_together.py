"""Two people at once: they see each other, never get the same item, and lose nothing they typed."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.local import redis
from config.local.home import Home
from tests.browser.loading import loading
from tests.browser.test_the_way_of_one_ticket import Shop
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Callable[[str], Page]
BODY = "Hello, where is my order HCW-204881? It was sent last week and tracking does not move."


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return Shop(stack)


def _submitted(shop: Shop, subject: str) -> tuple[str, str]:
    """Return the ticket's status URL and its item's address once the draft is there."""
    status_url = shop.submit(subject, BODY)
    wait_until(lambda: shop.call(status_url)["review"], "the draft is there")
    return status_url, f"/items/{shop.call(status_url)['review']['id']}/"


def _live(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-live", "socket")


def test_two_people_see_each_other_and_one_takes_over(visit: Visit, shop: Shop) -> None:
    grace, ada = visit("reviewer"), visit("lead")
    _, item = _submitted(shop, "Watched by two")
    _live(grace, item)
    with loading(grace):
        grace.keyboard.press("c")
    editor = grace.locator("#text")
    expect(editor).to_be_editable()
    row = item.strip("/").split("/")[1]

    _live(ada, "/?queue=orders")
    expect(ada.locator(f"[data-presence='{row}'] .face")).to_be_visible()
    box = ada.locator(f"#line-{row}").bounding_box()
    editor.fill("Hello Ada, as the first one put it.")
    expect(ada.locator(f"[data-presence='{row}'] .face")).to_have_attribute("data-state", "editing")
    assert ada.locator(f"#line-{row}").bounding_box() == box
    expect(ada.locator(f"#line-{row}")).to_contain_text("is editing")
    expect(grace.locator("#saved")).to_contain_text("Saved")

    _live(ada, item)
    expect(ada.locator("#present")).to_contain_text("is editing")
    expect(grace.locator("#present")).to_contain_text("is looking")
    ada.keyboard.press("t")
    expect(ada.locator("#ask")).to_contain_text("last typed just now")
    ada.keyboard.press("Escape")
    expect(ada.locator("#ask")).to_have_count(0)
    ada.keyboard.press("t")
    expect(ada.locator("#ask button")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.locator("#text")).to_be_editable()
    expect(ada.locator("#text")).to_have_value("Hello Ada, as the first one put it.")

    notice = grace.locator("#standing")
    expect(notice).to_contain_text("has taken this item over; your text went along")
    expect(editor).to_have_attribute("readonly", "")
    expect(editor).to_have_value("Hello Ada, as the first one put it.")
    expect(grace.locator("[data-send]")).to_have_count(0)
    expect(grace.locator("#bell")).to_contain_text("1 new")


def test_a_comment_calls_a_colleague_at_once(visit: Visit, shop: Shop) -> None:
    grace, ada = visit("reviewer"), visit("lead")
    _, item = _submitted(shop, "Commented on by two")
    _live(grace, item)
    with loading(grace):
        grace.keyboard.press("c")
    expect(grace.locator("#text")).to_be_editable()
    _live(ada, item)
    grace.locator("#text").press("Escape")
    grace.keyboard.press("i")
    comment = grace.locator("#comment")
    expect(comment).to_be_focused()
    before = ada.locator("#bell").inner_text()
    grace.keyboard.type("Is this ours? @lea", delay=20)
    expect(grace.locator("#mentions [role=option]").first).to_contain_text("@lead")
    grace.keyboard.press("Tab")
    expect(comment).to_have_value("Is this ours? @lead ")
    grace.reload()
    expect(comment).to_have_value("Is this ours? @lead ")
    comment.press("Control+Enter")
    expect(grace.locator("#comment-said")).to_have_text("Posted.")
    expect(comment).to_have_value("")
    expect(
        grace.locator("[data-send]")
    ).to_be_visible()  # it is the comment that went, not the reply
    expect(ada.locator("#comment-list")).to_contain_text("Is this ours? @lead")
    expect(ada.locator("#bell")).not_to_have_text(before)
    ada.keyboard.press("g")
    ada.keyboard.press("n")
    expect(ada.locator("#notifications")).to_contain_text("mentioned you in a comment")
    ada.get_by_role("link", name="Commented on by two").first.click()
    ada.wait_for_url(f"**{item}")


def test_a_customer_who_writes_again_is_answered_with_open_eyes(visit: Visit, shop: Shop) -> None:
    page = visit("reviewer")
    status_url, item = _submitted(shop, "Asked twice")
    _live(page, item)
    with loading(page):
        page.keyboard.press("c")
    editor = page.locator("#text")
    expect(editor).to_be_editable()
    editor.fill("Hello Ada, I have looked into it myself.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    shop.call(f"{status_url}/messages", {"body": "By the way, I moved to Lisbon."})
    expect(page.locator("#standing")).to_contain_text("The customer has written again")
    expect(editor).to_have_value("Hello Ada, I have looked into it myself.")
    with loading(page):
        page.get_by_role("button", name="Open the new draft").click(timeout=30_000)

    expect(page.locator(".carried")).to_contain_text("I have looked into it myself")
    expect(page.locator(".conversation")).to_contain_text("I moved to Lisbon")
    expect(page.locator("[data-send]")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("1")
    expect(editor).to_have_value("Hello Ada, I have looked into it myself.")
    expect(page.locator("[data-send]")).to_be_visible()
    assert shop.call(status_url)["sent"] is None


def test_next_never_gives_two_people_the_same_item(visit: Visit, shop: Shop, stack: Stack) -> None:
    for subject in ("First of two", "Second of two"):
        _submitted(shop, subject)
    stack.rows(
        "UPDATE review_reviewitem SET claimed_by_id = NULL, claim_token = NULL,"
        " claim_expires_at = NULL, claimed_at = NULL"
    )
    pages = [visit("reviewer"), visit("lead")]
    for page in pages:
        page.keyboard.press("n")
    for page in pages:
        page.wait_for_url("**/items/*/")
    assert pages[0].url != pages[1].url


class OwnRedis:
    """A Redis for the web process alone, which a test may freeze, kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.program = redis.program(self.home)
        self.start()

    def start(self) -> None:
        self.program.before_start()
        self.process = subprocess.Popen(self.program.command, stdout=subprocess.DEVNULL)
        wait_until(self.program.is_ready, "Redis answers")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()


@contextmanager
def _web_on_its_own_redis(stack: Stack, folder: Path) -> Iterator[OwnRedis]:
    own = OwnRedis(folder)
    usual = stack.environment["REDIS_URL"]
    try:
        _restart_web(stack, own.home.redis_url())
        yield own
    finally:
        own.signal(signal.SIGKILL)
        _restart_web(stack, usual)


def _restart_web(stack: Stack, redis_url: str) -> None:
    stack.kill("web")
    stack.environment["REDIS_URL"] = redis_url
    stack.start("web")
    stack.wait_for_web()


def _goes_at_once_to(page: Page, address: str) -> None:
    """Open the page; one that waited for Redis would take at least the 3 s of its patience."""
    page.goto(address)
    timing = "performance.getEntriesByType('navigation')[0]"
    assert page.evaluate(f"{timing}.responseEnd - {timing}.requestStart") < 2000


def test_without_redis_the_work_goes_on_and_news_come_back(
    visit: Visit, shop: Shop, stack: Stack, tmp_path: Path
) -> None:
    page, other = visit("reviewer"), visit("lead")
    _, item = _submitted(shop, "Answered without Redis")
    row = item.strip("/").split("/")[1]
    for one in (page, other):
        one.goto("about:blank")  # while the server is away
    with _web_on_its_own_redis(stack, tmp_path) as own_redis:
        _live(other, "/?queue=orders")
        _live(page, item)
        own_redis.signal(signal.SIGSTOP)  # hangs: it takes connections and never answers
        page.locator("#act-claim").click()
        expect(page.locator("#act-send")).to_be_visible()
        _goes_at_once_to(page, item)
        own_redis.signal(signal.SIGKILL)
        expect(page.locator("body")).to_have_attribute("data-live", "polling", timeout=20_000)
        page.locator("#text").fill("Hello Ada, without Redis.")
        expect(page.locator("#saved")).to_contain_text("Saved")
        page.locator("#comment").fill("Redis is away.")
        page.locator("#comment").press("Control+Enter")
        expect(page.locator("#comment-list")).to_contain_text("Redis is away.")
        _goes_at_once_to(page, "/")
        _goes_at_once_to(page, item)
        page.keyboard.press("Control+Shift+Enter")
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(page.locator("#text")).to_have_value("Hello Ada, without Redis.")

        own_redis.start()
        for one in (page, other):
            expect(one.locator("body")).to_have_attribute("data-live", "socket", timeout=20_000)
        expect(other.locator(f"[data-presence='{row}'] .face")).to_be_visible()
        page.locator("#act-release").click()
        page.wait_for_url("**/")
        expect(other.locator(f"#line-{row} .holder")).to_be_empty()
        for one in (page, other):
            one.goto("about:blank")
