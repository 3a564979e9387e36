"""Signing in through the page, a token that ends while the page is open, and a wall that keeps its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import find_free_port
from keyfiles import PRIVATE, WALL, WINDOW, KeyFiles
from pages import TIMEOUT_MS, await_true
from playwright.sync_api import Browser, BrowserContext, Page
from serving import Server, serving


class Watched:
    """A context without a token, and what its pages complained about."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.set_default_timeout(TIMEOUT_MS)
        context.on("console", lambda message: self.complaints.append(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return KeyFiles(tmp_path_factory.mktemp("keys")).write_all()


@pytest.fixture(scope="module")
def settings(keys: KeyFiles) -> dict[str, str]:
    return keys.environ(HEDGE_BIND=f"127.0.0.1:{find_free_port()}")


@pytest.fixture(scope="module")
def server(settings: dict[str, str], keys: KeyFiles) -> Iterator[Server]:
    with serving(keys.directory / "log", settings) as server:
        yield server


@pytest.fixture(scope="module")
def compiled(browser: Browser) -> Iterator[Watched]:
    """One context for all of them, which keeps what it has compiled."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    yield Watched(context)
    context.close()


@pytest.fixture
def watched(compiled: Watched) -> Iterator[Watched]:
    """Without a page, and without a cookie."""
    yield compiled
    for page in compiled.context.pages:
        page.close()
    compiled.context.clear_cookies()
    compiled.complaints.clear()


def sign_in(page: Page, token: str = WALL) -> None:
    page.locator("#token:focus").wait_for()  # typing before the page has put the focus there makes the browser complain
    page.fill("#token", token)
    page.click("button")


def await_drawn(page: Page) -> None:
    page.wait_for_selector("[data-field='nav.nav_usd']")
    page.locator("#connection", has_text="connected").wait_for()


def test_sign_in_leads_to_the_page_that_was_asked_for_and_sign_out_away(watched: Watched, server: Server) -> None:
    """A wrong token leads back to the field; to sign out is one link in sight and one button behind it."""
    page = watched.context.new_page()
    page.goto(f"{server.url}/?tz=UTC&theme=light")
    assert page.title().startswith("Sign in")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(11, 15, 20)"
    assert watched.complaints == []
    sign_in(page, "wrong")
    assert page.inner_text("[role=alert]") == "This token is not valid, or not any more."
    watched.complaints.clear()  # the browser tells of the 401
    sign_in(page)
    assert page.url == f"{server.url}/?tz=UTC&theme=light"
    await_drawn(page)
    page.wait_for_selector(".nav-history .main-svg path.js-line")
    assert watched.complaints == []
    page.click("#sign-out")
    assert page.inner_text("form p") == "This browser is signed in as lobby."
    page.click("button")
    assert page.url == f"{server.url}/login"
    page.goto(server.url)
    assert page.title().startswith("Sign in")


def test_token_that_ends_is_said_and_another_tab_mends_it(watched: Watched, server: Server, keys: KeyFiles) -> None:
    """Without loading the page again."""
    page = watched.context.new_page()
    page.goto(f"{server.url}/?tz=UTC")
    sign_in(page)
    await_drawn(page)
    page.evaluate("window.loadedOnce = true")
    keys.write(WINDOW)
    page.locator("#connection", has_text="SIGNED OUT since").wait_for()
    assert page.locator("html.connection-lost #sign-in").get_attribute("href") == "/login?view=tz%3DUTC"
    assert page.locator("#sign-out").count() == 0
    await_true(page, "document.title.includes('SIGNED OUT')")
    other = watched.context.new_page()
    other.goto(server.url)
    sign_in(other, PRIVATE)
    keys.write_all()
    await_true(page, "!document.documentElement.classList.contains('connection-lost')")
    await_drawn(page)
    assert page.locator("#sign-in").count() == 0
    assert page.evaluate("window.loadedOnce") is True


# The last: the server is stopped.
def test_wall_keeps_its_token_over_a_restart_of_server_and_browser(
    browser: Browser, watched: Watched, server: Server, settings: dict[str, str], tmp_path: Path
) -> None:
    """And is never asked for it again."""
    page = watched.context.new_page()
    page.goto(f"{server.url}/?kiosk=1&token={WALL}")
    assert page.url == f"{server.url}/?kiosk=1"
    await_drawn(page)
    assert not page.locator("#sign-out").is_visible()
    assert WALL not in page.content()
    assert page.evaluate("history.length") <= 2
    server.stop()
    await_true(page, "document.documentElement.matches('.connection-lost')")
    with serving(tmp_path / "second-log", settings) as second:
        await_true(page, "!document.documentElement.matches('.connection-lost')")
        watched.context.storage_state(path=tmp_path / "kept.json")
        kept = browser.new_context(storage_state=tmp_path / "kept.json")
        again = kept.new_page()
        again.goto(f"{second.url}/?kiosk=1")
        await_drawn(again)
        kept.close()
