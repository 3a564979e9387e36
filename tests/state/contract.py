"""The contract of `load_all_state()`, as one assertion that any state, of any directory, must pass."""

import json
import math
import re
from collections.abc import Iterator
from itertools import repeat
from typing import Any

from shapes import (
    ALERT,
    AUM,
    CHECK,
    EXCHANGE,
    META,
    NAV,
    PNL,
    POSITION,
    RISK,
    ROUTER,
    SLICE,
    SURFACE,
    SYMBOL,
    TRANSITION,
    Rule,
    is_number,
    is_text,
)

from state.sentences import join
from state.trust.severity import rank_of

State = dict[str, Any]

SECTIONS = ("nav", "aum", "kpis", "positions", "router")
REQUIRED_SURFACES = (
    "nav_state.json",
    "nav.json",
    "positions.json",
    "positions_state.json",
    "kpis_v7.json",
    "router_health.json",
    "risk_snapshot.json",
)
DEFAULT_WORDS = {"dd_state": "normal", "router_quality": "ok"}  # and "unknown", which a writer may say of itself
SERIES_LIMIT = 300
TRANSITIONS_LIMIT = 50


def assert_contract(state: State) -> None:
    """The whole contract: shape, types, enumerations, reasons for what is unknown, and sums that add up."""
    assert json.loads(json.dumps(state, allow_nan=False)) == state, "the state is not plain JSON"
    assert set(state) == {"nav", "aum", "kpis", "positions", "router", "transitions", "meta"}
    assert_shapes(state)
    assert_meta(state["meta"])
    assert_reasons(state)
    for name in ("series", "series_7d"):
        assert_series(state["nav"].get(name, []))
    assert_transitions(state["transitions"], state["meta"])
    assert_nav(state)
    assert_aum(state)
    for row in state["positions"]:
        assert_texts(row)


def assert_shapes(state: State) -> None:
    """Every field of every block is there, of its type."""
    if state["nav"]:
        assert_fields("nav", state["nav"], NAV)
        assert_fields("nav.exchange", state["nav"]["exchange"], EXCHANGE)
    assert_fields("aum", state["aum"], AUM)
    assert_all("aum.slices", state["aum"]["slices"], SLICE)
    assert {"nav", "risk", "router", "symbols"} <= set(state["kpis"])
    assert_fields("kpis.risk", state["kpis"]["risk"], RISK)
    assert_fields("kpis.pnl", state["kpis"]["pnl"], PNL)
    assert_all("kpis.symbols", list(state["kpis"]["symbols"].values()), SYMBOL)
    assert_all("positions", state["positions"], POSITION)
    assert_fields("router", state["router"], ROUTER)


def assert_all(where: str, items: list[State], rules: dict[str, Rule]) -> None:
    """Every item has the shape."""
    for index, item in enumerate(items):
        assert_fields(f"{where}.{index}", item, rules)


def assert_fields(where: str, block: State, rules: dict[str, Rule]) -> None:
    """Each named field is there and passes its rule."""
    for name, rule in rules.items():
        assert name in block, f"{where}.{name} is not there"
        assert rule(block[name]), f"{where}.{name} = {block[name]!r}"


def assert_meta(meta: State) -> None:
    """Surfaces, checks, alerts and digests are whole, and no surface looks fresher than it is."""
    assert_fields("meta", meta, META)
    for where, rules in (("surfaces", SURFACE), ("checks", CHECK), ("alerts", ALERT)):
        assert_all(f"meta.{where}", meta[where], rules)
    assert set(SECTIONS) <= set(meta["sections"])
    assert all(is_text(digest) for digest in meta["sections"].values())
    names = [entry["name"] for entry in meta["surfaces"]]
    assert set(REQUIRED_SURFACES) <= set(names)
    assert len(names) == len(set(names))
    for entry in meta["surfaces"]:
        assert_surface(entry, meta["loaded_at"])
    assert all(is_sentence(reason) for reason in meta["stale"].values())
    for told, words in (*zip(meta["checks"], repeat("detail")), *zip(meta["alerts"], repeat("text"))):
        assert join(told["parts"]) == told[words], told
    for check in meta["checks"]:
        assert {"label", "value"} <= set(check["left"]) & set(check["right"]), check["name"]
    ranks = [rank_of(alert["kind"]) for alert in meta["alerts"]]
    assert ranks == sorted(ranks), "alerts are not worst first"


def assert_surface(entry: State, now: float) -> None:
    """Fresh means parsed and young; a file that is not ok says why."""
    if entry["freshness"] == "fresh":
        assert entry["status"] == "ok", entry
        assert 0 <= entry["age_s"] <= entry["late_after_s"], entry
    if entry["status"] in {"unreadable", "malformed", "empty"}:
        assert entry["error"], entry
    if entry["age_s"] is not None:
        # A stamp up to two seconds ahead is a difference of clocks: its age is 0.
        assert math.isclose(entry["age_s"], max(now - entry["updated_at"], 0.0), abs_tol=1e-3), entry


