"""Rule 4, the wallet: a coin that is there and adds nothing to the NAV makes it a lower bound, whoever says so."""

from pathlib import Path
from typing import Any

import pytest
from rules import GONE, Changes, change, load_elsewhere, shift, wrong
from worlds import State, World

NOW = 1795634305.6
DETAILS = ("nav.json nav_detail", "synced_state.json nav_snapshot")
LACKS_BTC: list[Any] = [
    {"path": "nav.is_lower_bound", "is": True},
    {"path": "nav.drawdown_pct", "unknown": True},
    {"alert": "NAV LACKS BTC"},
]
WHOLE: list[Any] = [{"path": "nav.is_lower_bound", "is": False}, {"no_alert": "NAV LACKS"}]
WORTH = ("breakdown", "assets", "asset_breakdown")


def conversions(value: Any, *details: str) -> Changes:
    """Both of the executor's payloads say this of what was converted, or those that are named."""
    return {f"{detail}.conversions": value for detail in details or DETAILS}


def worth(usd: float) -> Changes:
    """What the coin adds to the NAV, in every list of the payloads."""
    return {f"{detail}.{part}.BTC": usd for detail in DETAILS for part in WORTH}


def btc(**block: Any) -> dict[str, Any]:
    """One conversion; zeros where nothing is given."""
    return {"BTC": {"amount": 0.042, "price": 0.0, "value_usd": 0.0} | block}


UNPRICED: list[tuple[str, Changes]] = [
    ("as the corpus has it", {}),
    ("figures as text", conversions(btc(amount="0.042", price="0.0", value_usd="0.00"))),
    ("a price and no value", conversions(btc(price=90412.5))),
    ("a value that the NAV does not have", conversions(btc(value_usd=3797.325))),
    ("null for the price", conversions(btc(price=None, value_usd=None))),
    ("the amount alone", conversions({"BTC": {"qty": 0.042}})),
    ("balances alone", conversions(GONE)),
    ("no list", conversions(["BTC"])),
    ("in nav.json alone", conversions(GONE, DETAILS[1]) | {"synced_state.json nav_snapshot.futures_balances": {}}),
    ("in synced_state.json alone", conversions(GONE, DETAILS[0]) | {"nav.json nav_detail.futures_balances": {}}),
    ("nav.json is missing", {"nav.json": GONE}),
    ("nav_state.json is missing", {"nav_state.json": GONE}),
    ("the daemon's figure is of another loop", {"nav_state.json total_equity": 6664.31}),
]


@pytest.fixture
def unpriced(tmp_path: Path) -> World:
    """A desk that holds 0.042 BTC without a price."""
    return World(tmp_path / "logs" / "state", scenario="head/wallet_btc_unpriced", now=NOW)


@pytest.mark.parametrize("case", UNPRICED, ids=lambda case: str(case[0]))
def test_a_nav_without_one_of_its_coins_is_a_lower_bound(case: tuple[str, Changes], unpriced: World) -> None:
    """And no drawdown is made of it."""
    assert wrong(change(unpriced, case[1]).load(), LACKS_BTC) == []


PRICED: list[tuple[str, Changes]] = [
    ("all is there", worth(3797.325) | conversions(btc(price=90412.5, value_usd=3797.325))),
    ("the price alone", worth(3797.325) | conversions(btc(price=90412.5))),
    ("no conversions", worth(3797.325) | conversions({})),
    ("worth as text", {f"{detail}.{part}.BTC": "3797.32" for detail in DETAILS for part in WORTH}),
    ("none of it left", conversions(btc(amount=0.0)) | {f"{detail}.futures_balances.BTC": 0.0 for detail in DETAILS}),
    (
        "a coin that the writer never counts",
        worth(3797.325) | {f"{detail}.futures_balances.BNB": 3.2 for detail in DETAILS},
    ),
]


@pytest.mark.parametrize("case", PRICED, ids=lambda case: str(case[0]))
def test_a_nav_with_all_its_coins_is_none(case: tuple[str, Changes], unpriced: World) -> None:
    """Nor is one that a coin is left out of by rule, as it has always been."""
    assert wrong(change(unpriced, case[1]).load(), WHOLE) == []


@pytest.mark.parametrize("fresh", [False, True], ids=["same process", "new process"])
def test_a_price_that_is_back_is_in_the_nav_a_cycle_later(fresh: bool, unpriced: World) -> None:
    """Until the daemon follows, its figure is that of the loop before, and still a lower bound."""
    assert wrong(unpriced.load(), LACKS_BTC) == []
    daemons = ("nav_state.json", "positions_state_sync.json", "leaderboard_state.json")
    before = unpriced.read("nav_state.json")
    nav_usd = 6664.0 + 3797.325
    figures = {f"nav.json {key}": nav_usd for key in ("nav", "nav_usd", "nav_detail.nav", "nav_detail.total_nav")}
    change(shift(unpriced, 60.0), {**worth(3797.325), **conversions(btc(price=90412.5)), **figures})
    shift(unpriced, -18.0, *daemons)
    change(unpriced, {"nav_state.json series": before["series"]})
    assert wrong(_load(unpriced, 62.0, fresh), LACKS_BTC) == []
    last = unpriced.read("nav.json")["updated_ts"]
    points = [*before["series"], {"nav": nav_usd, "t": last, "unrealized_pnl": 0.0, "total_equity": nav_usd}]
    shift(change(unpriced, {"nav_state.json total_equity": nav_usd, "nav_state.json series": points}), 20.0, *daemons)
    assert wrong(_load(unpriced, 66.0, fresh), WHOLE) == []


def _load(world: World, later_s: float, fresh: bool) -> State:
    return load_elsewhere(world, NOW + later_s) if fresh else world.load(now=NOW + later_s)
