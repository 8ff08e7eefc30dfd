"""`make screenshots`: every page, light and dark, wide and narrow, into `screenshots/`."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.local.home import CLONE, Home
from config.local.servers import running_servers
from tests.browser.chromium import launch
from tests.stack import PASSWORD, Stack, running_stack, wait_until

FOLDER = CLONE / "screenshots"
SIZES = {"wide": (1440, 900), "narrow": (380, 800)}


def main() -> None:
    """Start the demo, wait until its tickets are in the inbox, and take every page's picture."""
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
            with sync_playwright() as playwright:
                take_all(launch(playwright), stack)
    print(f"Pictures are in {FOLDER}")


def tickets_of_the_past() -> int:
    """Return how many tickets the demo's past has."""
    company = CLONE / "review" / "demo" / "company"
    files = (company / f"{name}.jsonl" for name in ("history", "routine"))
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def take_all(browser: Browser, stack: Stack) -> None:
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=stack.url,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
            )
            page = context.new_page()
            take_pages(page, f"{scheme}-{size}")
            context.close()


def take_pages(page: Page, suffix: str) -> None:
    def take(name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{suffix}.png")

    page.goto("/")
    take("login")
    page.get_by_label("User name").fill("reviewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    take("inbox")
    page.goto("/?queue=subscriptions&after=1")
    take("inbox-queue")
    page.goto("/")
    page.get_by_role("button", name="Take next").click()
    take("item")
    editor = page.locator("#text")
    editor.fill(editor.input_value().replace("Thank you", "Many thanks") + "\n\nPS: See you soon.")
    page.wait_for_timeout(600)
    take("item-edited")
    page.locator("[data-send]").click()
    page.wait_for_url("**/")
    take("sent-toast")
    page.goto("/sent/")
    take("sent")
    page.locator("table a").first.click()
    take("item-decided")
    page.locator(".evidence a[href^='/runs/']").click()
    page.wait_for_url("**/runs/*/")
    take("run")
    page.goto("/items/999999/")
    take("missing")
    page.context.clear_cookies()
    page.goto("/overview/")
    page.get_by_label("User name").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/overview/")
    take("overview")


if __name__ == "__main__":
    main()
