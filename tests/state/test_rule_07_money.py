"""Rule 7: money has a currency, and a contract whose size is not written has no value of ours."""

from pathlib import Path
from typing import Any

import pytest
from books import put, row
from rules import GONE, told, wrong
from worlds import World, row_of

FITS, ODD, NEAR_ENTRY = object(), -0.00047788, object()
DOLLARS = (
    "BTCUSDT",
    "BTCUSDC",
    "BTCFDUSD",
    "BTCUSDT_260327",
    "BTC/USDT:USDT",
    "币安人生USDT",
    "1000PEPEUSDT",
    "BTCUSDT_UMCBL",
    "BTCUSDT-LINEAR.BYBIT",
    "PERP_BTC_USDT",
    "WUSDT",
)
FOREIGN = ("ETHBTC", "BTCEUR", "btceur", "BTCCHF", "BTCEURC", "USDTMYR", "SOL/ETH", "BTC-EUR", "ETH-XRP")
SIZED = (
    "BTCUSD_PERP",
    "BTCUSD_260327",
    "BTC-USDT-SWAP",
    "BTC/USD:BTC",
    "BTCUSD",
    "XBTUSD",
    "DOTUSD",
    "BTC-USD-SWAP",
    "PF_XBTUSD",
    "FI_XBTUSD_260327",
    "BNBUSD_PERP",
    "PF_ARBUSD",
)
NAMELESS = ("kPEPE", "HYPE", "@107", "btcusdt", "BTC-31JAN26", "BTC-27MAR26-100000-C")
VALUES = ("notional", "pnl")

# Name, PnL of the row, whether a value in US dollars can be told.
CONTRACTS: list[tuple[str, Any, bool]] = [
    *((name, pnl, True) for name in DOLLARS for pnl in (FITS, GONE, NEAR_ENTRY)),
    *((name, ODD, False) for name in DOLLARS),
    *((name, pnl, False) for name in FOREIGN for pnl in (FITS, GONE, ODD, NEAR_ENTRY)),
    *((name, FITS, True) for name in SIZED),
    *((name, pnl, False) for name in SIZED for pnl in (GONE, ODD, NEAR_ENTRY)),
    *((name, FITS, True) for name in NAMELESS),
    *((name, pnl, False) for name in NAMELESS for pnl in (GONE, ODD, NEAR_ENTRY)),
]


def load(tmp_path: Path, item: dict[str, Any]) -> Any:
    """The state of a desk with this one position."""
    return put(World(tmp_path / "state", scenario="v7.1/healthy"), [item]).load()


@pytest.mark.parametrize(("symbol", "pnl", "told"), CONTRACTS)
def test_a_value_in_us_dollars_needs_evidence(symbol: str, pnl: Any, told: bool, tmp_path: Path) -> None:
    """A quote that counts as US dollars, and where one contract may not be one coin, a PnL that says that it is."""
    prices = {"markPrice": 89120.5} if pnl is NEAR_ENTRY else {}
    written = {} if pnl is FITS else {"unrealized": 0.0 if pnl is NEAR_ENTRY else pnl}
    item = row(symbol, "LONG", 3.0, **prices, **written)
    state = load(tmp_path, item)
    if told:
        assert row_of(state, symbol)["notional"] == pytest.approx(3.0 * item["markPrice"])
    else:
        paths = [{"position": symbol, "field": field, "unknown": True} for field in VALUES]
        paths += [{"path": f"nav.{side}_exposure_usd", "unknown": True} for side in ("gross", "net")]
        assert wrong(state, paths) == []


