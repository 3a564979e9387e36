"""/metrics under several gunicorn workers: what they counted adds up, and nothing is left behind."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import CORPUS, Server, serving, wait_until

STATE_DIR = str(CORPUS / "v7.1" / "healthy" / "logs" / "state")
WORKERS = 4


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


@pytest.fixture
def scraper(tmp_path: Path) -> Iterator[Scraper]:
    settings = {"HEDGE_STATE_DIR": STATE_DIR, "HEDGE_NOW": "1764197100", "HEDGE_WORKERS": str(WORKERS)}
    with serving(tmp_path / "log", settings | {"TMPDIR": str(tmp_path)}) as server:
        scraper = Scraper(server)
        wait_until(lambda: scraper.loads_of_others() == WORKERS)  # each worker has warmed up with one load
        yield scraper


def counting_workers(tmp_path: Path) -> set[str]:
    return {path.stem.split("_")[-1] for path in tmp_path.glob("hedge-metrics-*/counter_*.db")}


def test_loads_add_up_over_workers(scraper: Scraper, tmp_path: Path) -> None:
    for _ in range(20):
        scraper.get("/api/state")
        scraper.get("/readyz")
    sums = [scraper.scrape() for _ in range(8)]
    counts = [found["hedge_loads_total"] for found in sums]
    assert counts == [WORKERS + 40 + scraper.scrapes - 7 + step for step in range(8)]
    assert [found["hedge_load_seconds_sum"] for found in sums] == sorted(f["hedge_load_seconds_sum"] for f in sums)
    assert {found["hedge_nav_usd"] for found in sums} == {10461.27}
    assert counting_workers(tmp_path) == {str(pid) for pid in scraper.server.workers()}


def test_worker_that_has_just_made_its_file_disturbs_no_scrape(scraper: Scraper, tmp_path: Path) -> None:
    (directory,) = tmp_path.glob("hedge-metrics-*")
    (directory / "counter_1.db").touch()
    (directory / "histogram_1.db").write_bytes(bytes(1 << 16))
    assert scraper.loads_of_others() == WORKERS


def test_dead_worker_takes_no_count_with_it(scraper: Scraper, tmp_path: Path) -> None:
    victim = scraper.server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: scraper.loads_of_others() == WORKERS + 1)  # its successor has warmed up
    assert victim not in scraper.server.workers()
    assert len(counting_workers(tmp_path)) == WORKERS + 1


def test_reload_goes_on_counting(scraper: Scraper) -> None:
    before = set(scraper.server.workers())
    scraper.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(scraper.server.workers()))
    wait_until(lambda: scraper.loads_of_others() == 2 * WORKERS)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_directory_of_counts_is_gone_with_the_server(scraper: Scraper, tmp_path: Path, by: signal.Signals) -> None:
    assert len(list(tmp_path.glob("hedge-metrics-*"))) == 1
    scraper.server.process.send_signal(by)
    assert scraper.server.process.wait(15) == 0
    assert list(tmp_path.glob("hedge-metrics-*")) == []
    assert "Traceback" not in scraper.server.log.read_text()
