"""Holdings outside the account: errors that name the field, values that say what their price rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from execution.aum import Holding, build_aum, load_holdings

if TYPE_CHECKING:
    from pathlib import Path


def test_cost_is_not_a_market_price() -> None:
    """The old writer's mark was the average cost, and nobody could tell."""
    aum = build_aum(100.0, [Holding("PAXG", 2.0, 50.0), Holding("XAUT", 1.0)], {})
    assert aum["offexchange"]["PAXG"] == {
        "qty": 2.0, "avg_cost": 50.0, "mark": None, "usd_value": 100.0, "price_basis": "cost"
    }  # fmt: skip
    assert aum["offexchange"]["XAUT"]["usd_value"] is None
    assert (aum["total"], aum["total_is_lower_bound"]) == (200.0, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "holdings is None; expected an object by asset"),
        ('{"holdings": {"BTC": {"qty": "1"}}}', "holdings.BTC.qty is '1'; expected a number, 0 or more"),
        (
            '{"holdings": {"BTC": {"qty": 1, "avg_cost": -2}}}',
            "holdings.BTC.avg_cost is -2; expected a number, 0 or more",
        ),
        ('{"holdings": {"BTC": 3}}', "holdings.BTC.qty is None; expected a number, 0 or more"),
    ],
)
def test_a_wrong_holdings_file_is_an_error_with_the_field(tmp_path: Path, content: str, message: str) -> None:
    """Never silently nothing."""
    path = tmp_path / "holdings.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_holdings(path)


def test_holdings_are_read(tmp_path: Path) -> None:
    """And an absent file is no holdings."""
    path = tmp_path / "holdings.json"
    assert load_holdings(path) == []
    path.write_text('{"holdings": {"BTC": {"qty": 0.035, "avg_cost": 119073.0}, "KAG": {"qty": 12}}}')
    assert load_holdings(path) == [Holding("BTC", 0.035, 119_073.0), Holding("KAG", 12.0)]