@pytest.mark.parametrize(
    ("written", "notional"),
    [
        ({"notional": -2500.0}, 2500.0),
        ({"notional": "250.00"}, 250.0),
        ({"notional": 25}, 25.0),
        ({"notional_usd": 2500.0}, 2500.0),
        ({"notional": 0.02765, "usd_value": -2499.9}, 2499.9),
        ({"notional": 0.0}, None),
        ({"notional": -0.02765104}, None),
        ({"notional": 2.5}, None),
        ({"notional": 1630.79}, None),
        ({"notional": 2260312.5}, None),
        ({}, None),
    ],
    ids=repr,
)
def test_the_writers_own_dollars_count(written: Any, notional: float | None, tmp_path: Path) -> None:
    """Whatever the contract is quoted in; what may be in coins, or is quantity times price, is in its own money."""
    item = row("BTCUSD_PERP", "SHORT", -25, unrealized=ODD, **written)
    assert row_of(load(tmp_path, item), "BTCUSD_PERP")["notional"] == notional


@pytest.mark.parametrize(("written", "notional"), [(0.0668, None), (-0.0668, None), (2.0, None), (6042.9, 6042.9)])
def test_a_product_in_another_coin_is_no_dollar_figure(written: float, notional: Any, tmp_path: Path) -> None:
    """0.0668 is in BTC, and 2 in ETH."""
    item = row("ETHBTC", "LONG", 2.0, entryPrice=0.033, markPrice=0.0334, notional=written)
    assert row_of(load(tmp_path, item), "ETHBTC")["notional"] == notional


# Of three contracts of which nobody knows the size: marks where their product is as small as it counts, and a PnL.
NEARLY = [(89120.4 * (1 + share), pnl) for share in (0.0, 1e-4, 2e-4, 2.02e-4, 3e-4, 1e-2) for pnl in (0.0, 3e-8)]


@pytest.mark.parametrize("symbol", ["btcusd_perp", "BTC-PERP", "BTCUSD_PERP", "BTC/USD:BTC"])
@pytest.mark.parametrize(("mark", "pnl"), NEARLY)
def test_a_pnl_of_nothing_proves_nothing(symbol: str, mark: float, pnl: float, tmp_path: Path) -> None:
    """Wherever its price stands: the PnL of an inverse contract is small everywhere, and no check holds it wrong."""
    state = load(tmp_path, row(symbol, "LONG", 3.0, markPrice=mark, unrealized=pnl))
    assert row_of(state, symbol)["notional"] is None
    assert wrong(state, [{"path": "nav.gross_exposure_usd", "unknown": True}, {"no_alert": "PnL fits"}]) == []


# A row beside the PnL that a file adds up over it and BTCUSDT, and the open PnL in US dollars.
PNL_USD: list[tuple[str, dict[str, Any], float | None]] = [
    ("yen", row("BTCJPY", "LONG", 0.05, entryPrice=13.8e6, markPrice=14.1e6), None),
    ("coins", row("BTCUSD_PERP", "SHORT", -25, unrealized=ODD, notional=-2500.0), None),
    ("euros, and its writer's dollars", row("BTC/EUR:EUR", "LONG", 0.1, unrealized=100.0, pnl_usd=116.0), 170.27),
    ("no quote, and a PnL that fits", row("HYPE", "LONG", 100, entryPrice=35.0, markPrice=35.02), 56.27),
    ("no quote, at its entry price", row("HYPE", "LONG", 100, entryPrice=35.0, markPrice=35.0), 54.27),
]


@pytest.mark.parametrize("case", PNL_USD, ids=lambda case: str(case[0]))
def test_a_sum_over_rows_of_another_money_is_no_open_pnl(case: Any, tmp_path: Path) -> None:
    """Whatever file has added it up; and no check holds it against the rows."""
    _, item, pnl_usd = case
    rows = [row("BTCUSDT", "LONG", 0.042), item]
    world = put(World(tmp_path / "state", scenario="v7.1/healthy"), rows)
    world.edit("nav_state.json", "unrealized_pnl", sum(found["unrealized"] for found in rows))
    path = "nav.unrealized_pnl_usd"
    shown = {"path": path, "unknown": True} if pnl_usd is None else {"path": path, "near": pnl_usd}
    assert wrong(world.load(), [shown, {"no_alert": "^PnL check"}]) == []


