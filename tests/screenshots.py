"""`make screenshots`: every page, light and dark, wide and narrow, into `screenshots/`."""

import tempfile
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.local.home import CLONE, Home
from config.local.servers import running_servers
from tests.browser.chromium import launch
from tests.browser.proposals import QUESTION, REFUND, Client
from tests.stack import PASSWORD, Stack, running_stack, wait_until

FOLDER = CLONE / "screenshots"
SIZES = {"wide": (1440, 900), "narrow": (380, 800)}
# What is looked at without doing anything, by whom.
PAGES = {
    "reviewer": {
        "inbox": "/",
        "inbox-queue": "/?queue=orders",
        "inbox-searched": "/?text=machine&sort=newest",
        "inbox-nothing": "/?text=nothing+is+called+this",
        "day": "/day/",
        "sent": "/sent/",
        "macros": "/macros/",
        "notifications": "/notifications/",
        "me": "/me/",
        "missing": "/items/999999/",
    },
    "manager": {"overview": "/overview/", "overview-items": "/overview/items/", "team": "/team/"},
    "lead": {
        "team-share": "/team/share/?source=queue:billing&to=people&count=5",
        "late": "/team/late/?days=28",
        "troubled": "/sent/troubled/",
        "service": "/service/",
        "service-queue": "/service/orders/",
    },
    "admin": {
        "agents": "/agents/",
        "agent": "/agents/triage/",
        "agent-edit": "/agents/triage/edit/",
        "tiers": "/tiers/",
        "tier-edit": "/tiers/2/edit/?environment=staging",
        "preset": "/tiers/presets/anthropic/",
        "prompts": "/prompts/",
        "prompt": "/prompts/triage/draft/",
        "tools": "/tools/",
        "guardrails": "/guardrails/",
        "policy": "/policy/",
        "staging": "/staging/",
        "admin": "/admin/",
        "admin-items": "/admin/review/reviewitem/",
    },
}
# One reply that was refused, and one of which nobody knows; how they come so has its own tests.
TROUBLE = """
UPDATE review_delivery SET state = given.state, detail = given.detail, attempts = 1
FROM (VALUES (0, 'failed', 'The mail server answered 550: no such mailbox'),
    (1, 'unknown', 'The connection broke while the reply was handed over')) given(n, state, detail)
WHERE id = (SELECT id FROM review_delivery WHERE state = 'sent' AND kind = 'reply'
    ORDER BY id DESC LIMIT 1 OFFSET given.n)
"""


def main() -> None:
    """Start the demo, wait until its past is lived through, and take every page's picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="countersign-shots-") as folder:
        home = Home(Path(folder))
        with (
            running_servers(home, durable=False),
            running_stack(
                home,
                "countersign_screenshots",
                plays=True,
                COUNTERSIGN_HOME=folder,
                REDIS_URL=home.redis_url(),
                SECRET_KEY="only-for-screenshots",
            ) as stack,
        ):
            waiting = "SELECT count(*) FROM agents_run WHERE status IN ('queued', 'running')"
            wait_until(lambda: stack.count(waiting) == 0, "the demo's runs have ended", 180)
            past = "SELECT count(*) FROM review_ticket WHERE external_id LIKE 'past-%%'"
            wait_until(lambda: stack.count(past) == tickets_of_the_past(), "its past is lived", 900)
            stack.rows(TROUBLE)
            with sync_playwright() as playwright:
                take_all(launch(playwright), stack)
    print(f"Pictures are in {FOLDER}")


def tickets_of_the_past() -> int:
    """Return how many tickets the demo's past has."""
    company = CLONE / "review" / "demo" / "company"
    files = (company / f"{name}.jsonl" for name in ("history", "routine"))
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def take_all(browser: Browser, stack: Stack) -> None:
    """Take every picture in every theme and size."""
    agent = Client(stack)
    asked: tuple[int, int] | None = None
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=stack.url,
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            photographer = Photographer(context.new_page(), f"{scheme}-{size}")
            photographer.look_at_pages()
            photographer.work_on_an_item()
            asked = asked or (agent.item("again", REFUND), agent.item("on arrival", QUESTION))
            photographer.look_at_proposals(*asked)
            photographer.approve_together()
            context.close()


