"""/readyz, /metrics and /api/state: the same state as the page's, in the words and numbers of programs."""

import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desks import picture
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sample_state import as_json, text_of
from serving import CORPUS, ROOT

from dash_app.app import create_app
from dash_app.render.alerts import render_alerts
from dash_app.server import loads
from dash_app.server.endpoints import leave_out_clock
from dash_app.settings import Settings
from state import load_all_state

NOW = 1764197100.0
HEALTHY = CORPUS / "v7.1" / "healthy" / "logs" / "state"
SCENARIOS = sorted(path.parent for path in CORPUS.glob("*/*/expected.json"))
DEPLOY = ROOT / "deploy" / "prometheus"
PATHS = ("/readyz", "/metrics", "/api/state")
OF_THE_SERVER = ("hedge_load", "hedge_draws", "hedge_refusals")

# How the alert line says that the data, not the desk, is at fault; of the page's words only.
DATA_FAILURE = re.compile(
    " empty|NO STATE FILES|CANNOT BE READ|UNREACHABLE|NOT CONFIRMED|NAV UNKNOWN|NOT KNOWN TO BE LIVE| SILENT| FROZEN|"
    "files silent|files missing|malformed|unreadable|wrong clock"
)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def client_of(state_dir: Path, now: float | None = NOW) -> FlaskClient:
    client: FlaskClient = create_app(Settings(state_dir=str(state_dir), now=now)).server.test_client()
    return client


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HEALTHY, tmp_path / "state"))


@pytest.fixture
def client(state_dir: Path) -> Iterator[FlaskClient]:
    with client_of(state_dir) as client:
        yield client


def samples_of(text: str) -> Samples:
    """As Prometheus reads them; no series may come twice."""
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    samples = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(samples) == len(found)
    return samples


def scrape(client: FlaskClient) -> Samples:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    return samples_of(answer.text)


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def ask_ready(client: FlaskClient) -> tuple[bool, list[dict[str, str]]]:
    answer = client.get("/readyz")
    body = answer.get_json()
    assert (answer.status_code == 200) == body["ready"] == (body["reasons"] == [])
    assert answer.status_code in (200, 503)
    return body["ready"], body["reasons"]


# --- readiness -------------------------------------------------------------------------------------------------------


def assert_agreement(state_dir: Path, now: float) -> bool:
    """The page's alert line, /readyz and /metrics say the same; whether that is ready."""
    client = client_of(state_dir, now)
    ready, _ = ask_ready(client)
    line = render_alerts(load_all_state(state_dir, now=now, environ={}))
    words = json.dumps(as_json(line))
    assert ready == (DATA_FAILURE.search(words) is None), text_of(line)
    assert value(scrape(client), "hedge_ready") == float(ready)
    return ready


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_page_and_readyz_agree(scenario: Path) -> None:
    now = json.loads((scenario / "expected.json").read_text())["now"]
    ready = assert_agreement(scenario / "logs" / "state", now)
    assert ready == (scenario.name not in {"exchange_down", "executor_only", "sync_only"})


@pytest.mark.parametrize("later_s", [30, 60, 99, 101, 150, 299, 301, 599, 601, 86_400])
def test_page_and_readyz_agree_while_files_grow_old(later_s: float) -> None:
    assert assert_agreement(HEALTHY, NOW + later_s) == (later_s < 95)


def test_page_and_readyz_agree_without_any_file(tmp_path: Path) -> None:
    assert not assert_agreement(tmp_path / "absent", NOW)


@pytest.mark.parametrize("name", sorted(path.name for path in HEALTHY.glob("*.json")))
@pytest.mark.parametrize("content", [None, b"", b'{"rows": [', b"[]", b"{}"])
def test_page_and_readyz_agree_over_a_broken_file(state_dir: Path, name: str, content: bytes | None) -> None:
    (state_dir / name).unlink()
    if content is not None:
        (state_dir / name).write_bytes(content)
    assert_agreement(state_dir, NOW)


def test_reasons_name_the_file_and_what_is_wrong(client: FlaskClient, state_dir: Path) -> None:
    (state_dir / "positions.json").unlink()
    (state_dir / "nav.json").write_text("{")
    (torn, missing) = ask_ready(client)[1]
    assert missing == {"surface": "positions.json", "reason": "missing"}
    assert torn["surface"] == "nav.json"
    assert torn["reason"].startswith("malformed: torn or not JSON")