# Written notional of a row, and whether it is told to be wrong.
NOTIONALS: list[tuple[str, dict[str, Any], bool]] = [
    ("coins at a low price", row("LINKUSD_PERP", "LONG", 100, markPrice=13.27, unrealized=0.001, notional=1000), False),
    ("dollars", row("BTCUSDT", "LONG", 0.042, notional=3797.33), False),
    ("dust in cents", row("BTCUSDT", "LONG", 1e-6, notional=0.09), False),
    ("ten times", row("BTCUSDT", "LONG", 0.042, notional=37973.3), True),
    ("a hundred times", row("BTCUSDT", "LONG", 0.042, notional=379733.0), True),
    ("a thousandth", row("BTCUSDT", "LONG", 0.042, notional=3.797), True),
]


@pytest.mark.parametrize("case", NOTIONALS, ids=lambda case: str(case[0]))
def test_a_written_notional_is_held_against_the_product(case: Any, tmp_path: Path) -> None:
    """By any factor, and only where quantity times price is the money of the contract."""
    claim = told("PnL fits.*notional")
    assert wrong(load(tmp_path, case[1]), [claim if case[2] else {"not": claim}]) == []


@pytest.mark.parametrize(("share", "is_told"), [(0.0005, True), (-0.0005, True), (0.05, False)])
def test_a_price_that_moved_within_a_row_takes_no_value_away(share: float, is_told: bool, tmp_path: Path) -> None:
    """Near the entry price a PnL of a moment ago is a multiple of that of now."""
    entry, mark = 89120.4, 89130.0
    item = row("BTCUSDT", "LONG", 0.042, markPrice=mark, unrealized=(mark * (1 + share) - entry) * 0.042)
    state = load(tmp_path, item)
    assert (row_of(state, "BTCUSDT")["notional"] is not None) == is_told
    assert wrong(state, [told("PnL fits|contract of another size")]) == []


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTC/USDT:USDT"])
@pytest.mark.parametrize("pnl", [2714.4, -3876.3, 38763.0])
def test_a_pnl_that_does_not_fit_its_dollars_is_told(symbol: str, pnl: float, tmp_path: Path) -> None:
    """Where quantity times price has to be the money of the contract."""
    assert wrong(load(tmp_path, row(symbol, "LONG", 3.0, unrealized=pnl)), [told("PnL fits|side")]) == []


DUST = [
    (1e-9, 3e-8),
    (1e-9, 0.0),
    (1e-9, -3.4e-8),
    (1e-5, 0.0),
    (1e-5, 0.0003),
    (1e-4, 0.0),
    (1e-3, 0.03),
    (1e-3, 0.04),
]


@pytest.mark.parametrize(("qty", "pnl"), DUST)
def test_a_pnl_in_cents_fits(qty: float, pnl: float, tmp_path: Path) -> None:
    """It is written with eight digits, or two: nothing is wrong with it, and the dust keeps side and value."""
    item = row("ETHUSDT", "SHORT", -qty, entryPrice=3055.1, markPrice=3021.44, unrealized=pnl)
    state = load(tmp_path, item)
    assert row_of(state, "ETHUSDT", "SHORT")["notional"] == pytest.approx(qty * 3021.44)
    assert wrong(state, [{"no_alert": "PnL fits|ETHUSDT"}]) == []


@pytest.mark.parametrize(("said", "bound"), [(True, True), (False, False), ("true", False), (None, False)])
def test_a_total_that_its_writer_calls_too_small_is_a_lower_bound(said: Any, bound: bool, tmp_path: Path) -> None:
    """Holdings that could not be read have no slice, so that only the writer knows."""
    world = World(tmp_path / "state", scenario="v7.1/healthy").edit("nav.json", "aum.total_is_lower_bound", said)
    state = world.load()
    assert state["aum"]["total_usd_is_lower_bound"] is bound
    assert any(alert["title"] == "AUM IS A LOWER BOUND" for alert in state["meta"]["alerts"]) is bound


