"""Which Chromium the tests use, and how it is started."""

import shutil

# Quiet: no request of the browser's own may look like one of the page's.
# One renderer for the tabs of a context: what one tab has compiled the next one need not.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--renderer-process-limit=1",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """The system's Chromium; None for Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)
