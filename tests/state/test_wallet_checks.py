"""The wallet of a nav file against itself: amounts, prices, balances and what of them is in the NAV."""

from pathlib import Path
from typing import Any

import pytest
from rules import change, told, wrong
from worlds import World

NAV_USD = 10461.27


def wallet(usd: float = 1461.27, **more: Any) -> dict[str, Any]:
    """A detail that holds so much USDT, and 0.1 BTC for the rest, unless `more` says otherwise."""
    values = {"USDT": usd, "USDC": 0.0, "BTC": 9000.0}
    detail = {
        "source": "live",
        "fresh": True,
        "asset_breakdown": values,
        "futures_balances": {"USDT": usd, "USDC": 0.0, "BTC": 0.1},
        "conversions": {"BTC": {"amount": 0.1, "price": 90000.0, "value_usd": 9000.0}},
    }
    return detail | more


def btc(amount: Any = 0.1, price: Any = 90000.0, value_usd: Any = 9000.0) -> dict[str, Any]:
    """The conversion of one coin."""
    return {"BTC": {"amount": amount, "price": price, "value_usd": value_usd}}


def holding(**coins: Any) -> dict[str, Any]:
    """The balances, with these in place of others."""
    return {"USDT": 1461.27, "USDC": 0.0, "BTC": 0.1} | coins


PARTS_900 = {"USDT": 9561.27, "USDC": 0.0, "BTC": 900.0}
NONE_OF_IT = {"USDT": NAV_USD, "USDC": 0.0, "BTC": 0.0}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "a tenth of its value",
        wallet(9561.27, conversions=btc(value_usd=900.0), asset_breakdown=PARTS_900),
        "amount times its price",
    ),
    ("text of a wrong value", wallet(conversions=btc("0.1", "90000.0", "8900.00")), "amount times its price"),
    ("priced, and worth nothing", wallet(conversions=btc(value_usd=0.0)), "amount times its price"),
    ("another amount is held", wallet(futures_balances=holding(BTC=1.0)), "converts.*holds"),
    ("a little more is held", wallet(futures_balances=holding(BTC=0.104)), "converts.*holds"),
    ("owed and held", wallet(futures_balances=holding(BTC=-0.1)), "converts.*holds"),
    ("worth another sum in its parts", wallet(conversions=btc(0.1, 90100.0, 9010.0)), "wallet's parts"),
    (
        "held and not counted",
        wallet(NAV_USD, conversions={}, asset_breakdown=NONE_OF_IT),
        "counts as nothing",
    ),
    ("a tenth of the dollars", wallet(futures_balances=holding(USDT=146.127)), "of USDT.*holds.*counts"),
    ("dollars that are owed", wallet(futures_balances=holding(USDT=-1461.27)), "of USDT.*holds.*counts"),
]
RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("as it is", wallet()),
    ("to the cent", wallet(conversions=btc(0.1, 90000.04, 9000.0))),
    (
        "to eight digits",
        wallet(conversions=btc(0.1, 90000.0, 9000.00000001), futures_balances=holding(BTC=0.100000001)),
    ),
    ("as text", wallet(conversions=btc("0.1", "90000", "9000"), futures_balances=holding(BTC="0.10"))),
    ("no balances", wallet(futures_balances=None)),
    ("nothing that can be read", wallet(futures_balances=[1], conversions="BTC")),
    ("nothing inside", wallet(futures_balances=holding(BTC=None), conversions={"BTC": None})),
    ("a coin that pays fees", wallet(futures_balances=holding(BNB=0.4))),
    ("no price", wallet(NAV_USD, conversions=btc(0.1, 0.0, 0.0), asset_breakdown=NONE_OF_IT)),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: str(case[0]))
def test_a_wallet_that_contradicts_itself_is_told(case: Any, tmp_path: Path) -> None:
    """Although its parts add up to its NAV."""
    _, detail, words = case
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), {"nav.json nav_detail": detail})
    assert wrong(world.load(), [told(words)]) == []


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: str(case[0]))
def test_a_wallet_that_fits_is_quiet(case: Any, tmp_path: Path) -> None:
    """Rounding, text, and what its writer leaves out on purpose are no contradiction."""
    world = change(World(tmp_path / "state", scenario="v7.1/healthy"), {"nav.json nav_detail": case[1]})
    assert wrong(world.load(), [{"check": "aum", "status": ["ok"]}]) == []
