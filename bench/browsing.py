"""A headless Chromium at the size of the wall."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chromium import CHROMIUM_ARGUMENTS, chromium_path
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@contextmanager
def browsing() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own, as the tests start it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
