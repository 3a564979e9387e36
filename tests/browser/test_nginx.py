"""The page below a path of a TLS site, through the nginx that deploy/nginx/hedge.conf is written for."""

from collections.abc import Iterator

import pytest
from nginx import Site, needs_nginx, serving_site
from pages import Shown, find_scenario, shown
from playwright.sync_api import Browser

pytestmark = needs_nginx


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving_site(tmp_path_factory.mktemp("nginx"), find_scenario("v7.1/healthy").settings) as site:
        yield site


@pytest.fixture(scope="module")
def view(browser: Browser, site: Site) -> Iterator[Shown]:
    with shown(browser, site.server, any_certificate=True) as view:
        yield view


def test_page_is_drawn_below_the_path(view: Shown) -> None:
    view.await_text("#header-nav", "NAV: 10461.27 USD")
    assert len(view.fields()) > 20
    view.page.wait_for_selector(".nav-history .main-svg path.js-line")


def test_page_stays_connected(view: Shown) -> None:
    view.page.wait_for_event("response", lambda answer: "update-component" in answer.url and answer.ok)
    view.await_text("#connection", "connected")


def test_everything_is_asked_below_the_path(view: Shown, site: Site) -> None:
    urls = {url for url in view.urls if not url.startswith(("data:", "blob:"))}
    assert any("/hedge/bootstrap/static/css/" in url for url in urls)
    assert {url for url in urls if not url.startswith(site.server.url)} == set()


def test_console_is_silent(view: Shown) -> None:
    assert view.complaints == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/hedge/healthz", 200), ("/hedge", 301), ("/", 404), ("/healthz", 404), ("/_dash-layout", 404)],
)
def test_site_answers_below_the_path_only(site: Site, path: str, status: int) -> None:
    found = site.ask(path)
    assert found.status == status
    assert found.location in (None, site.server.url)


def test_plain_http_is_sent_to_tls(site: Site) -> None:
    found = site.ask("/hedge/", tls=False)
    assert (found.status, found.location) == (301, "https://127.0.0.1/hedge/")


def test_nginx_complains_about_nothing(site: Site) -> None:
    """No body and no answer of the page went through a file, no upstream failed."""
    said = (site.root / "error.log").read_text().splitlines()
    assert [line for line in said if "/hedge/" in line or "[error]" not in line] == []
