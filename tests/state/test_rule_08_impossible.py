"""Rule 8: what is impossible is not shown as good, and is said, in whichever place it stands."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rules import GONE, HOUR_S, change, told, wrong
from worlds import NOW, World

COPY, STATE = "risk_snapshot.json kpis_v7.drawdown", "risk_snapshot.json dd_state.drawdown"
DRAWDOWNS = {
    "nav_state.json": ("nav_state.json drawdown_pct", "nav_state.json drawdown"),
    "the copy": (f"{COPY}.dd_pct", f"{COPY}.drawdown.pct"),
    "risk_snapshot.json": (f"{STATE}.dd_pct", f"{STATE}.drawdown.pct"),
    "kpis_v7.json": ("kpis_v7.json drawdown.dd_pct", "kpis_v7.json drawdown.drawdown.pct"),
}
PEAKS = {
    "nav_state.json": ("nav_state.json peak_equity",),
    "the copy": (f"{COPY}.peak", f"{COPY}.drawdown.peak_nav"),
    "risk_snapshot.json": (f"{STATE}.peak", f"{STATE}.drawdown.peak_nav"),
    "kpis_v7.json": ("kpis_v7.json drawdown.peak", "kpis_v7.json drawdown.drawdown.peak_nav"),
}
MAKERS = ("maker_fill_rate", "fallback_rate")


def put(tmp_path: Path, places: tuple[str, ...], value: Any, *, flat: bool = False) -> World:
    """A healthy desk with this value in these places; `flat` KPIs are v7.6's."""
    scenario = "v7.6/healthy" if flat else "v7.1/healthy"
    return change(World(tmp_path / "state", scenario=scenario), dict.fromkeys(places, value))


@pytest.mark.parametrize("place", DRAWDOWNS)
@pytest.mark.parametrize("pct", [-3.0, -0.0001, 100.0001, 150.0])
def test_a_drawdown_is_between_0_and_100(pct: float, place: str, tmp_path: Path) -> None:
    """Of a NAV that is not negative."""
    state = put(tmp_path, DRAWDOWNS[place], pct, flat=place == "kpis_v7.json").load()
    shown = [{"not": {"path": "nav.drawdown_pct", side: edge}} for side, edge in (("above", 1.0), ("below", 0.0))]
    assert wrong(state, [told("drawdown"), *shown]) == []


@pytest.mark.parametrize("place", PEAKS)
@pytest.mark.parametrize("peak", [9000.0, -1.0, 10461.0])
def test_a_peak_is_not_below_its_nav(peak: float, place: str, tmp_path: Path) -> None:
    """The source that says so is not used, and named."""
    state = put(tmp_path, PEAKS[place], peak, flat=place == "kpis_v7.json").load()
    assert wrong(state, [told("peak"), {"path": "nav.peak_usd", "near": 10461.27, "rel": 1e-6}]) == []


