"""gunicorn as a real process: it starts, answers, ends, and says in words why it will not start."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import FIRST_POLL
from serving import CORPUS, ROOT, Server, is_healthy, process_environ, serving, wait_until

STATE_DIR = str(CORPUS / "v7.1" / "healthy" / "logs" / "state")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(log, {"HEDGE_STATE_DIR": STATE_DIR, "HEDGE_NOW": "1764197100"}) as server:
        yield server


def fetch(url: str) -> tuple[str, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        assert answer.status == 200
        return answer.read().decode(), dict(answer.headers)


def test_health_is_answered(server: Server) -> None:
    text, _ = fetch(f"{server.url}/healthz")
    assert text.lower() == "ok"


def test_page_is_dark_and_has_its_title(server: Server) -> None:
    page, _ = fetch(server.url)
    assert "<title>Hedge — Portfolio Dashboard (v7)</title>" in page
    assert 'data-bs-theme="dark"' in page


def test_page_says_that_its_clock_is_fixed(server: Server) -> None:
    page, _ = fetch(server.url)
    assert 'data-fixed-words="clock fixed at 2025-11-26 22:45:00 UTC"' in page


def test_page_names_no_other_host(server: Server) -> None:
    page, _ = fetch(server.url)
    assert "//" not in page.replace("application/javascript", "").partition("<body>")[0]


def test_bootstrap_is_served_from_here(server: Server) -> None:
    css, headers = fetch(f"{server.url}/bootstrap/static/css/bootstrap.min.css")
    assert headers["Content-Type"].startswith("text/css")
    assert "data-bs-theme=dark" in css


def test_answers_carry_clock_build_and_policy(server: Server) -> None:
    _, headers = fetch(f"{server.url}/healthz")
    assert float(headers["X-Hedge-Now"]) > 1764197100  # the real time, whatever the page shows
    assert headers["X-Hedge-Zone"] == "0 UTC"
    assert len(headers["X-Hedge-Build"]) == 12
    assert "unsafe-eval" not in headers["Content-Security-Policy"]


def test_first_poll_returns_the_state(server: Server) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/_dash-update-component",
        data=json.dumps(FIRST_POLL).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
        state = json.load(answer)["response"]["state"]["data"]
    assert state["nav"]["source"] == "nav_state.json"


def test_warm_up_found_nothing_wrong(server: Server) -> None:
    assert "ERROR" not in server.log.read_text()
    assert "warm-up" not in server.log.read_text()


def test_build_is_the_same_in_another_process(server: Server, tmp_path: Path) -> None:
    _, headers = fetch(f"{server.url}/healthz")
    with serving(tmp_path / "log", {"HEDGE_STATE_DIR": STATE_DIR, "HEDGE_NOW": "1764197100"}) as other:
        _, others = fetch(f"{other.url}/healthz")
    assert headers["X-Hedge-Build"] == others["X-Hedge-Build"]


def test_page_asks_below_its_prefix_only(tmp_path: Path) -> None:
    with serving(tmp_path / "log", {"HEDGE_STATE_DIR": STATE_DIR, "HEDGE_PREFIX": "/desk/"}) as server:
        page, _ = fetch(server.url)
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert "/desk/bootstrap/static/css/bootstrap.min.css" in links
    assert [link for link in links if not link.startswith("/desk/")] == []
    config = re.search(r'id="_dash-config"[^>]*>([^<]+)<', page)
    assert config
    assert json.loads(config[1])["requests_pathname_prefix"] == "/desk/"
    assert "warm-up" not in server.log.read_text()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly(tmp_path: Path, by: signal.Signals) -> None:
    with serving(tmp_path / "log", {"HEDGE_STATE_DIR": STATE_DIR, "HEDGE_WORKERS": "2"}) as server:
        server.process.send_signal(by)
        assert server.process.wait(15) == 0
        assert not is_healthy(server.url)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_killed_worker_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path / "log", {"HEDGE_STATE_DIR": STATE_DIR}) as server:
        (worker,) = server.workers()
        subprocess.run(["kill", "-KILL", str(worker)], check=True)
        wait_until(lambda: server.workers() not in ([], [worker]) and is_healthy(server.url))


def test_bad_setting_is_said_without_a_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=process_environ({"HEDGE_REFRESH_MS": "fast", "HEDGE_BIND": "127.0.0.1:0"}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    sentence = "HEDGE_REFRESH_MS has value 'fast'. Expected a whole number of milliseconds from 250 to 60000.\n"
    assert (ended.returncode, ended.stderr) == (1, sentence)


def test_import_of_the_wsgi_module_says_it_too() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import dash_app.wsgi"],
        cwd=ROOT,
        env=process_environ({"HEDGE_NOW": "inf"}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "HEDGE_NOW has value 'inf'. Expected seconds since 1970, from 0 to 4102444800.\n"
