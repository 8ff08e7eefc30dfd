"""What axe finds on a page that bars people from it."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

RUN = """([within, options]) =>
    axe.run(within, { resultTypes: ["violations"], ...options }).then((found) => found.violations)
"""


def barriers(page: Page, *rules: str, within: str = "html") -> list[str]:
    """Return what axe finds on the page as it stands, a line each. rules: all of them, or these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, [within, {"runOnly": rules} if rules else {}])
    return [
        f"{page.url}: {rule['id']}: {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]


def problems(page: Page, *, within: str = "html") -> list[str]:
    """Return what axe finds on the page once it is at rest, and in dark of its colours."""
    page.wait_for_load_state()
    expect(page.locator(".htmx-request, .htmx-swapping")).to_have_count(0)
    # Colours that fade into others have less contrast on their way.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = barriers(page, within=within)
    page.emulate_media(color_scheme="dark")
    found += barriers(page, "color-contrast", within=within)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found