def assert_reasons(state: State) -> None:
    """Every None has its reason, every reason is a sentence, and no reason sits on a measured value."""
    unknown = state["meta"]["unknown"]
    for path, reason in unknown.items():
        assert is_sentence(reason), f"{path}: {reason!r}"
        assert is_excused(state, path), f"{path} is called unknown but is {find(state, path)!r}"
    for section in SECTIONS:
        for path in none_paths(section, state[section]):
            assert path in unknown, f"{path} is None without a reason"
    if not state["nav"]:
        assert set(unknown) >= {"nav"} | {f"nav.{name}" for name in ("nav_usd", "nav_zar", "age_s", "updated_at")}


def is_sentence(reason: Any) -> bool:
    """Words for an operator, not for a programmer."""
    return is_text(reason) and " " in reason.strip() and not re.search(r"\bNone\b|\bnull\b|Traceback", reason)


def none_paths(path: str, value: Any) -> Iterator[str]:
    """The dotted path of every None."""
    if value is None:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from none_paths(f"{path}.{key}", child)


def find(state: State, path: str) -> Any:
    """The value at a path; an empty container on the way is the answer."""
    spot, keys = state, path.split(".")
    while keys:
        if spot in ({}, []):
            return spot
        try:
            spot = spot[int(keys.pop(0))] if isinstance(spot, list) else spot[_take_key(spot, keys)]
        except (LookupError, TypeError, ValueError):
            return f"no such path: {path}"
    return spot


def _take_key(block: State, keys: list[str]) -> str:
    """The shortest beginning of `keys` that is a key of the block: the name of a symbol may have dots in it."""
    taken = keys.pop(0)
    while taken not in block:
        taken = f"{taken}.{keys.pop(0)}"
    return taken


def is_excused(state: State, path: str) -> bool:
    """Whether the value at `path` may be called unknown: absent, empty, the ZAR zero, or a default word."""
    if path.split(".", maxsplit=1)[0] not in SECTIONS:
        return True
    value = find(state, path)
    if path == "nav.nav_zar":
        return value in (0.0, {})
    return value in (None, {}, [], "unknown") or str(value).lower() == DEFAULT_WORDS.get(path.rpartition(".")[2])


def assert_series(series: list[list[float]]) -> None:
    """At most 300 points of two numbers, oldest first."""
    assert len(series) <= SERIES_LIMIT
    assert all(len(point) == 2 and all(map(is_number, point)) for point in series)
    times = [point[0] for point in series]
    assert times == sorted(times)


def assert_transitions(rows: list[State], meta: State) -> None:
    """At most 50 rows of exactly these fields, newest first, none of the future, and a digest of them."""
    assert_all("transitions", rows, TRANSITION)
    assert all(set(row) - {"count", "since"} == set(TRANSITION) for row in rows)
    assert all(row["count"] > 2 and row["since"] <= row["at"] for row in rows if "count" in row)
    times = [row["at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert len(rows) <= TRANSITIONS_LIMIT
    assert all(at <= meta["loaded_at"] + 2.0 for at in times)
    assert is_text(meta["sections"]["transitions"])


def assert_nav(state: State) -> None:
    """ZAR is the product or 0.0 with a reason; header and risk card say the same words."""
    nav, unknown = state["nav"], state["meta"]["unknown"]
    if not nav:
        return
    if nav["fx_usd_zar"] is None or nav["nav_usd"] is None:
        assert nav["nav_zar"] == 0.0
        assert "nav.nav_zar" in unknown
    elif "nav.nav_zar" not in unknown:
        assert math.isclose(nav["nav_zar"], nav["nav_usd"] * nav["fx_usd_zar"], rel_tol=1e-9)
    for name in ("dd_state", "atr_regime", "drawdown_pct"):
        assert nav[name] == state["kpis"]["risk"][name], name


def assert_aum(state: State) -> None:
    """The total is the sum of what is priced, the rest is named, and Futures is the NAV on show."""
    aum = state["aum"]
    priced = [item for item in aum["slices"] if item["usd"] is not None]
    lacking = state["nav"].get("unpriced", [])
    assert aum["unpriced"] == [*(item["label"] for item in aum["slices"] if item["usd"] is None), *lacking]
    # A writer may also say that holdings are missing which it has no name of.
    assert aum["total_usd_is_lower_bound"] or not aum["unpriced"] or aum["total_usd"] is None
    assert (aum["total_usd"] is None) == (not priced) or "aum.total_usd" in state["meta"]["unknown"]
    if aum["total_usd"] is not None:
        assert math.isclose(aum["total_usd"], math.fsum(item["usd"] for item in priced), rel_tol=1e-9, abs_tol=1e-9)
    for item in priced:
        assert item["label"] != "Futures" or item["usd"] == state["nav"].get("nav_usd"), item


def assert_texts(row: State) -> None:
    """The text of a position is its number, or n/a."""
    for name in ("notional", "pnl"):
        text = row[f"{name}_fmt"]
        if row[name] is None:
            assert text == "n/a", (name, text)
        elif abs(row[name]) < 1e12:
            assert abs(float(text.replace(",", "")) - row[name]) <= 0.0051, (name, text)
