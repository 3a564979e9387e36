"""Hostile clients against a real server, and an honest tab among them."""

import json
import re
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from asking import FIRST_POLL, drawing_of, poll_of
from attacks import Attack, Attacker, post, write
from serving import Server

from dash_app import ids
from dash_app.callbacks import digest_of
from dash_app.panels import GROUPS

CLIENTS = 4
HONEST_EVERY = 40
REQUESTS_PER_CONNECTION = 60  # then a new one, which may be another worker's
TIMEOUT_S = 30.0
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
LEAKS = (b"Traceback", b'File "', b'File \\"', b"site-packages", b"dash_app/")
WRITTEN_FOR_PEOPLE = (b"text/html", b"text/plain", b"application/json")
MEGABYTE = 1 << 20


class Answer(NamedTuple):
    """One answer; nothing at all counts as status 0."""

    status: int
    head: bytes
    body: bytes


class Client:
    """A client that says whatever it likes, and begins anew when the server hangs up."""

    def __init__(self, server: Server) -> None:
        self._address = server.address.split(":")
        self._socket: socket.socket | None = None
        self._left = 0

    def ask(self, attack: Attack) -> Answer:
        """Send, and read what comes back."""
        if self._socket is None or self._left == 0:
            self.close()
            self._socket = socket.create_connection((self._address[0], int(self._address[1])), TIMEOUT_S)
            self._left = REQUESTS_PER_CONNECTION
        self._left -= 1
        try:
            self._socket.sendall(attack.data)
            answer = self._read(attack.head_only)
        except (BrokenPipeError, ConnectionResetError):
            answer = Answer(0, b"", b"")
        if answer.status == 0 or b"connection: close" in answer.head.lower() or attack.kind == "head":
            self.close()
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _read(self, head_only: bool) -> Answer:
        received = b""
        while b"\r\n\r\n" not in received:
            part = self._receive()
            if not part:
                return Answer(0, b"", received)
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        status = int(head.split(maxsplit=2)[1])
        length = LENGTH.search(head)
        wanted = 0 if head_only or status in (204, 304) or length is None else int(length[1])
        while len(body) < wanted and (part := self._receive()):
            body += part
        return Answer(status, head, body)

    def _receive(self) -> bytes:
        assert self._socket is not None
        return self._socket.recv(1 << 18)


@dataclass
class Findings:
    """What a siege came to."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    honest: int = 0
    rss_mb: list[float] = field(default_factory=list)
    log_bytes: int = 0
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        """Hostile ones."""
        return sum(self.statuses.values())

    def growth_mb(self) -> float:
        """By how much the largest worker grew after a third of the requests, in which caches fill."""
        return max(self.rss_mb[len(self.rss_mb) // 3 :]) - self.rss_mb[len(self.rss_mb) // 3]


class Siege:
    """So many requests of hostile clients, with an honest tab after every few of them."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server = server
        self._seed = seed
        self._lock = threading.Lock()
        self.findings = Findings()
        first = Client(server)
        self._expected = self._ask_honestly(first)
        first.close()

    def run(self, requests: int, samples: int = 12) -> Findings:
        """Attack in rounds; the memory of the workers is looked at after each."""
        begun, log_bytes = time.monotonic(), self._server.log.stat().st_size
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(samples):
                share = requests * (number + 1) // samples - requests * number // samples
                counts = [share // CLIENTS + (client < share % CLIENTS) for client in range(CLIENTS)]
                seeds = range(self._seed + number * CLIENTS, self._seed + (number + 1) * CLIENTS)
                list(pool.map(self._attack, seeds, counts))
                self.findings.rss_mb.append(max(map(rss_mb, self._server.workers())))
        self.findings.seconds = time.monotonic() - begun
        self.findings.log_bytes = self._server.log.stat().st_size - log_bytes
        return self.findings

    def _attack(self, seed: int, count: int) -> None:
        client, honest = Client(self._server), Client(self._server)
        for number, attack in enumerate(islice(Attacker(seed, self._expected["state"]), count)):
            answer = client.ask(attack)
            self._note(seed, number, attack, answer)
            if number % HONEST_EVERY == 0:
                self._be_honest(honest)
        client.close()
        honest.close()

    def _note(self, seed: int, number: int, attack: Attack, answer: Answer) -> None:
        leaks = [word for word in LEAKS if word in answer.body] if is_for_people(answer) else []
        with self._lock:
            self.findings.statuses[attack.kind, answer.status] += 1
            if answer.status >= 500 or leaks or b"x-injected" in answer.head.lower():
                self.findings.wrongs.append(f"{seed}:{number} {attack.kind}: {answer.status} {answer.body[:200]!r}")

    def _be_honest(self, client: Client) -> None:
        found = self._ask_honestly(client)
        with self._lock:
            self.findings.honest += 1
            self.findings.wrongs += [
                f"an honest {name} was answered otherwise: {found.get(name, found)!r:.200}"
                for name in self._expected
                if found.get(name) != self._expected[name]
            ]

    def _ask_honestly(self, client: Client) -> dict[str, Any]:
        """All that a tab asks."""
        first = _ask_as_browser(client, FIRST_POLL)
        if first.status != HTTPStatus.OK:
            return {"first poll": (first.status, first.body)}
        state = json.loads(first.body)["response"][ids.STATE]["data"]
        drawings = [_ask_as_browser(client, drawing_of(state, group)) for group in GROUPS]
        drawn = {f"{group.drawn}.data-drawn": digest_of(state, group) for group in GROUPS}
        again = _ask_as_browser(client, poll_of(drawn=drawn))
        answers = {group.name: (answer.status, answer.body) for group, answer in zip(GROUPS, drawings, strict=True)}
        return {"state": state, **answers, "poll": (again.status, again.body)}


def _ask_as_browser(client: Client, body: Any) -> Answer:
    """Once more where a connection that had been idle was hung up meanwhile."""
    attack = Attack("honest", post(write(body)))
    answer = client.ask(attack)
    return answer if answer.status else client.ask(attack)


def is_for_people(answer: Answer) -> bool:
    """Whether a body could tell something, as a bundle of scripts could not."""
    kind = re.search(rb"\r\ncontent-type: *([^\r;]*)", answer.head, re.IGNORECASE)
    return kind is None or kind[1].lower() in WRITTEN_FOR_PEOPLE


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / MEGABYTE
