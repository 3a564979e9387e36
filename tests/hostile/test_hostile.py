"""A short siege: the server answers everything, says nothing about itself, and grows by nothing."""

from pathlib import Path

from run_hostile import GROWTH_MB, SETTINGS, judge
from serving import serving
from siege import MEGABYTE, Siege

from dash_app.server.sharing import CACHE_BYTES

REQUESTS = 1200
KINDS = {"request", "bytes", "poll", "state", "text", "number", "head", "path", "nonsense", "flood"}


def test_hostile_requests_do_no_harm(tmp_path: Path) -> None:
    with serving(tmp_path / "log", SETTINGS) as server:
        workers = server.workers()
        found = Siege(server, seed=1).run(REQUESTS)
        assert server.workers() == workers
    assert judge(found, GROWTH_MB + CACHE_BYTES / MEGABYTE) == []  # so few requests do not fill what is held
    assert "Traceback" not in server.log.read_text()
    assert {kind for kind, _ in found.statuses} == KINDS
    assert {status for _, status in found.statuses} >= {200, 400, 404, 405, 413, 415}
    assert found.honest > 20