def test_ready_again_when_the_cause_is_gone(client: FlaskClient, state_dir: Path) -> None:
    (state_dir / "positions.json").unlink()
    assert not ask_ready(client)[0]
    shutil.copy(HEALTHY / "positions.json", state_dir)
    assert ask_ready(client) == (True, [])


# --- metrics ---------------------------------------------------------------------------------------------------------


FIGURES = [
    ("hedge_nav_usd", "nav.nav_usd", 1.0),
    ("hedge_nav_age_seconds", "nav.age_s", 1.0),
    ("hedge_drawdown_ratio", "nav.drawdown_pct", 0.01),
    ("hedge_gross_exposure_usd", "nav.gross_exposure_usd", 1.0),
    ("hedge_net_exposure_usd", "nav.net_exposure_usd", 1.0),
    ("hedge_nav_frozen", "nav.exchange.frozen", 1.0),
]


def at(state: Any, path: str) -> Any:
    for key in path.split("."):
        state = state[key]
    return state


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_metrics_are_the_state(scenario: Path) -> None:
    now = json.loads((scenario / "expected.json").read_text())["now"]
    state = load_all_state(scenario / "logs" / "state", now=now, environ={}, remember=False)
    samples = scrape(client_of(scenario / "logs" / "state", now))
    for name, path, scale in FIGURES:
        wanted = None if path in state["meta"]["stale"] else at(state, path)
        assert value(samples, name) == (None if wanted is None else pytest.approx(wanted * scale)), name
    book = None if "positions" in state["meta"]["unknown"] else len(state["positions"])
    assert value(samples, "hedge_positions") == book
    for row in state["meta"]["surfaces"]:
        name = row["name"]
        assert value(samples, "hedge_surface_age_seconds", surface=name) == row["age_s"]
        assert value(samples, "hedge_surface_mtime_timestamp_seconds", surface=name) == row["mtime"]
        assert value(samples, "hedge_surface_read_ok", surface=name) == (row["status"] == "ok")
        assert value(samples, "hedge_surface_freshness", surface=name, freshness=row["freshness"]) == 1
    for row in state["meta"]["checks"]:
        assert value(samples, "hedge_check_residual", check=row["name"]) == row["residual"]
        assert value(samples, "hedge_check_status", check=row["name"], status=row["status"]) == 1


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_exactly_one_word_of_an_enum_holds(scenario: Path) -> None:
    samples = scrape(client_of(scenario / "logs" / "state"))
    for name, key in (("hedge_surface_freshness", "surface"), ("hedge_check_status", "check")):
        held: dict[str, float] = {}
        for (sample, labels), number in samples.items():
            if sample == name:
                held[dict(labels)[key]] = held.get(dict(labels)[key], 0.0) + number
        assert held
        assert set(held.values()) == {1.0}


def test_unknown_is_absent_and_never_a_number(tmp_path: Path) -> None:
    samples = scrape(client_of(tmp_path))
    present = {name for name, _ in samples if not name.startswith(("hedge_surface", "hedge_check", *OF_THE_SERVER))}
    assert present == {"hedge_ready"}
    assert value(samples, "hedge_surface_read_ok", surface="nav.json") == 0
    assert value(samples, "hedge_surface_age_seconds", surface="nav.json") is None
    assert all(map(math.isfinite, samples.values()))


def test_every_metric_is_ours_and_has_help(client: FlaskClient) -> None:
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    assert [family.name for family in families if not (family.name.startswith("hedge_") and family.documentation)] == []


