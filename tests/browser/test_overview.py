"""The overview in a browser: charts drawn under the policy, in both themes, and without script."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def decided(browser: Browser, stack: Stack, log_in: Callable[[Page, str], None]) -> None:
    """One item of the demo, countersigned as it is."""
    context = browser.new_context(base_url=stack.url)
    page = context.new_page()
    waiting = "SELECT count(*) FROM review_reviewitem WHERE status = 'open'"
    wait_until(lambda: stack.count(waiting), "the demo's first draft is there", 120)
    log_in(page, "reviewer")
    page.get_by_role("button", name="Take next").click()
    page.locator("[data-send]").click()
    page.locator("form.toast").first.wait_for()
    context.close()


@pytest.fixture
def without_script(browser: Browser, stack: Stack) -> Iterator[Page]:
    context = browser.new_context(base_url=stack.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_charts_are_drawn_under_the_policy_and_follow_the_theme(
    visit: Visit, decided: None
) -> None:
    # A violation of the policy is an error in the console, which fails the test.
    page = visit("manager")
    page.emulate_media(color_scheme="light")
    page.goto("/overview/")
    figures = page.locator("[data-chart]")
    assert figures.count() >= 2
    for figure in figures.all():
        expect(figure).to_have_attribute("data-drawn", "yes")
        expect(figure.locator("svg.main-svg").first).to_be_visible()
        expect(figure.get_by_role("table")).to_be_hidden()
    bar = page.locator("[data-chart=plot-flow] .bars path").first
    light = bar.evaluate("bar => getComputedStyle(bar).fill")
    page.emulate_media(color_scheme="dark")
    expect(bar).not_to_have_css("fill", light)


def test_each_chart_has_its_table_and_each_category_its_items(visit: Visit, decided: None) -> None:
    page = visit("manager")
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto("/overview/")
    figure = page.locator("[data-chart=plot-flow]")
    expect(figure).to_have_attribute("data-drawn", "yes")
    figure.get_by_text("As a table").click()
    expect(figure.get_by_role("table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".by-category th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Decided items of")
    assert page.locator(".decided tbody tr").count() >= 1


def test_without_script_the_tables_stand_open(
    without_script: Page, decided: None, log_in: Callable[[Page, str], None]
) -> None:
    page = without_script
    log_in(page, "manager")
    page.goto("/overview/")
    figures = page.locator("[data-chart]")
    assert figures.count() >= 2
    for figure in figures.all():
        expect(figure.get_by_role("table")).to_be_visible()
        expect(figure.locator(".plot")).to_have_css("height", "0px")
