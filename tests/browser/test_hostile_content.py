"""Hostile text in a real browser, under our own policy: it is read, and does nothing.

Every page is watched: no script runs, no dialog opens, nothing is asked for but our own pages
and files, the policy has nothing to refuse because nothing was parsed as markup, the page stays
where it is, and its main action can be seen and clicked.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.hostile_world import DRAFTLESS, NAME, World, attacked, one_line_end
from tests.browser.loading import loading
from tests.hostile import bare_payloads
from tests.peers import Mailbox
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 380, "height": 800}
OURS = re.compile(
    r"/|/(static/[-\w./]+|live/|next/|tiers/[-\w/]*|overview/(items/)?|admin/[-\w/]*"
    r"|items/\d+/([-a-z]+/(\d+/)?)?|(articles|attachments|runs)/[-\w]+/|accounts/(login|logout)/"
    r"|(batch|day|density|gone|macros|me|notifications|palette|presence|sent|service|team|views)/"
    r"[-\w/]*)"
)
# Runs before any script of the page, and is not held by its policy.
WATCH = """
window.attacks = [];
for (const name of ["alert", "confirm", "prompt", "print"]) {
  window[name] = (...given) => { window.attacks.push(`${name} ${given}`); };
}
document.addEventListener("securitypolicyviolation", (event) => {
  window.attacks.push(`policy ${event.violatedDirective} ${event.blockedURI}`);
});
"""
# What a stranger may have added: comments, handlers, addresses. A text may be in a value.
STRANGE = """() => {
  const found = [];
  const said = new Set(["value", "title", "aria-label", "data-name", "data-unformatted",
    "data-inserted", "data-deleted"]);
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) found.push(`comment ${walker.currentNode.data}`);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (said.has(name)) continue;
      const leads = /pwned|evil|alert\\(|javascript:|vbscript:|file:/i.test(value);
      if (name.startsWith("on") || name.includes("hx-on") || leads) found.push(`${name}=${value}`);
    }
  }
  return found;
}"""
TAGS = """() => [...new Set([...document.querySelectorAll("body *")].map((e) => e.localName))]"""
# Elements that our own pages hold. A customer adds none.
OUR_TAGS = {
    *("a", "article", "aside", "b", "bdi", "br", "button", "caption", "code", "dd", "del"),
    *("details", "div", "dl", "dt", "form", "h1", "h2", "h3", "h4", "header", "input", "ins"),
    *("dialog", "kbd", "label", "li", "main", "meter", "nav", "noscript", "ol", "option", "p"),
    *("fieldset", "footer", "legend", "optgroup", "path", "pre", "rect"),
    *("section", "select", "span", "summary", "svg", "table", "tbody", "td", "textarea"),
    *("tfoot", "th", "thead", "time", "tr", "ul"),
}


@dataclass
class Watched:
    """A page under watch, and all that it did which it should not have."""

    page: Page
    origin: str
    attacks: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.origin}{path}")
        self.check(path)

    def open_nothing(self, path: str) -> None:
        """Open an address that is not there; asking for it is no attack."""
        response = self.page.goto(f"{self.origin}{path}")
        assert response is not None
        assert response.status == 404
        self.attacks.remove(f"GET {response.request.url}")
        self.check()

    def check(self, path: str | None = None, *, strangers_too: bool = False) -> None:
        """Fail, saying what, if anything on the page was more than text.

        strangers_too: elements and comments may be there that a library of ours brings.
        """
        told = self.page.evaluate("() => window.attacks.splice(0)")
        assert told == []
        assert self.attacks == []
        found = self.page.evaluate(STRANGE)
        assert [one for one in found if not (strangers_too and one.startswith("comment "))] == []
        assert strangers_too or set(self.page.evaluate(TAGS)) - OUR_TAGS == set()
        assert len(self.page.frames) == 1
        if path is not None:
            assert urlsplit(self.page.url).path == urlsplit(path).path

    def saw(self, request: Request) -> None:
        url = urlsplit(request.url)
        known = f"{url.scheme}://{url.netloc}" == self.origin and OURS.fullmatch(url.path)
        if not known or "pwned" in request.url:
            self.attacks.append(f"{request.method} {request.url}")


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with attacked(stack) as world:
        yield world


@pytest.fixture
def watched(
    browser: Browser, stack: Stack, log_in: Callable[[Page, str], None]
) -> Iterator[Callable[..., Watched]]:
    contexts: list[BrowserContext] = []

    def visit(username: str = "attacked", **options: Any) -> Watched:
        context = browser.new_context(base_url=stack.url, **{"viewport": WIDE, **options})
        contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        watched = Watched(page=page, origin=stack.url)
        context.on("request", watched.saw)
        context.on("page", lambda opened: watched.attacks.append(f"opened {opened.url}"))
        page.on("dialog", lambda dialog: watched.attacks.append(f"dialog {dialog.message}"))
        page.on("download", lambda download: watched.attacks.append(f"got {download.url}"))
        page.on("pageerror", lambda error: watched.attacks.append(f"error {error}"))
        log_in(page, username)
        return watched

    yield visit
    for context in contexts:
        context.close()


def require_action(page: Page, name: str) -> None:
    """Wait until the button is on the screen, nothing over it, on a page that is not too wide.

    A wait, since news over the socket may put a new button in the old one's place right now.
    """
    page.wait_for_function(
        """(name) => {
          const named = (button) => button.firstChild?.textContent.trim() === name;
          const button = [...document.querySelectorAll("button")].find(named);
          if (!button) return false;
          const { x, y, width, height } = button.getBoundingClientRect();
          const top = document.elementFromPoint(x + width / 2, y + height / 2);
          return button.contains(top)
            && document.documentElement.scrollWidth <= window.innerWidth;
        }""",
        arg=name,
        timeout=5000,
    )


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.locator(selector).evaluate_all("all => all.map(e => e.textContent)")
    return found


def test_every_payload_is_read_and_nothing_runs(
    watched: Callable[..., Watched], world: World
) -> None:
    """Subject, name, conversation, draft, extracted fields, sources and reasons of each case."""
    watch = watched()
    read = 0
    for case in world.cases:
        watch.open(f"/items/{world.items[case.number]}/")
        assert texts(watch.page, ".conversation .body") == world.expected(case)
        read += len(case.bodies) + 2
        require_action(watch.page, "Claim")
    assert read > 600
    watch.open("/?queue=attacked")
    subjects = texts(watch.page, ".item-row .subject b")
    assert {case.subject_shown for case in world.cases} <= set(subjects)
    require_action(watch.page, "Take next")


def test_a_narrow_screen_holds_it_too(watched: Callable[..., Watched], world: World) -> None:
    watch = watched(viewport=NARROW)
    for path, action in (
        ("/?queue=attacked", "Take next"),
        *((f"/items/{world.items[number]}/", "Claim") for number in range(0, 20, 3)),
    ):
        watch.open(path)
        require_action(watch.page, action)


def test_a_hostile_item_can_be_worked_on(
    watched: Callable[..., Watched], world: World, mailbox: Mailbox
) -> None:
    """Claimed, edited, refused for its length, escalated with a note, sent, and read again."""
    watch = watched()
    page = watch.page
    typed = one_line_end("\n".join(payload.text for payload in bare_payloads()[::3]))
    path = f"/items/{world.items[0]}/"
    watch.open(path)
    with loading(page):
        page.get_by_role("button", name="Claim").click()
    watch.check(path)
    page.locator("#text").fill(typed)
    expect(page.locator("#diff ins").first).to_be_visible()
    watch.check(path)
    page.locator("#text").fill("x" * 20_001)
    with loading(page):
        page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("longer than 20,000 characters")
    watch.check()
    page.locator("#text").fill(typed)
    page.locator("#act-escalate").click()
    page.get_by_label("What should they know?").fill(NAME)
    page.get_by_role("dialog", name="Escalate").get_by_role("button", name="Escalate").click()
    watch.check()
    watch.open(path)
    expect(page.locator(".evidence .why").first).to_contain_text(NAME)
    page.get_by_role("button", name="Claim").click()
    assert page.locator("#text").input_value() == typed
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".toasts")).to_contain_text(f"Reply to {world.cases[0].name.strip()}")
    require_action(page, "Undo")
    watch.check()
    watch.open(path)
    assert "".join(texts(page, ".final ins")).count("pwned") > 10
    wait_until(lambda: _mail_to(mailbox, "svg/onload"), "the reply has left")
    mail = _mail_to(mailbox, "svg/onload")[0]
    assert len(mail["To"].addresses) == 1
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"


def test_what_a_mail_server_says_is_text(
    watched: Callable[..., Watched], world: World, mailbox: Mailbox
) -> None:
    watch = watched()
    page = watch.page
    said = "550 <img src=/pwned onerror=alert(1)>\x1b[31m</span><script>alert(1)</script>"
    page.goto(f"/items/{world.items[DRAFTLESS]}/")
    page.get_by_role("button", name="Claim").click()
    page.locator("#text").fill("Hello")
    mailbox.refusal = said
    try:
        page.get_by_role("button", name="Send").click()
        failed = "SELECT count(*) FROM review_delivery WHERE state = 'failed' AND detail LIKE %s"
        wait_until(lambda: world.stack.count(failed, "%/pwned%"), "the reply was refused")
    finally:
        mailbox.refusal = ""
    watch.open("/sent/")
    expect(page.locator("main")).to_contain_text("<img src=/pwned onerror=alert(1)>")
    assert has_width(page)


def test_other_pages_hold_it_too(watched: Callable[..., Watched], world: World) -> None:
    """The run's steps, the whole text, and what the admin sees."""
    watch = watched()
    item = world.items[0]
    (run,) = world.stack.rows("SELECT run_id FROM review_reviewitem WHERE id = %s", item)
    watch.open(f"/runs/{run['run_id']}/")
    assert has_width(watch.page)
    response = watch.page.goto(f"/items/{item}/messages/")
    assert response is not None
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert watch.page.evaluate("() => document.contentType") == "text/plain"
    assert "<script>alert('pwned')</script>" in watch.page.inner_text("body")
    assert watch.attacks == []
    for path in ("/nothing/<img src=x onerror=alert(1)>", "//evil.example/", "/items/0/pwned"):
        watch.open_nothing(path)


