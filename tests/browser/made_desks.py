"""Desks that no corpus has: nothing or little there, writers gone, the worst day, long words, crowded charts."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

from pages import find_scenario
from walls import case_settings

HOLDING = "Cold wallet (Ledger Nano X, Zürich)"
REASON = (
    "the loss of the day is beyond its limit after a third order was rejected, and a manual review has to come first; "
)
ODD = ("spread", "funding", "ledger", "ghost_position", "price_jump", "panic", "latency", "orphan_order")


def nothing(directory: Path) -> dict[str, str]:
    """No directory of state files."""
    return {"HEDGE_STATE_DIR": str(directory / "nothing")}


def long_words(_: Path) -> dict[str, str]:
    """An environment whose name is longer than a phone is wide."""
    return {**find_scenario("v7.6/healthy").settings, "ENV": "staging-europe-west-disaster-recovery"}


def writers_gone(_: Path) -> dict[str, str]:
    """Nobody has written for 25 minutes."""
    scenario = find_scenario("v7.1/healthy")
    return {**scenario.settings, "HEDGE_NOW": str(scenario.now + 25 * 60)}


def few_files(*names: str) -> Callable[[Path], dict[str, str]]:
    """These files alone."""

    def make(directory: Path) -> dict[str, str]:
        scenario = find_scenario("v7.6/healthy")
        shutil.copytree(scenario.state_dir, directory / "few", ignore=lambda _, found: set(found) - set(names))
        return {**scenario.settings, "HEDGE_STATE_DIR": str(directory / "few")}

    return make


def worst_day(directory: Path) -> dict[str, str]:
    """Halted with a long reason, eight anomalies, no stops, a long change, and half of the files old, torn or gone."""
    settings, state_dir = case_settings("risk_mode_halted"), directory / "logs" / "state"
    shutil.copytree(settings["HEDGE_STATE_DIR"], state_dir, copy_function=shutil.copyfile)
    (state_dir / "positions.json").unlink()
    for name in ("positions_state.json", "router_health.json"):
        (state_dir / name).write_text("{")
    for name, age_s in (("nav_state.json", 9000), ("synced_state.json", 40000)):
        revise(state_dir / name, updated_at=float(settings["HEDGE_NOW"]) - age_s)
    anomalies = {name: {"active": True, "detail": f"{name} has deviated from its median {REASON}"} for name in ODD}
    tripped = {"active": True, "max_portfolio_dd_pct": 0.1}
    revise(state_dir / "risk_snapshot.json", risk_mode_reason=REASON * 3, circuit_breaker=tripped, anomalies=anomalies)
    changed = {"kind": "position", "subject": "BTCUSDT LONG", "text": f"BTCUSDT LONG closed: {REASON}"}
    (state_dir.parent / "execution").mkdir()
    tape = state_dir.parent / "execution" / "transitions.jsonl"
    tape.write_text(
        json.dumps({**changed, "at": float(settings["HEDGE_NOW"]) - 600, "before": "LONG 0.04", "after": None})
    )
    return {**settings, "HEDGE_STATE_DIR": str(state_dir)}


def revise(path: Path, **news: object) -> None:
    """Write a file anew with other values."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **news}))


def crowded_charts(directory: Path) -> dict[str, str]:
    """Two slices, one with a long name and a high amount, and a NAV of 24 h with gaps and many marks."""
    scenario = find_scenario("v7.6/healthy")
    logs, now = directory / "crowded", scenario.now
    shutil.copytree(scenario.state_dir.parent, logs, copy_function=shutil.copyfile)
    state_dir = logs / "state"
    nav = json.loads((state_dir / "nav.json").read_text())
    nav["aum"]["offexchange"] = {HOLDING: {"qty": 1.0, "usd_value": 1234567.89, "mark": 1234567.89}}
    nav["aum"]["assets"] = [{"label": "Futures", "usd": 10461.27}, {"label": HOLDING, "usd": 1234567.89}]
    nav["aum"]["total"] = 1245029.16
    (state_dir / "nav.json").write_text(json.dumps(nav))
    times = [at for at in range(int(now) - 90000, int(now), 120) if (at // 7200) % 3]
    points = [{"t": float(at), "nav": 10161 + 300 * math.sin(at / 9000), "unrealized_pnl": 50.0} for at in times]
    (logs / "nav_log.json").write_text(json.dumps([*points[:-1], points[-1] | {"nav": 10461.27}]))
    marks = [
        {"at": now - 9800 - 1700 * number, "kind": "position", "subject": symbol, "text": symbol, "after": "LONG 1"}
        for number, symbol in enumerate(["1000PEPEUSDT", "BTCUSDT"] * 25)
    ]
    (logs / "execution").mkdir(exist_ok=True)
    lines = [json.dumps({"before": None, **mark}) for mark in reversed(marks)]
    (logs / "execution" / "transitions.jsonl").write_text("\n".join(lines) + "\n")
    return {**scenario.settings, "HEDGE_STATE_DIR": str(state_dir)}


MADE = {
    "empty": nothing,
    "few files": few_files("kpis_v7.json", "router_health.json", "positions.json"),  # neither NAV nor AUM
    "NAV alone": few_files("nav.json"),
    "long words": long_words,
    "writers gone": writers_gone,
    "worst day": worst_day,
    "crowded charts": crowded_charts,
}