HOSTILE = ['nav"}\n hedge_nav_usd 1.json', "nav\\.json", 'nav{a="b"} 7.json', "nav\udcff.json", "nav\u2028é.json"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_name_stays_a_label(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((HEALTHY / "nav.json").read_bytes())
    client = client_of(tmp_path)
    shown = name.encode("utf-8", "backslashreplace").decode()
    samples = scrape(client)
    assert value(samples, "hedge_surface_read_ok", surface=shown) == 1
    assert value(samples, "hedge_nav_usd") not in (None, 1.0)
    assert name in [row["name"] for row in client.get("/api/state").get_json()["meta"]["surfaces"]]
    assert not ask_ready(client)[0]


def test_every_load_is_counted_and_timed(client: FlaskClient) -> None:
    first = scrape(client)
    for path in PATHS:
        client.get(path)
    second = scrape(client)
    for name in ("hedge_loads_total", "hedge_load_seconds_count"):
        assert (value(second, name) or 0) - (value(first, name) or 0) == 4


def test_rules_name_only_metrics_and_labels_that_exist(client: FlaskClient, tmp_path: Path) -> None:
    several = create_app(Settings(desks_dir=str(picture(tmp_path / "desks").root), now=NOW)).server.test_client()
    samples = scrape(client) | scrape(several)
    rules = (DEPLOY / "hedge-alerts.yml").read_text()
    expressions = re.findall(r"^ +expr: (.+)$", rules, re.MULTILINE)
    assert len(expressions) == rules.count("- alert: ") >= 6
    named = re.findall(r"(hedge_\w+)(?:\{(.*?)\})?", " ".join(expressions))
    assert {name for name, _ in named} <= {name for name, _ in samples}
    for name, matchers in named:
        for label, word in re.findall(r'(\w+)!?="(.*?)"', matchers):
            assert [1 for sample, labels in samples if sample == name and (label, word) in labels], (name, label, word)


def test_scrape_example_asks_what_is_served(client: FlaskClient) -> None:
    config = (DEPLOY / "prometheus.yml").read_text()
    (path,) = re.findall(r"metrics_path: (\S+)", config)
    assert client.get(path).status_code == 200
    assert "job_name: hedge\n" in config
    assert (DEPLOY / re.findall(r"- (\S+\.yml)", config)[0]).is_file()


# --- the state -------------------------------------------------------------------------------------------------------


def test_state_is_the_page_s_without_what_the_clock_changes(client: FlaskClient, state_dir: Path) -> None:
    answer = client.get("/api/state")
    state = load_all_state(state_dir, now=NOW, environ={})
    assert answer.get_json() == json.loads(json.dumps(leave_out_clock(state)))
    assert not {"loaded_at", "data_age_s"} & set(answer.get_json()["meta"])
    assert answer.headers["Cache-Control"] == "no-cache"


def test_tag_is_strong_and_answered_with_nothing(client: FlaskClient) -> None:
    tag = client.get("/api/state").headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{40}"', tag)
    for asked in (tag, f'"other", {tag}', "*"):
        again = client.get("/api/state", headers={"If-None-Match": asked})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Cache-Control"] == "no-cache"
    assert client.get("/api/state", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_same_tag_means_the_same_bytes_at_another_second(scenario: Path) -> None:
    now = json.loads((scenario / "expected.json").read_text())["now"]
    first, later = (client_of(scenario / "logs" / "state", now + s).get("/api/state") for s in (0.0, 1.25))
    assert (first.headers["ETag"], first.data) == (later.headers["ETag"], later.data)


@pytest.mark.parametrize("change", ["content", "mtime", "turned late"])
def test_tag_moves_with_what_is_answered(state_dir: Path, change: str) -> None:
    before = client_of(state_dir).get("/api/state")
    if change == "content":
        (state_dir / "positions.json").unlink()
    elif change == "mtime":
        os.utime(state_dir / "positions.json", (1, 1))
    client = client_of(state_dir, NOW + 60 if change == "turned late" else NOW)
    after = client.get("/api/state", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert (after.headers["ETag"], after.data) != (before.headers["ETag"], before.data)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_can_be_written(client: FlaskClient, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["empty", "absent", "torn"])
def test_no_state_is_answered_too(tmp_path: Path, path: str, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "nav.json").write_text("{")
    assert client_of(tmp_path / name).get(path).status_code == (503 if path == "/readyz" else 200)


@pytest.mark.parametrize("path", PATHS)
def test_programs_are_told_in_json_that_the_disk_hangs(
    client: FlaskClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another request waits for it."""
    monkeypatch.setattr(loads, "LOCK_TIMEOUT_S", 0.05)
    with loads._lock:
        answer = client.get(path)
    reasons = ["The state directory does not answer."]
    assert (answer.status_code, answer.get_json()) == (503, {"ready": False, "reasons": reasons})