DEBT: dict[str, Any] = {"qty": -812.4, "avg_cost": None, "mark": None, "usd_value": None}
# A holding, and what is shown of it: its value, None without one, GONE where none of it is held.
HOLDINGS: list[tuple[str, dict[str, Any], Any]] = [
    ("a debt", DEBT, None),
    ("a debt as text", DEBT | {"qty": "-812.4"}, None),
    ("a debt and its value as text", DEBT | {"qty": "-812.4", "usd_value": "-812.40"}, -812.4),
    ("a debt of 0 USD", DEBT | {"usd_value": 0.0}, None),
    ("none", DEBT | {"qty": 0.0}, GONE),
    ("none as text", DEBT | {"qty": "0.00"}, GONE),
    ("none, worth something", DEBT | {"qty": 0.0, "usd_value": 12.5}, 12.5),
]


@pytest.mark.parametrize("case", HOLDINGS, ids=lambda case: str(case[0]))
def test_a_debt_without_a_price_makes_no_lower_bound(case: Any, tmp_path: Path) -> None:
    """Any total would be too high, so that there is none; of what is not held, no price is missing."""
    _, holding, usd = case
    block = {"futures": 10461.27, "offexchange": {"DEBT": holding}}
    state = World(tmp_path / "state", scenario="v7.1/healthy").edit("nav.json", "aum", block).load()
    aum = state["aum"]
    assert [item["usd"] for item in aum["slices"] if item["label"] == "DEBT"] == ([] if usd is GONE else [usd])
    assert aum["total_usd_is_lower_bound"] is False
    told = {"alert": "a debt has no price.*DEBT", "severity": "warn"}
    total: list[dict[str, Any]] = [
        told,
        {"path": "aum.total_usd", "unknown": True},
        {"path": "aum.total_zar", "unknown": True},
    ]
    known: list[dict[str, Any]] = [
        {"no_alert": "price"},
        {"path": "aum.total_usd", "near": 10461.27 + (0.0 if usd is GONE else usd or 0.0)},
    ]
    assert wrong(state, total if usd is None else known) == []


@pytest.mark.parametrize("written", ["n/a", float("nan"), 3.0, True])
@pytest.mark.parametrize("key", ["offexchange", "assets"])
def test_holdings_that_are_no_list_are_not_none(key: str, written: Any, tmp_path: Path) -> None:
    """Another copy has them, or the total is unknown with that reason; never is it the futures alone."""
    world = World(tmp_path / "state", scenario="v7.1/offexchange")
    copied = world.edit("nav.json", "aum", {"futures": 12500.0, key: written}).load()
    assert copied["aum"]["total_usd"] == pytest.approx(18740.9, abs=0.1)
    for name in ("nav.json", "synced_state.json"):
        content = world.read(name)
        place = content["nav_detail"] if name == "nav.json" else content["nav_snapshot"]
        world.write(name, content | {"nav_detail" if name == "nav.json" else "nav_snapshot": place | {"aum": None}})
    alone = world.load()
    assert wrong(alone, [{"path": "aum.total_usd", "unknown": True}]) == []
    assert f"its {key} is no list of holdings" in alone["meta"]["unknown"]["aum.total_usd"]


@pytest.mark.parametrize(("amount", "owed"), [(-1.2, True), (1.2, False)])
def test_a_coin_that_is_owed_makes_the_nav_no_lower_bound(amount: float, owed: bool, tmp_path: Path) -> None:
    """It is not taken off the NAV, which is too high by it."""
    coins = {"ETH": {"amount": amount, "price": 0.0, "value_usd": 0.0}}
    state = World(tmp_path / "state", scenario="v7.1/healthy").edit("nav.json", "nav_detail.conversions", coins).load()
    words = "nav lacks eth.*debt" if owed else "nav lacks eth.*lower bounds"
    assert wrong(state, [{"alert": words, "severity": "warn"}]) == []
    assert (state["nav"]["is_lower_bound"], state["aum"]["total_usd_is_lower_bound"]) == (not owed, not owed)
    assert (state["aum"]["total_usd"] is None) == owed
