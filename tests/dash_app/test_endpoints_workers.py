"""/metrics under several gunicorn workers: what they counted adds up, whatever becomes of the directory for files."""

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import CORPUS, Server, is_healthy, serving, wait_until

STATE_DIR = str(CORPUS / "v7.1" / "healthy" / "logs" / "state")
WORKERS = 2


class Scraper:
    """Asks like Prometheus, and knows how often it has asked: each scrape is a load too."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.scrapes = 0

    def get(self, path: str) -> str:
        """Each time on a connection of its own, so that any worker may answer."""
        with urllib.request.urlopen(f"{self.server.url}{path}", timeout=10) as answer:  # noqa: S310 - our own server
            return str(answer.read().decode())

    def scrape(self) -> dict[str, float]:
        """All samples without labels."""
        self.scrapes += 1
        families = text_string_to_metric_families(self.get("/metrics"))
        return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}

    def loads_of_others(self) -> float:
        """Loads that no scrape of ours has caused."""
        return self.scrape()["hedge_loads_total"] - self.scrapes


SETTINGS = {"HEDGE_STATE_DIR": STATE_DIR, "HEDGE_NOW": "1764197100", "HEDGE_WORKERS": str(WORKERS)}


@pytest.fixture
def scraper(tmp_path: Path) -> Iterator[Scraper]:
    with serving(tmp_path / "log", SETTINGS) as server:
        scraper = Scraper(server)
        wait_until(lambda: scraper.loads_of_others() == WORKERS)  # each worker has warmed up with one load
        yield scraper


def test_loads_add_up_over_workers(scraper: Scraper) -> None:
    """Whichever worker answers, and each scrape is a load too."""
    for _ in range(20):
        scraper.get("/api/state")
        scraper.get("/readyz")
    sums = [scraper.scrape() for _ in range(8)]
    counts = [found["hedge_loads_total"] for found in sums]
    assert counts == [WORKERS + 40 + scraper.scrapes - 7 + step for step in range(8)]
    assert [found["hedge_load_seconds_sum"] for found in sums] == sorted(f["hedge_load_seconds_sum"] for f in sums)
    assert {found["hedge_nav_usd"] for found in sums} == {10461.27}


def test_dead_worker_takes_no_count_with_it(scraper: Scraper) -> None:
    """Its successor goes on where it ended."""
    victim = scraper.server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: scraper.loads_of_others() == WORKERS + 1)  # the successor has warmed up
    assert victim not in scraper.server.workers()


def test_reload_goes_on_counting(scraper: Scraper) -> None:
    """Old and new workers count beside each other."""
    before = set(scraper.server.workers())
    scraper.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(scraper.server.workers()))
    wait_until(lambda: scraper.loads_of_others() == 2 * WORKERS)


@pytest.mark.parametrize("directory", ["absent", "read-only"])
def test_server_needs_no_directory_for_files(tmp_path: Path, directory: str) -> None:
    """A TMPDIR that is full, cleaned up or read-only costs nothing, not at the start nor when a worker is replaced."""
    place = tmp_path / directory
    if directory == "read-only":
        place.mkdir(mode=0o500)
    with serving(tmp_path / "log", SETTINGS | {"TMPDIR": str(place)}) as server:
        scraper = Scraper(server)
        wait_until(lambda: scraper.loads_of_others() == WORKERS)  # all have warmed up
        os.kill(server.workers()[0], signal.SIGKILL)
        wait_until(lambda: scraper.loads_of_others() == WORKERS + 1)
        wait_until(lambda: not place.exists() or not list(place.iterdir()))
    assert "Traceback" not in server.log.read_text()


def test_worker_that_cannot_start_is_not_tried_again_at_once(tmp_path: Path) -> None:
    """One that is killed as soon as it is there, as by a system that is out of memory."""
    with serving(tmp_path / "log", SETTINGS | {"HEDGE_WORKERS": "1"}) as server:
        seen, end = set[int](), time.monotonic() + 6
        while time.monotonic() < end:
            for pid in server.workers():
                seen.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        assert 3 < len(seen) < 12
        wait_until(lambda: is_healthy(server.url))
