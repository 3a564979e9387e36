"""Rule 7: money has a currency, and a contract whose size is not written has no value of ours."""

from pathlib import Path
from typing import Any

import pytest
from books import put, row
from rules import GONE, wrong
from worlds import World, row_of

FITS, ODD, NEAR_ENTRY = object(), -0.00047788, object()
DOLLARS = ("BTCUSDT", "BTCUSDC", "BTCFDUSD", "BTCUSDT_260327", "BTC/USDT:USDT", "币安人生USDT", "1000PEPEUSDT")
FOREIGN = ("ETHBTC", "BTCEUR", "BTCTRY", "SOL/ETH", "BTC-EUR")
SIZED = ("BTCUSD_PERP", "BTCUSD_260327", "BTC-USDT-SWAP", "BTC/USD:BTC", "BTCUSD", "XBTUSD", "DOTUSD", "BTC-USD-SWAP")
NAMELESS = ("kPEPE", "HYPE", "@107", "btcusdt")
VALUES = ("notional", "pnl")

# Name, PnL of the row, whether a value in US dollars can be told.
CONTRACTS: list[tuple[str, Any, bool]] = [
    *((name, pnl, True) for name in DOLLARS for pnl in (FITS, GONE, NEAR_ENTRY)),
    *((name, ODD, False) for name in DOLLARS),
    *((name, pnl, False) for name in FOREIGN for pnl in (FITS, GONE, ODD, NEAR_ENTRY)),
    *((name, FITS, True) for name in SIZED),
    *((name, pnl, False) for name in SIZED for pnl in (GONE, ODD, NEAR_ENTRY)),
    *((name, FITS, True) for name in NAMELESS),
    *((name, pnl, False) for name in NAMELESS for pnl in (GONE, ODD)),
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
    [({"notional": -2500.0}, 2500.0), ({"notional_usd": 2500.0}, 2500.0), ({"notional": 0.0}, None), ({}, None)],
    ids=repr,
)
def test_the_writers_own_dollars_count(written: Any, notional: float | None, tmp_path: Path) -> None:
    """Whatever the contract is quoted in; a product of quantity and price is in its own money."""
    item = row("BTCUSD_PERP", "SHORT", -25, unrealized=ODD, **written)
    assert row_of(load(tmp_path, item), "BTCUSD_PERP")["notional"] == notional


def test_a_product_in_another_coin_is_no_dollar_figure(tmp_path: Path) -> None:
    """0.0668 is in BTC."""
    item = row("ETHBTC", "LONG", 2.0, entryPrice=0.033, markPrice=0.0334, notional=0.0668)
    assert row_of(load(tmp_path, item), "ETHBTC")["notional"] is None


@pytest.mark.parametrize(("said", "bound"), [(True, True), (False, False), ("true", False), (None, False)])
def test_a_total_that_its_writer_calls_too_small_is_a_lower_bound(said: Any, bound: bool, tmp_path: Path) -> None:
    """Holdings that could not be read have no slice, so that only the writer knows."""
    world = World(tmp_path / "state", scenario="v7.1/healthy").edit("nav.json", "aum.total_is_lower_bound", said)
    state = world.load()
    assert state["aum"]["total_usd_is_lower_bound"] is bound
    assert any(alert["title"] == "AUM IS A LOWER BOUND" for alert in state["meta"]["alerts"]) is bound
