"""What leads to another page is waited for until that page's keys are bound."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page


@contextmanager
def loading(page: Page) -> Iterator[None]:
    """Leave the block when the page that it leads to has loaded.

    What a page shows is there before its scripts are: a key pressed by then would go nowhere.
    """
    page.wait_for_load_state()
    with page.expect_event("load"):
        yield
