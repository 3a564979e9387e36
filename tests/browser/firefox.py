"""The system's Firefox without a screen, driven over the WebDriver BiDi that it serves itself."""

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from desk import running
from serving import START_TIMEOUT_S, wait_until
from websocket import WebSocket, create_connection

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
needs_firefox = pytest.mark.skipif(FIREFOX is None, reason="firefox is not installed (firefox-esr)")

SERVES = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
PREFERENCES = (
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);\nuser_pref("app.update.enabled", false);\n'
)
COMPLAINTS = ("error", "warn")


class Tab:
    """One tab, and what it complained of."""

    def __init__(self, socket: WebSocket) -> None:
        """Begin a session."""
        self.complaints: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded"])
        self._context = self._send("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str, width: int, height: int) -> None:
        """A page, once it has loaded."""
        self._send("browsingContext.setViewport", context=self._context, viewport={"width": width, "height": height})
        self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """What an expression of numbers, texts and booleans says in the page."""
        found = self._send(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def await_true(self, expression: str) -> None:
        """Return once an expression holds in the page."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f"not within {START_TIMEOUT_S} s: {expression}"
            time.sleep(0.1)

    def _send(self, method: str, **parameters: Any) -> Any:
        """The answer of a command; events that come before it are noted."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]
            if said.get("method") == "log.entryAdded" and said["params"]["level"] in COMPLAINTS:
                self.complaints.append(said["params"]["text"])


@contextmanager
def firefox_tab(root: Path) -> Iterator[Tab]:
    """The one tab of a Firefox with a profile of its own."""
    assert FIREFOX is not None
    (root / "profile").mkdir()
    (root / "profile" / "user.js").write_text(PREFERENCES)
    log = root / "firefox.log"
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(root / "profile"), "--remote-debugging-port", "0"]
    with running(command, log, {}) as process:
        with closing(
            create_connection(_await_address(process, log), timeout=3 * START_TIMEOUT_S, suppress_origin=True)
        ) as socket:
            yield Tab(socket)
        process.terminate()


def _await_address(process: subprocess.Popen[bytes], log: Path) -> str:
    wait_until(lambda: process.poll() is not None or SERVES.search(log.read_text()))
    said = SERVES.search(log.read_text())
    assert said, f"firefox ended before it served anything:\n{log.read_text()}"
    return f"{said[1]}/session"
