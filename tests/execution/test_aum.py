"""Holdings outside the account: errors that name the field, values that say what their price rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from execution.surfaces.aum import Holding, build_aum, load_holdings, read_aum, read_holdings

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


REFUSED: list[tuple[str, str, list[str]]] = [
    ("qty", "Infinity", ["holdings.BTC.qty is Infinity"]),
    ("qty", "-Infinity", ["holdings.BTC.qty is -Infinity"]),
    ("qty", "NaN", ["holdings.BTC.qty is NaN"]),
    ("qty", "1" + "0" * 400, ["holdings.BTC.qty is an integer of 401 digits"]),
    ("qty", "1e308", ["holdings.BTC.qty is 1e+308"]),
    ("qty", "null", ["holdings.BTC.qty is None"]),
    ("qty", "true", ["holdings.BTC.qty is True"]),
    ("qty", '"\xff"', ["holdings.BTC.qty is '\xff'"]),
    ("qty", "[" * 500 + "]" * 500, ["holdings.BTC.qty is a list"]),
    ("avg_cost", "Infinity", ["holdings.BTC.avg_cost is Infinity"]),
    ("avg_cost", "-1", ["holdings.BTC.avg_cost is -1"]),
    ("avg_cost", "null", []),
]


@pytest.mark.parametrize(("key", "value", "sentences"), REFUSED)
def test_a_refused_figure_costs_nothing_else(tmp_path: Path, key: str, value: str, sentences: list[str]) -> None:
    """It is unknown, the sentence names holding and value, and the other holdings are what they are."""
    path = tmp_path / "holdings.json"
    figures = {"qty": "0.035", "avg_cost": "119073.0"} | {key: value}
    block = ", ".join(f'"{name}": {figure}' for name, figure in figures.items())
    path.write_text(f'{{"holdings": {{"BTC": {{{block}}}, "KAG": {{"qty": 12}}}}}}')
    found = read_holdings(path)
    expected = "; expected a number, 0 or more, up to 10^18"
    assert found.refused == [f"{path}: {sentence}{expected}" for sentence in sentences]
    qty, cost = (None, 119_073.0) if key == "qty" else (0.035, None)
    assert found.held == [Holding("BTC", qty, cost), Holding("KAG", 12.0)]
    aum = build_aum(100.0, found.held, {"BTC": 90_000.0, "KAG": 10.0})
    assert aum["offexchange"]["KAG"]["usd_value"] == 120.0
    assert aum["offexchange"]["BTC"]["usd_value"] == (None if qty is None else pytest.approx(3150.0))
    assert aum["total_is_lower_bound"] == (qty is None)


def test_what_is_held_may_be_unknown_altogether() -> None:
    """The total then is a lower bound, as it is without the executor's block."""
    assert build_aum(100.0, [], {}, complete=False)["total_is_lower_bound"]
    assert not build_aum(100.0, [], {})["total_is_lower_bound"]
    assert read_aum({}, 100.0)[0]["total_is_lower_bound"]


def test_the_block_of_an_older_executor_is_read_as_it_is() -> None:
    """Entries without a basis, a null price, and the NAV on show instead of its futures figure."""
    block = {
        "futures": 90.0,
        "offexchange": {"BTC": {"qty": 0.5, "avg_cost": None, "mark": 100.0, "usd_value": 50.0}, "KAG": {"qty": 1.0}},
        "total": 140.0,
    }
    aum, refused = read_aum(block, 100.0)
    assert (refused, aum["futures"], aum["total"], aum["total_is_lower_bound"]) == ([], 100.0, 150.0, True)
    assert aum["offexchange"]["BTC"]["usd_value"] == 50.0
