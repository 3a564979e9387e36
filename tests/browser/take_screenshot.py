"""The README's picture, made from this code: `make screenshot`."""

import json
import sys
import tempfile
from pathlib import Path

from chromium import CHROMIUM_ARGUMENTS, chromium_path
from playwright.sync_api import sync_playwright
from serving import CORPUS, serving


def take_screenshot(target: Path) -> None:
    """Serve the healthy scenario as of its time, and photograph it at 1920x1080."""
    scenario = CORPUS / "v7.1" / "healthy"
    expected = json.loads((scenario / "expected.json").read_text())
    settings = {"HEDGE_STATE_DIR": str(scenario / "logs" / "state"), "HEDGE_NOW": str(expected["now"])}
    settings["ENV"] = expected["environ"]["ENV"]
    with (
        tempfile.TemporaryDirectory() as directory,
        serving(Path(directory) / "gunicorn.log", settings) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(server.url, wait_until="networkidle")
        page.wait_for_selector(".nav-history .main-svg path.js-line")
        page.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    take_screenshot(Path(sys.argv[1]))