DAEMON = "nav_state.json"
SLIP = {f"{DAEMON} {key}": 0.0779 for key in ("drawdown_pct", "drawdown")}
SLIP_ALL = SLIP | {f"{block}.{key}": 0.0779 for block in (COPY, STATE) for key in ("dd_pct", "drawdown.pct")}
NO_PEAKS = {f"{block}.{key}": GONE for block in (COPY, STATE) for key in ("peak", "drawdown.peak_nav")}
NONE_LEFT = {f"{DAEMON} {key}": 0.0 for key in ("drawdown_pct", "drawdown", "drawdown_abs")}
REBUILT = NONE_LEFT | {f"{DAEMON} peak_equity": 10912.44}
FALLEN = {"path": "nav.drawdown_pct", "near": 7.793078}
NO_PCT = {"path": "nav.drawdown_pct", "unknown": True}
# What a desk that is 7.79 % below its peak says of it, and what is shown.
FALLS: dict[str, tuple[Any, list[Any]]] = {
    "a peak begun anew": (REBUILT, [FALLEN, told("drawdown sources"), told("7.79 %.*dispute")]),
    "a fraction beside its peak": (SLIP, [FALLEN, told("0.08 %.*7.79 %")]),
    "fractions beside the amount": (SLIP_ALL | NO_PEAKS | {f"{DAEMON} peak_equity": GONE}, [NO_PCT, told("0.08 %")]),
    "no fall anywhere": (
        REBUILT | {f"{block}.{key}": 0.0 for block in (COPY, STATE) for key in ("dd_pct", "drawdown.pct", "dd_abs")}
        | {f"{block}.{key}": 10912.44 for block in (COPY, STATE) for key in ("peak", "drawdown.peak_nav")},
        [told("0.00 % below the peak, which does not go with it")],
    ),
    "a new peak a loop later": (
        REBUILT | {f"{block}.{key}": 10950.0 for block in (COPY, STATE) for key in ("peak", "drawdown.peak_nav")}
        | {f"{block}.{key}": 0.3 for block in (COPY, STATE) for key in ("dd_pct", "drawdown.pct")}
        | {f"{block}.{key}": 10890.0 for block in (COPY, STATE) for key in ("nav", "drawdown.nav")},
        [{"path": "nav.drawdown_pct", "near": 0.0, "abs": 1e-9}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FALLS.values(), ids=FALLS)
def test_a_fall_is_that_of_its_own_figures_and_of_the_word(case: tuple[Any, list[Any]], tmp_path: Path) -> None:
    """A percentage that its peak, its amount or a living file of the same NAV refutes is not shown beside the state."""
    changes, claims = case
    state = change(World(tmp_path / "state", scenario="v7.1/drawdown"), changes).load()
    assert wrong(state, [*claims, {"no_alert": "^Drawdown defensive.*0.08 % below"}]) == []


def test_a_peak_without_a_nav_of_its_own_is_not_below_the_nav_on_show(tmp_path: Path) -> None:
    """Which another file carries: the next source that tells of a peak is used."""
    changes = {"nav_state.json total_equity": GONE, "nav_state.json peak_equity": 9000.0}
    state = change(World(tmp_path / "state", scenario="v7.1/healthy"), changes).load()
    assert state["nav"]["source"] == "nav.json"
    assert wrong(state, [{"path": "nav.peak_usd", "near": 10461.27, "rel": 1e-6}]) == []


RATES = {
    "over orders": tuple(
        f"risk_snapshot.json kpis_v7.router_stats.{key}" for key in ("maker_fill_ratio", "fallback_ratio")
    ),
    "router_health.json": tuple(
        f"router_health.json {rows}.0.{key}" for rows in ("symbols", "per_symbol") for key in MAKERS
    ),
    "the nested block": tuple(f"kpis_v7.json router.{key}" for key in ("maker_fill_rate", "fallback_ratio")),
    "execution_health.json": ("execution_health.json symbols.0.router.maker_fill_ratio",),
}


@pytest.mark.parametrize("place", RATES)
@pytest.mark.parametrize("rate", [-0.2, 1.0001, 305.0])
def test_a_rate_is_between_0_and_1(rate: float, place: str, tmp_path: Path) -> None:
    """Neither the impossible rate nor its nearest bound is shown."""
    state = put(tmp_path, RATES[place], rate).load()
    shown = [state["router"][key] for key in ("maker_fill_rate", "fallback_ratio")]
    shown += [row[key] for row in state["kpis"]["symbols"].values() for key in ("maker_fill_rate", "fallback_ratio")]
    assert wrong(state, [told("maker|fallback|fill")]) == []
    assert [value for value in shown if value is not None and not 0 <= value <= 1] == []
    assert max(value for value in shown[:1] if value is not None) < 0.9


NO_FALL = (*DRAWDOWNS["nav_state.json"], *DRAWDOWNS["the copy"], *DRAWDOWNS["risk_snapshot.json"])
ORDERS = "risk_snapshot.json kpis_v7.router_stats"
NOISE: dict[str, tuple[tuple[str, ...], float, str, float]] = {
    "no fall": (NO_FALL, -8.7e-15, "nav.drawdown_pct", 0.0),
    "all of them": ((f"{ORDERS}.maker_fill_ratio",), 1.0 + 2.3e-16, "router.maker_fill_rate", 1.0),
    "none of them": ((f"{ORDERS}.fallback_ratio",), -1.1e-16, "router.fallback_ratio", 0.0),
}


@pytest.mark.parametrize("case", NOISE.values(), ids=NOISE)
def test_what_floating_point_adds_is_not_impossible(
    case: tuple[tuple[str, ...], float, str, float], tmp_path: Path
) -> None:
    """It is the bound that it lies beside, and nothing is said."""
    places, written, path, shown = case
    state = put(tmp_path, places, written).load()
    assert wrong(state, [{"path": path, "is": shown}, {"no_alert": "cannot be|drawdown|maker|fallback"}]) == []


RATIOS = (
    "kpis_v7.json risk.atr_ratio",
    "kpis_v7.json symbols.BTCUSDT.atr_ratio",
    "kpis_v7.json atr.symbols.0.atr_ratio",
    "risk_snapshot.json atr.median_ratio",
    "risk_snapshot.json kpis_v7.atr.median_ratio",
    "risk_snapshot.json symbols.0.vol.atr_ratio",
    "execution_health.json symbols.0.vol.atr_ratio",
)


@pytest.mark.parametrize("place", RATIOS)
def test_an_atr_ratio_is_not_negative(place: str, tmp_path: Path) -> None:
    """A ratio of two mean distances."""
    state = put(tmp_path, (place,), -0.5).load()
    ratios = [state["kpis"]["risk"]["atr_ratio"], state["kpis"]["symbols"]["BTCUSDT"]["atr_ratio"]]
    assert wrong(state, [told("atr")]) == []
    assert [value for value in ratios if value is not None and value < 0] == []


@pytest.mark.parametrize(
    "rate", [0, 0.05, 0.999, 100.1, 250, -17.2, float("nan"), float("inf"), "abc", True, [17.2]], ids=repr
)
def test_a_rate_of_exchange_that_cannot_be_is_told(rate: Any, tmp_path: Path) -> None:
    """No amount in ZAR is made of it."""
    unknown = [{"path": path, "unknown": True} for path in ("nav.nav_zar", "nav.fx_usd_zar", "aum.total_zar")]
    assert wrong(put(tmp_path, ("kpis_v7.json fx.usd_zar",), rate).load(), [*unknown, told("usd/zar")]) == []


AGES: list[tuple[float, bool]] = [
    (23.0, True),
    (23.99, True),
    (24.1, False),
    (25.0, False),
    (720.0, False),
    (-1.0, False),
]


@pytest.mark.parametrize(("hours", "usable"), AGES)
def test_a_rate_of_exchange_is_of_today(hours: float, usable: bool, tmp_path: Path) -> None:
    """Whatever the age of the file that repeats it; one of the future is of no day."""
    at = datetime.fromtimestamp(NOW - hours * HOUR_S, UTC).isoformat()
    state = put(tmp_path, ("kpis_v7.json fx.ts",), at).load()
    claims = [{"path": "nav.nav_zar", "near": 180335.5567}] if usable else [told("usd/zar")]
    assert wrong(state, claims) == []
    assert (state["nav"]["fx_usd_zar"] is not None) == usable


ATR = "atr.symbols.0"
ATR_PLACES = (f"kpis_v7.json {ATR}", f"risk_snapshot.json {ATR}", f"risk_snapshot.json kpis_v7.{ATR}")
STATS = ("kpis_v7.json router_stats", "risk_snapshot.json kpis_v7.router_stats")
SIDES = "risk_snapshot.json fee_pnl"
NESTED_STATS = "kpis_v7.json router_stats.maker_fill_rate"
# places, value, what is said
ODD: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "a ratio of other parts": (tuple(f"{place}.atr_ratio" for place in ATR_PLACES), 5.85, "atr ratio"),
    "a regime of another ratio": (tuple(f"{place}.atr_regime" for place in ATR_PLACES), "panic", "atr regime"),
    "a fall of more than all": (("risk_snapshot.json symbols.0.risk.dd_today_pct",), -150.0, "more than all"),
    "rates over no orders": (tuple(f"{place}.sample_count" for place in STATS), 0, "0 orders"),
    "quantiles out of order": (tuple(f"{place}.slip_q25" for place in STATS), 99.0, "slip_q25"),
    "a negative ratio of a position": (("positions_state.json positions.0.atr_ratio",), -0.4, "atr ratio"),
}


@pytest.mark.parametrize("case", ODD.values(), ids=ODD)
def test_what_contradicts_itself_is_told(case: tuple[tuple[str, ...], Any, str], tmp_path: Path) -> None:
    """A figure beside the parts, the word or the count it stands with."""
    places, value, words = case
    state = put(tmp_path, places, value, flat=True).load()
    assert wrong(state, [told(words)]) == []
    assert state["router"]["slip_q25_bps"] != 99.0
    assert state["router"]["orders"] != 0 or state["router"]["maker_fill_rate"] is None


@pytest.mark.parametrize(
    ("place", "value"), [("kpis_v7.json risk.drawdown_pct", 150.0), (NESTED_STATS, 3.05), (NESTED_STATS, -0.1)]
)
def test_what_is_not_shown_is_told_too(place: str, value: float, tmp_path: Path) -> None:
    """Figures of the nested KPIs that the page takes from elsewhere."""
    assert wrong(put(tmp_path, (place,), value).load(), [told(f"{value:.2f}")]) == []


def test_a_day_of_more_than_all_is_unknown(tmp_path: Path) -> None:
    """In every place that has it."""
    places = [f"{name} symbols.0.risk.dd_today_pct" for name in ("risk_snapshot.json", "execution_health.json")]
    places += [f"kpis_v7.json {path}.dd_today_pct" for path in ("symbols.BTCUSDT", "atr.symbols.0")]
    claim = {"path": "kpis.symbols.BTCUSDT.dd_today_pct", "unknown": True}
    assert wrong(put(tmp_path, tuple(places), -150.0).load(), [claim]) == []


REFUTED: list[tuple[str, Any, float]] = [
    ("pnl", 0.0, 1.806705805978055),
    ("pnl", 0, 1.806705805978055),
    ("fee_pnl_ratio", 180.67058, 180.67058),
    ("fee_pnl_ratio", -1.8067058, -1.8067058),
    ("fee_pnl_ratio", 0.0, 0.0),
]


@pytest.mark.parametrize(("key", "value", "ratio"), REFUTED)
def test_a_refuted_fee_ratio_is_not_shown_from_its_copy(key: str, value: Any, ratio: float, tmp_path: Path) -> None:
    """The daemon repeats the ratio without the sides that refute it."""
    places = ("risk_snapshot.json fee_pnl_ratio", "kpis_v7.json risk.fee_pnl_ratio", "kpis_v7.json fee_pnl_ratio")
    world = put(tmp_path, (*places, f"{SIDES}.fee_pnl_ratio"), ratio)
    state = change(world, {f"{SIDES}.{key}": value}).load()
    assert wrong(state, [told("fee / pnl")]) == []
    assert state["kpis"]["risk"]["fee_pnl_window_days"] == 3
    assert state["kpis"]["risk"]["fee_pnl_ratio"] == pytest.approx(5.9479146)


@pytest.mark.parametrize("at", [0, 1.0, 5e8, "0", "yesterday", True, [], {}, [None], {"a": {"b": None}}], ids=repr)
def test_a_rate_of_no_known_time_is_not_of_today(at: Any, tmp_path: Path) -> None:
    """What stands in place of a time and is none proves no age."""
    state = put(tmp_path, ("kpis_v7.json fx.ts",), at).load()
    unknown = [{"path": path, "unknown": True} for path in ("nav.nav_zar", "nav.fx_usd_zar")]
    assert wrong(state, [*unknown, told("usd/zar.*cannot be read")]) == []
    assert "None" not in state["meta"]["unknown"]["nav.nav_zar"]


TWO_RATES = [(17.24, True), (17.9, True), (18.90, False), (15.6, False), (1.724, False)]


@pytest.mark.parametrize(("other", "agree"), TWO_RATES)
def test_two_rates_of_one_day_are_compared(other: float, agree: bool, tmp_path: Path) -> None:
    """The newer one is shown; one far from it is told."""
    world = put(tmp_path, ("nav.json fx",), {"usd_zar": other, "ts": NOW - 3600.0})
    state = world.load()
    assert wrong(state, [{"path": "nav.nav_zar", "near": 180335.5567}]) == []
    assert (wrong(state, [told("usd/zar.*not the newer")]) == []) != agree