class Photographer:
    """A page of one theme and size, and whoever is logged in on it."""

    def __init__(self, page: Page, suffix: str) -> None:
        self.page = page
        self.suffix = suffix

    def take(self, name: str) -> None:
        """Take the picture of what is on the screen."""
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(path=FOLDER / f"{name}-{self.suffix}.png")

    def log_in(self, username: str) -> None:
        """Be this person from now on."""
        self.page.context.clear_cookies()
        self.page.goto("/accounts/login/")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(lambda url: "login" not in url)

    def look_at_pages(self) -> None:
        """Take what is only looked at."""
        self.page.goto("/")
        self.take("login")
        for username, paths in PAGES.items():
            self.log_in(username)
            for name, path in paths.items():
                self.page.goto(path)
                self.take(name)

    def work_on_an_item(self) -> None:
        """Take an item from its claim to what became of it, and what opens beside it."""
        page = self.page
        self.log_in("reviewer")
        page.get_by_role("button", name="Take next").click()
        page.wait_for_url("**/items/*/")
        self.take("item")
        self.take_opened("item-keys", "?")
        self.take_opened("item-palette", "Control+k")
        self.take_opened("item-reject", "Alt+x")
        self.take_opened("item-escalate", "Alt+e")
        self.take_opened("item-snooze", "Alt+z")
        self.take_opened("item-macros", "Alt+m")
        page.keyboard.press("Alt+r")
        page.locator(".redrafts").wait_for()
        self.take("item-redraft")
        page.locator("[data-empties]").click()
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        page.locator("#beside h1").wait_for()
        self.take("item-timeline")
        page.keyboard.press("Escape")
        editor = page.locator("#text")
        draft = editor.input_value()
        editor.fill(draft.replace("Kind regards", "Best wishes") + "\n\nPS: See you soon.")
        page.locator("#diff ins").first.wait_for()
        self.take("item-edited")
        page.keyboard.press("Control+Shift+Enter")
        page.locator("form.toast").first.wait_for()
        self.take("item-decided")
        page.goto("/sent/")
        page.locator(".reply-row").first.click()
        page.wait_for_url("**/sent/*/")
        self.take("sent-reply")
        page.locator("a[href^='/runs/']").first.click()
        page.wait_for_url("**/runs/*/")
        self.take("run")

    def take_opened(self, name: str, key: str) -> None:
        """Take the dialog that a key opens, and close it."""
        self.page.locator("h1").first.click()
        self.page.keyboard.press(key)
        self.page.locator("dialog[open]").wait_for()
        self.take(name)
        self.page.keyboard.press("Escape")
        self.page.locator("dialog[open]").wait_for(state="detached")

    def look_at_proposals(self, action: int, decision: int) -> None:
        """Take what an agent of somebody's own asks for."""
        self.log_in("lead")
        for name, item in (("item-action", action), ("item-question", decision)):
            self.page.goto(f"/items/{item}/")
            self.page.get_by_role("button", name="Claim").click()
            self.page.locator("#act-release").wait_for()
            self.take(name)
            self.page.locator("#act-release").click()
            self.page.wait_for_url("**/")

    def approve_together(self) -> None:
        """Take the selection of rows and the page where they are read together."""
        page = self.page
        page.goto("/?reason=not_trusted")  # what has a draft
        boxes = page.locator(".line input").all()
        categories = Counter(box.get_attribute("data-category") for box in boxes)
        first = categories.most_common(1)[0][0]
        rows = page.locator(f".line input[data-category='{first}']")
        for number in range(min(rows.count(), 3)):
            rows.nth(number).check()
        self.take("inbox-selected")
        page.keyboard.press("b")
        page.wait_for_url("**/batch/**")
        page.locator("[data-card] summary").first.click()
        self.take("batch")
        page.keyboard.press("q")
        page.get_by_role("button", name="Take next").wait_for()


if __name__ == "__main__":
    main()