def test_pages_of_leads_and_admins_hold_it_too(
    watched: Callable[..., Watched], world: World
) -> None:
    """Charts and lists with the names of categories, the models, the administration."""
    watch = watched("admin")
    for path in (
        "/?queue=attacked",
        "/overview/?days=7",
        "/overview/items/",
        "/tiers/",
        "/admin/",
        "/admin/review/queue/",
        "/admin/agents/category/",
        "/admin/memory/article/",
        "/admin/auth/user/",
    ):
        response = watch.page.goto(path)
        assert response is not None
        assert response.status == 200, path
        watch.page.wait_for_load_state("networkidle")
        watch.check(path, strangers_too=True)


def has_width(page: Page) -> bool:
    """Whether the page is no wider than the screen."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))


ORDER = """() => {
  const SELECTOR = ".byline, .toast span, .message header, .outcome h2";
  // Our own words beside a stranger's: left to right within a line, and after what precedes.
  const wrong = [];
  for (const box of document.querySelectorAll(SELECTOR)) {
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    let last = null;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest("bdi, b") || !node.data.trim()) continue;
      for (let i = 0; i < node.data.length; i++) {
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        const { left, top, width } = range.getBoundingClientRect();
        if (width === 0) continue;
        if (last && Math.abs(last.top - top) < 4 && left < last.left) wrong.push(node.data);
        last = { left, top };
      }
    }
  }
  return wrong;
}"""


# The second and third get out of an inline isolate by closing it.
TURNS = ("\u202eAda\u202e", "\u2069\u202eAda", "\u202c\u2069\u2069\u202e\u2067Ada", "\u05d0\u05d1")


def test_a_name_does_not_turn_the_words_beside_it(
    watched: Callable[..., Watched], world: World
) -> None:
    watch = watched()
    watch.open(f"/items/{world.items[1]}/")
    for name in TURNS:
        watch.page.evaluate(
            """(name) => document.querySelectorAll("bdi, h1, .message header b")
                .forEach((e) => { e.textContent = name; })""",
            name,
        )
        assert watch.page.evaluate(ORDER) == [], ascii(name)


def _mail_to(mailbox: Mailbox, part: str) -> list[Any]:
    return [mail for mail in mailbox.mails if part in str(mail["To"])]
