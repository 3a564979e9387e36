"""Rule 9: the executor's own word comes first, in its own words."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rules import GONE, HOUR_S, Changes, change, shift, wrong
from worlds import NOW, World

RISK = "risk_snapshot.json "
MODE, REASON, ACTIVE = f"{RISK}risk_mode", f"{RISK}risk_mode_reason", f"{RISK}circuit_breaker.active"
PCTS = ("kpis_v7.json drawdown.dd_pct", f"{RISK}dd_state.drawdown.dd_pct", f"{RISK}kpis_v7.drawdown.dd_pct")
FELL_31: Changes = dict.fromkeys((*PCTS, "nav_state.json drawdown_pct"), 31.0)
FELL_031: Changes = dict.fromkeys(FELL_31, 0.31)


def says(regex: str, severity: str) -> dict[str, Any]:
    """An alert of this severity."""
    return {"alert": regex, "severity": severity}


def world_of(tmp_path: Path, changes: Changes) -> World:
    """A healthy v7.6 desk whose exits are registered, with these changes: it has nothing else to say."""
    registry = {f"{RISK}tp_sl_registry": {"num_positions": 5, "num_registry_entries": 5, "registry_mismatch": False}}
    world = World(tmp_path / "state", scenario="v7.6/healthy")
    return change(world, registry | {"positions_ledger.json": with_stops(world)} | changes)


def with_stops(world: World) -> dict[str, Any]:
    """The ledger with a stop for each position, 3 % away."""
    ledger: dict[str, Any] = world.read("positions_ledger.json")
    for entry in ledger["entries"]:
        entry["sl"] = entry["entry_price"] * (0.97 if entry["side"] == "LONG" else 1.03)
    return ledger


SLIP = "daily_loss_high_frac=0.1146"
DAILY: Changes = {MODE: "HALTED", REASON: SLIP, f"{RISK}kpis_v7.drawdown.daily_loss": {}}
DAY_PCT = f"{RISK}dd_state.drawdown.daily_loss.pct"
BREAKER_UNKNOWN = {"path": "kpis.risk.circuit_breaker", "unknown": True}
WORDS: list[tuple[str, Changes, list[Any]]] = [
    ("halted", {MODE: "HALTED", REASON: "kill_switch"}, [says("halted.*kill_switch", "fail")]),
    ("halted, small letters, no reason", {MODE: "halted", REASON: None}, [says("halted.*no reason", "fail")]),
    ("halted in a block", {MODE: {"mode": "HALTED", "reason": "boom"}, REASON: None}, [says("halted.*boom", "fail")]),
    ("halted by the slip", {MODE: "HALTED", REASON: "dd_frac=0.31"} | FELL_031, [says("halted.*dd_frac=0.31", "warn")]),
    ("halted, at the peak again", {MODE: "HALTED", REASON: "dd_frac=0.31"}, [says("halted(?!.*perc)", "fail")]),
    ("halted, no fall", {MODE: "HALTED", REASON: "gross_nav_frac=0.42"} | FELL_031, [says("halted(?!.*perc)", "fail")]),
    ("halted, fallen", {MODE: "HALTED", REASON: "dd_frac=0.31"} | FELL_31, [says("halted.*dd_frac=0.31", "fail")]),
    ("defensive by the slip", {MODE: "DEFENSIVE", REASON: SLIP}, [says(f"defensive.*{SLIP}", "warn")]),
    ("warn", {MODE: "WARN", REASON: "correlation"}, [says("warn.*correlation", "warn")]),
    ("a word nobody knows", {MODE: "PAUSED", REASON: "by hand"}, [says("paused.*by hand", "warn")]),
    ("breaker", {ACTIVE: True}, [says("breaker", "fail")]),
    ("breaker in words", {ACTIVE: "true"}, [says("breaker", "fail")]),
    ("breaker as a number", {ACTIVE: 1}, [says("breaker", "fail")]),
    ("breaker without a block", {f"{RISK}circuit_breaker": True}, [says("breaker", "fail")]),
    ("breaker: active", {ACTIVE: "active"}, [says("breaker active", "fail")]),
    ("breaker, a word alone", {f"{RISK}circuit_breaker": "ACTIVE"}, [says("breaker active", "fail")]),
    ("breaker under another key", {f"{RISK}circuit_breaker": {"tripped": True}}, [says("breaker active", "fail")]),
    ("breaker, half open", {ACTIVE: "half-open"}, [says("breaker unknown.*half-open", "warn"), BREAKER_UNKNOWN]),
    ("breaker: 2", {ACTIVE: 2}, [says("breaker unknown.*2", "warn"), BREAKER_UNKNOWN]),
    ("breaker, a list", {ACTIVE: ["dd"]}, [says("breaker unknown.*dd", "warn"), BREAKER_UNKNOWN]),
    ("halted by a true daily loss", DAILY | {DAY_PCT: 11.46}, [says("halted(?!.*percentage)", "fail")]),
    ("halted by a slip of the day", DAILY | {DAY_PCT: 0.1146}, [says("halted.*percentage as a fraction", "warn")]),
    ("halted, no daily loss written", DAILY | {DAY_PCT: None}, [says("halted(?!.*percentage)", "fail")]),
    ("halted by both", DAILY | {DAY_PCT: 11.46, REASON: f"dd_frac=0.31 {SLIP}"}, [says("halted(?!.*perc)", "fail")]),
]
CALM_BREAKERS: list[Any] = [{"active": False}, {"active": "inactive"}, {"active": 0}, {"state": "ok"}, "off", "Normal"]
NO_BREAKER: list[Any] = [None, {}, "", "n/a", {"active": None}, {"max_portfolio_dd_nav_pct": 0.1}]
# The engine's fallback, and others of which nothing can be told.
BARE: list[dict[str, Any]] = [
    {"symbols": []}, {"symbols": [{"symbol": "BTCUSDT"}]}, {"symbols": [], "risk_mode": None},
    {"symbols": [], "dd_state": {}}, {"symbols": [], "circuit_breaker": {}},
]  # fmt: skip
ODD: list[Any] = [
    {"nav_jump": True}, {"nav_jump": "12 %"}, {"nav_jump": ["BTCUSDT"]}, {"nav_jump": {"active": True}},
    {"nav_jump": {"BTCUSDT": {"seen": 3}}}, {"found": [{"name": "nav_jump"}]}, ["nav_jump"],
    [{"type": "nav_jump"}], "nav_jump", {"nav_jump": {"active": "true"}}, {"nav_jump": {"detected": 1}},
    {"nav_jump": {"seen": 3, "last_ts": NOW}}, {"nav_jump": "none yet, 12 %"},
    {"active": True, "detail": "nav_jump", "score": 0.9}, {"active": False, "nav_jump": {"active": True}},
    {"nav_jump_limit": True},
    {"nav_jump_count": 2}, {"nav_jump_count": 2, "items": []}, {"count": 1, "nav_jump": 12.0, "threshold": 3.0},
]  # fmt: skip
NOT_ODD: list[Any] = [
    {}, [], None, "", {"nav_jump": False}, {"nav_jump": 0}, {"nav_jump": []},
    {"nav_jump": {"active": False, "limit": 3}},
    {"nav_jump": {"BTCUSDT": {"detected": False}}}, [None], [{}], {"found": []},
    {"nav_jump": {"active": "false", "detail": "none"}}, {"count": 0, "items": [], "last_check_ts": NOW},
    {"status": "ok"}, {"nav_jump": "none", "slippage": False}, {"nav_jump": "no"}, "none", ["ok"],
    {"nav_jump": {"active": 0}}, {"checked_at": "2025-11-26T22:44:00+00:00"}, {"updated_at": NOW},
    {"active": False, "score": 0.1}, {"active": "no", "items": ["x"]}, {"threshold": 3.0, "found": []},
    {"last_checked": NOW}, {"last_scan": "2025-11-26T22:44:00+00:00", "enabled": True},
    {"nav_jump": {"zscore": 0.4, "z_threshold": 3.0}},
]  # fmt: skip
REGISTRIES: list[tuple[Any, Any, Any, str]] = [
    (5, 0, True, "5 positions without exits"),
    (5, 4, True, "1 position without exits"),
    (5, 0, False, "5 positions without exits"),
    (5, 0, None, "5 positions without exits"),
    (0, 3, True, "exits do not match"),
    (5, 5, True, "exits do not match"),
    (None, None, True, "exits do not match"),
    (0, 0, True, ""),
    (0, 0, False, ""),
    (5, 5, False, ""),
    (None, None, None, ""),
]


@pytest.mark.parametrize("case", WORDS, ids=lambda case: str(case[0]))
def test_its_mode_and_its_breaker_are_alerts(case: Any, tmp_path: Path) -> None:
    """With the reason; an old word says when it was said, and does not fall silent."""
    _, changes, claims = case
    world = world_of(tmp_path, changes)
    assert wrong(world.load(), claims) == []
    old = shift(world, -3 * HOUR_S, "risk_snapshot.json").load()
    assert wrong(old, [says("(mode|breaker).*silent since 19:44:48", str(claims[0]["severity"]))]) == []


@pytest.mark.parametrize("written", CALM_BREAKERS, ids=repr)
def test_a_breaker_that_is_not_tripped_says_nothing(written: Any, tmp_path: Path) -> None:
    """In whichever words."""
    state = world_of(tmp_path, {f"{RISK}circuit_breaker": written}).load()
    assert wrong(state, [{"no_alert": "breaker"}, {"path": "kpis.risk.circuit_breaker", "is": False}]) == []


@pytest.mark.parametrize("mode", [None, "", {}, 3, ["HALTED"], {"value": "HALTED"}], ids=repr)
def test_a_mode_that_is_missing_or_no_word_is_told(mode: Any, tmp_path: Path) -> None:
    """Beside a breaker that is there; what cannot be read is quoted."""
    state = world_of(tmp_path, {MODE: mode}).load()
    words = "publishes it" if mode in (None, "", {}) else "it says .*(3|HALTED)"
    assert wrong(state, [says(f"^risk mode unknown.*{words}", "warn"), {"no_alert": "breaker"}]) == []
    assert "older writers" not in state["meta"]["unknown"]["kpis.risk.mode"]


@pytest.mark.parametrize("breaker", NO_BREAKER, ids=repr)
def test_a_breaker_that_is_missing_is_told(breaker: Any, tmp_path: Path) -> None:
    """Beside a mode that is there, of a writer that publishes both or did; of another one it is not missed."""
    world = world_of(tmp_path, {f"{RISK}circuit_breaker": breaker})
    state = world.load()
    assert wrong(state, [says("^circuit breaker unknown.*publishes it", "warn"), BREAKER_UNKNOWN]) == []
    assert "older writers" not in state["meta"]["unknown"]["kpis.risk.circuit_breaker"]
    assert wrong(change(world, NO_LEDGER).load(), [{"no_alert": "unknown"}, BREAKER_UNKNOWN]) == []


@pytest.mark.parametrize("limit", [10.0, -0.1, 1.01])
def test_a_limit_that_cannot_be_is_not_shown(limit: float, tmp_path: Path) -> None:
    """It is a share of the peak; the alert says nothing of it."""
    state = world_of(tmp_path, {ACTIVE: True, f"{RISK}circuit_breaker.max_portfolio_dd_nav_pct": limit}).load()
    unknown = {"path": "kpis.risk.circuit_breaker_limit_pct", "unknown": True}
    assert wrong(state, [says("breaker", "fail"), {"no_alert": "its limit is"}, unknown]) == []


@pytest.mark.parametrize("score", [3.2, -0.4])
def test_a_score_that_cannot_be_is_not_shown(score: float, tmp_path: Path) -> None:
    """It is one of 0 to 1, and stands in the words of its mode."""
    state = world_of(tmp_path, {MODE: "WARN", f"{RISK}risk_mode_score": score}).load()
    reason = {"path": "kpis.risk.mode_score", "unknown": True, "reason": f"{score:g} is no score"}
    assert wrong(state, [says("risk mode warn(?!.*score)", "warn"), reason]) == []


UNKNOWN_RISK = "risk mode and circuit breaker unknown"
NO_LEDGER: Changes = dict.fromkeys(("positions_ledger.json", "diagnostics.json"), GONE)


@pytest.mark.parametrize("content", BARE, ids=repr)
def test_a_risk_engine_that_has_died_is_told(content: Any, tmp_path: Path) -> None:
    """Where another file of its writer says that there should be one, or an earlier state."""
    bare: Changes = {"risk_snapshot.json": {"updated_ts": NOW - 12.0} | content}
    assert wrong(world_of(tmp_path / "new", bare).load(), [says(UNKNOWN_RISK, "warn")]) == []
    world = world_of(tmp_path, NO_LEDGER)
    assert wrong(world.load(), [{"no_alert": UNKNOWN_RISK}]) == []
    change(world, bare)
    assert wrong(world.load(), [says(f"{UNKNOWN_RISK}.*22:44:48", "warn")]) == []
    assert wrong(world.load(now=NOW + 25 * HOUR_S), [{"no_alert": UNKNOWN_RISK}]) == []


def test_a_writer_that_has_no_risk_mode_is_not_missed(tmp_path: Path) -> None:
    """Those of v7.1 publish none, cold or not."""
    world = World(tmp_path / "state", scenario="v7.1/healthy")
    for content in (world.read("risk_snapshot.json"), {"updated_ts": NOW - 12.0, "symbols": []}):
        state = change(world, {"risk_snapshot.json": content}).load()
        assert wrong(state, [{"no_alert": UNKNOWN_RISK}]) == []


@pytest.mark.parametrize("anomalies", ODD, ids=repr)
def test_an_anomaly_is_an_alert(anomalies: Any, tmp_path: Path) -> None:
    """In whatever shape it is written."""
    assert wrong(world_of(tmp_path, {f"{RISK}anomalies": anomalies}).load(), [says("anomaly.*nav_jump", "warn")]) == []


def test_an_anomaly_is_told_once(tmp_path: Path) -> None:
    """Its count adds nothing to what is listed, nor its switch to its words."""
    for anomalies, title in (({"count": 2, "items": ["a", "b"]}, "items: a, b"), ({"flag": 1, "reason": "odd"}, "odd")):
        state = world_of(tmp_path / title[:3], {f"{RISK}anomalies": anomalies}).load()
        assert [line["text"] for line in state["meta"]["alerts"] if line["kind"] == "anomaly"] == [title]


@pytest.mark.parametrize("anomalies", NOT_ODD, ids=repr)
def test_none_is_none(anomalies: Any, tmp_path: Path) -> None:
    """A switch that is off is no anomaly."""
    assert wrong(world_of(tmp_path, {f"{RISK}anomalies": anomalies}).load(), [{"no_alert": "anomaly"}]) == []


@pytest.mark.parametrize("case", REGISTRIES, ids=str)
def test_missing_exits_are_counted(case: Any, tmp_path: Path) -> None:
    """By the counts before the flag, whose `false` is a default."""
    *written, title = case
    keys = ("num_positions", "num_registry_entries", "registry_mismatch")
    state = world_of(tmp_path, {f"{RISK}tp_sl_registry": dict(zip(keys, written, strict=True))}).load()
    assert wrong(state, [says(title, "warn") if title else {"no_alert": "exits"}]) == []


def error(age_s: float, **more: Any) -> dict[str, Any]:
    """The errors of one symbol; the code stands where the executor puts it, unless `more` says otherwise."""
    kind = {"category": "exchange", "code": -1021, "message": "Timestamp outside of recvWindow"}
    last = {"ts": NOW - age_s, "classification": kind} | more
    return {"order": {"count": 3, "last_error": last}}


def coded(code: Any) -> dict[str, Any]:
    """An error a minute ago with this code."""
    return error(60.0, classification={"code": code, "message": "refused"})


ISO = datetime.fromtimestamp(NOW - 60.0, UTC).isoformat()
TOLD = [
    ("a minute old", error(60.0)),
    ("59 minutes old", error(3540.0)),
    ("a stamp in words", error(0.0, ts=ISO)),
    ("a code in words", coded("-1021")),
    ("no code", coded(None)),
    ("a code beside it", error(60.0, classification={}, code=-1003, message="Too many requests")),
]
UNTOLD = [
    ("61 minutes old", error(3660.0)),
    ("post-only", coded(-2010)),
    ("post-only in words", coded("-2010")),
    ("post-only, a fraction", coded(-2010.0)),
    ("post-only of futures", coded(-5022)),
    ("post-only beside it", error(60.0, classification={}, code=-2010)),
    ("post-only in the message", error(60.0, classification={"message": "APIError(code=-2010): would take"})),
    ("none", {"order": {"count": 0, "last_error": None}}),
    ("no block", None),
]
FILES = ("execution_health.json", "risk_snapshot.json")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("case", [*TOLD, *UNTOLD], ids=lambda case: str(case[0]))
def test_an_exchange_error_is_news_for_an_hour(case: Any, file: str, tmp_path: Path) -> None:
    """In whichever file it stands; a post-only order that was refused is none."""
    state = world_of(tmp_path, {f"{file} symbols.0.errors": case[1]}).load()
    claim = says("exchange error.*BTCUSDT", "warn") if case in TOLD else {"no_alert": "exchange error"}
    assert wrong(state, [claim]) == []


FLAGS, TOGGLE = "risk_flags", "toggle_active"
META = {"reason": "dd_cap_hit", "until": NOW + 600.0}
FLAGGED: list[tuple[str, dict[str, Any], str]] = [
    (
        "disabled",
        {FLAGS: ["symbol_disabled"], TOGGLE: True, "toggle_meta": META},
        "BTCUSDT .dd_cap_hit, until 22:55:00",
    ),
    ("the switch alone", {TOGGLE: 1, "toggle_meta": None}, "1 symbol disabled by the executor BTCUSDT$"),
    ("its end has passed", {FLAGS: ["symbol_disabled"], "toggle_meta": META | {"until": NOW - 60.0}}, ""),
    ("near the limit", {FLAGS: ["dd_warning", "dd_kill_threshold"]}, "1 symbol flagged.*BTCUSDT dd_warning, .*kill"),
    ("a word", {FLAGS: "dd_warning"}, "flagged.*BTCUSDT dd_warning"),
    ("what its drawdown state says", {FLAGS: ["dd_warning"], "dd_state": "cautious"}, ""),
    ("none", {FLAGS: [], TOGGLE: "false"}, ""),
    ("nothing", {FLAGS: [None, ""], TOGGLE: None}, ""),
]


@pytest.mark.parametrize("case", FLAGGED, ids=lambda case: str(case[0]))
def test_a_symbol_that_is_off_or_flagged_is_an_alert(case: Any, tmp_path: Path) -> None:
    """By whichever of the two files lives."""
    _, risk, words = case
    changes = {f"{file} symbols.0.{part}.{key}": value for file in FILES for part in ("risk", "components.risk")
               for key, value in risk.items()}  # fmt: skip
    claim = says(words, "warn") if words else {"no_alert": "by the executor"}
    world = world_of(tmp_path, changes)
    assert wrong(world.load(), [claim]) == []
    assert wrong(change(world, {"risk_snapshot.json symbols": []}).load(), [claim]) == []


STATUS = "engine_metadata.json status"


@pytest.mark.parametrize("status", ["stopped", "HALTED", {"state": "crashed"}, "waiting: 401 Invalid key"], ids=repr)
def test_an_engine_that_does_not_run_is_an_alert(status: Any, tmp_path: Path) -> None:
    """In its own word, also when it has been silent since; but not once it writes again."""
    world = world_of(tmp_path, {STATUS: status})
    claim = says("executor not running.*(stopped|halted|crashed|waiting: 401 invalid key)", "warn")
    assert wrong(world.load(), [claim]) == []
    shift(world, -HOUR_S, "engine_metadata.json")
    assert wrong(world.load(), [{"no_alert": "executor not running"}]) == []
    shift(world, -HOUR_S, "nav.json")
    assert wrong(world.load(), [claim]) == []


@pytest.mark.parametrize("status", ["running", "Live", "", None, "n/a", 3, {}], ids=repr)
def test_an_engine_that_runs_or_says_nothing_is_no_alarm(status: Any, tmp_path: Path) -> None:
    """Nothing stands for no word."""
    assert wrong(world_of(tmp_path, {STATUS: status}).load(), [{"no_alert": "executor not running"}]) == []


def test_a_desk_with_its_exits_in_place_has_nothing_to_say(tmp_path: Path) -> None:
    """And the one of the corpus says exactly one thing."""
    quiet = {"no_alert": ".", "severity": ["warn", "fail"]}
    assert wrong(world_of(tmp_path, {}).load(), [quiet]) == []
    state = World(tmp_path / "other", scenario="v7.6/healthy").load()
    spoken = [line["title"] for line in state["meta"]["alerts"] if line["severity"] != "info"]
    assert spoken == ["5 of 5 positions without a stop"]
