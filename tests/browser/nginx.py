"""nginx with deploy/nginx/hedge.conf before a dashboard, all on free ports and in one directory."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from desk import find_free_port, running
from serving import ROOT, Server, serving, wait_until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
needs_nginx = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx or openssl is not installed (nginx-light)")

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


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: HTTPResponse
    text: str

    @property
    def location(self) -> str | None:
        """Where it sends a browser to."""
        return self.headers.getheader("Location")


class Site(NamedTuple):
    """An nginx that answers, and its files."""

    root: Path
    server: Server
    dashboard: Server
    plain_port: int
    tls_port: int

    def ask(self, path: str, headers: Mapping[str, str] | None = None, *, tls: bool = True) -> Answer:
        """One request, over TLS or not; where one is sent is looked at, not gone to."""
        connection: HTTPConnection = HTTPConnection("127.0.0.1", self.plain_port, timeout=20)
        if tls:
            trusted = ssl.create_default_context(cafile=str(self.root / "fullchain.pem"))
            connection = HTTPSConnection("127.0.0.1", self.tls_port, context=trusted, timeout=20)
        with closing(connection):
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer, answer.read().decode())


@contextmanager
def serving_site(root: Path, settings: Mapping[str, str], *examples: Path) -> Iterator[Site]:
    """A dashboard behind nginx, whose site includes these examples of deploy/nginx."""
    plain_port, tls_port = find_free_port(), find_free_port()
    told = {"HEDGE_PREFIX": "/hedge/", "HEDGE_TRUSTED_PROXIES": "127.0.0.1", **settings}
    with serving(root / "gunicorn.log", told) as dashboard:
        _make_certificate(root)
        (root / "hedge-access").mkdir()
        for example in examples:
            text = example.read_text().replace("/etc/nginx/", f"{root}/")
            (root / "hedge-access" / example.name).write_text(text)
        (root / "nginx.conf").write_text(MAIN)
        (root / "hedge.conf").write_text(_render_config(root, dashboard.address, plain_port, tls_port))
        command = [str(NGINX), "-p", str(root), "-e", "error.log", "-c", "nginx.conf"]
        with running(command, root / "nginx.log", {}) as process:
            wait_until(lambda: process.poll() is not None or _is_listening(tls_port))
            assert process.poll() is None, (root / "nginx.log").read_text()
            server = Server(f"https://127.0.0.1:{tls_port}/hedge/", process, root / "nginx.log")
            yield Site(root, server, dashboard, plain_port, tls_port)


def _render_config(root: Path, dashboard: str, plain_port: int, tls_port: int) -> str:
    """deploy/nginx/hedge.conf with other ports, names and files."""
    text = (ROOT / "deploy" / "nginx" / "hedge.conf").read_text()
    for pattern, replacement in (
        (r"server 127\.0\.0\.1:8050;", f"server {dashboard};"),
        (r"server_name hedge\.example\.org;", "server_name 127.0.0.1;"),
        (r"listen 80;", f"listen 127.0.0.1:{plain_port};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{tls_port} ssl;"),
        (r"listen \[::\]:80;", "" if not _has_ipv6() else f"listen [::1]:{plain_port};"),
        (r"listen \[::\]:443 ssl;", "" if not _has_ipv6() else f"listen [::1]:{tls_port} ssl;"),
        (r"/etc/ssl/hedge/", f"{root}/"),
        (r"/etc/nginx/", f"{root}/"),
        (r"/var/log/nginx/", f"{root}/"),
    ):
        text, found = re.subn(pattern, replacement, text)
        assert found, pattern
    return text


def _make_certificate(root: Path) -> None:
    """A certificate for the loopback address that nobody but this test trusts."""
    command = [str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", str(root / "privkey.pem"), "-out", str(root / "fullchain.pem")]
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files, *name], check=True, capture_output=True, timeout=60)


def _is_listening(port: int) -> bool:
    """Whether a connection is taken."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    try:
        find_free_port("::1")
    except OSError:
        return False
    return True
