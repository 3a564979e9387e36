"""The fake exchange as a process of its own, and clients for it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from execution.account.credentials import Credentials
from execution.account.fake.server import KEY, SECRET
from execution.account.venues.table import VENUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from execution.account.link import Link

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_KEYS = Credentials(KEY, SECRET)


@dataclass
class Pretended:
    """A fake exchange that listens."""

    url: str

    def control(self, **order: Any) -> None:
        """Faults on (a list), or a transfer."""
        request = urllib.request.Request(f"{self.url}/fake/control", json.dumps(order).encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            assert answer.status == 200

    def asked(self) -> dict[str, int]:
        """How often each method and path was asked for, and the weight of the worst minute."""
        with urllib.request.urlopen(f"{self.url}/fake/asked", timeout=10) as answer:  # noqa: S310 - our own server
            found: dict[str, int] = json.load(answer)
            return found

    def link(self, name: str = "binanceusdm", keys: Credentials = FAKE_KEYS) -> Link:
        """A reader of its account, which asks without pauses; ccxt is loaded here, for those tests alone."""
        from execution.account.guard import build_client  # noqa: PLC0415
        from execution.account.link import Link  # noqa: PLC0415

        venue = VENUES[name]()
        return Link(venue, build_client(venue, keys, "live", self.url, paced=False))


@contextlib.contextmanager
def pretending(*arguments: str) -> Iterator[Pretended]:
    """A fake exchange on a free port; it does not outlive the block."""
    command = [sys.executable, "-m", "execution.account.fake", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Pretended(process.stdout.readline().split()[-1])
    finally:
        process.terminate()
        process.communicate(timeout=30)
