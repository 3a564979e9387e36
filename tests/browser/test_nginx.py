"""The page below a path of a TLS site, through the nginx that deploy/nginx/hedge.conf is written for."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from desk import find_free_port, running
from pages import Shown, find_scenario, shown
from playwright.sync_api import Browser
from serving import ROOT, Server, serving, wait_until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx or openssl is not installed (nginx-light)")

# One process with everything in its own directory, so that it runs as anybody.
MAIN = """daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
events {}
http {
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include hedge.conf;
}
"""


class Site(NamedTuple):
    """An nginx that answers, and its files."""

    root: Path
    server: Server
    plain_port: int
    tls_port: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("nginx")
    scenario = find_scenario("v7.1/healthy")
    plain_port, tls_port = find_free_port(), find_free_port()
    with serving(root / "gunicorn.log", {**scenario.settings, "HEDGE_PREFIX": "/hedge/"}) as dashboard:
        make_certificate(root)
        (root / "nginx.conf").write_text(MAIN)
        (root / "hedge.conf").write_text(render_config(root, dashboard.address, plain_port, tls_port))
        command = [str(NGINX), "-p", str(root), "-e", "error.log", "-c", "nginx.conf"]
        with running(command, root / "nginx.log", {}) as process:
            wait_until(lambda: process.poll() is not None or is_listening(tls_port))
            assert process.poll() is None, (root / "nginx.log").read_text()
            server = Server(f"https://127.0.0.1:{tls_port}/hedge/", process, root / "nginx.log")
            yield Site(root, server, plain_port, tls_port)


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
    found, location = ask(HTTPSConnection("127.0.0.1", site.tls_port, context=trust(site.root), timeout=10), path)
    assert found == status
    assert location in (None, site.server.url)


def test_plain_http_is_sent_to_tls(site: Site) -> None:
    found = ask(HTTPConnection("127.0.0.1", site.plain_port, timeout=10), "/hedge/")
    assert found == (301, "https://127.0.0.1/hedge/")


def test_nginx_complains_about_nothing(site: Site) -> None:
    """No body and no answer of the page went through a file, no upstream failed."""
    said = (site.root / "error.log").read_text().splitlines()
    assert [line for line in said if "/hedge/" in line or "[error]" not in line] == []


def ask(connection: HTTPConnection, path: str) -> tuple[int, str | None]:
    """The status of an answer, and where it sends a browser to."""
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Location"]


def render_config(root: Path, dashboard: str, plain_port: int, tls_port: int) -> str:
    """deploy/nginx/hedge.conf with other ports, names and certificates."""
    text = (ROOT / "deploy" / "nginx" / "hedge.conf").read_text()
    for pattern, replacement in (
        (r"server 127\.0\.0\.1:8050;", f"server {dashboard};"),
        (r"server_name hedge\.example\.org;", "server_name 127.0.0.1;"),
        (r"listen 80;", f"listen 127.0.0.1:{plain_port};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{tls_port} ssl;"),
        (r"listen \[::\]:80;", "" if not has_ipv6() else f"listen [::1]:{plain_port};"),
        (r"listen \[::\]:443 ssl;", "" if not has_ipv6() else f"listen [::1]:{tls_port} ssl;"),
        (r"/etc/ssl/hedge/", f"{root}/"),
        (r"/var/log/nginx/", f"{root}/"),
    ):
        text, found = re.subn(pattern, replacement, text)
        assert found, pattern
    return text


def make_certificate(root: Path) -> None:
    """A certificate for the loopback address that nobody but this test trusts."""
    command = [str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", str(root / "privkey.pem"), "-out", str(root / "fullchain.pem")]
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files, *name], check=True, capture_output=True, timeout=60)


def trust(root: Path) -> ssl.SSLContext:
    """TLS that accepts the certificate of this test."""
    return ssl.create_default_context(cafile=str(root / "fullchain.pem"))


def is_listening(port: int) -> bool:
    """Whether a connection is taken."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    try:
        find_free_port("::1")
    except OSError:
        return False
    return True
