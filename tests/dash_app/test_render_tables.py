"""Positions and symbols: their rows, reasons and empty states."""

import pytest
from sample_state import EMPTY, fields, frozen_sample, sample, text_of

from dash_app.render import positions, symbols
from dash_app.render.readings import MASK
from dash_app.render.tables import TONES, render_data, render_tooltips, tone_styles
from dash_app.render.text import POSITION_COLUMNS, SYMBOL_COLUMNS


def test_position_row_has_the_nine_columns() -> None:
    (row,) = render_data(positions.build_rows)(sample())
    assert {column: row[column] for column in POSITION_COLUMNS} == {
        "symbol": "BTCUSDT",
        "side": "▼ SHORT",
        "qty": "-0.042",
        "notional_fmt": "3,797.33",
        "pnl_fmt": "-50.29",
        "dd_state": "normal",
        "dd_today_pct": "0.00",
        "atr_ratio": "n/a",
        "atr_regime": "unknown",
    }


def test_position_cells_carry_their_tones() -> None:
    (row,) = render_data(positions.build_rows)(sample())
    assert row[TONES] == "|side:loss||pnl_fmt:loss||atr_ratio:unknown||atr_regime:unknown|"


def test_every_tone_of_a_row_has_a_style() -> None:
    (row,) = render_data(positions.build_rows)(sample())
    styled = {style["if"]["filter_query"].split('"')[1] for style in tone_styles(POSITION_COLUMNS)}
    assert set(row[TONES].replace("||", "|\n|").split("\n")) <= styled


def test_unknown_cells_give_their_reasons_as_text() -> None:
    reason = {"value": "too few fills", "type": "text"}
    assert render_tooltips(positions.build_rows)(sample()) == [{"atr_ratio": reason, "atr_regime": reason}]


def test_an_unknown_pnl_is_not_printed() -> None:
    state = sample()
    state["positions"][0] |= {"pnl": None, "pnl_fmt": "n/a"}
    state["meta"]["unknown"]["positions.0.pnl"] = "no price"
    assert render_data(positions.build_rows)(state)[0]["pnl_fmt"] == "n/a"
    assert render_tooltips(positions.build_rows)(state)[0]["pnl_fmt"]["value"] == "no price"


def test_title_sums_up_the_book() -> None:
    assert text_of(positions.render_title(sample())) == " · 1 · long 0 · short 3,797 · net -3,797 USD · PnL -50.29"
    assert positions.render_title(EMPTY) == []


@pytest.mark.parametrize(
    ("gross", "net", "unknown", "words"),
    [
        (30.0, 10.0, {}, "long 20 · short 10 · net +10"),
        (30.0, None, {}, "long n/a · short n/a · net n/a"),
        (None, 10.0, {}, "long n/a · short n/a · net +10"),
        (30.0, 10.0, {"nav.net_exposure_usd": "no side of X"}, "long n/a · short n/a · net n/a"),
        (MASK, MASK, {}, f"long {MASK} · short {MASK} · net {MASK}"),
    ],
)
def test_sides_of_the_book(gross: object, net: object, unknown: dict[str, str], words: str) -> None:
    nav = {"gross_exposure_usd": gross, "net_exposure_usd": net}
    state = {"nav": nav, "positions": [{}], "meta": {"unknown": unknown}}
    assert words in text_of(positions.render_title(state))


def test_a_flat_book_says_so() -> None:
    assert text_of(positions.render_empty(EMPTY)) == "No open positions"


def test_an_unknown_book_is_not_a_flat_one() -> None:
    rendered = positions.render_empty(frozen_sample())
    assert [text_of(part) for part in rendered] == [
        "Positions unknown: the exchange feed is down",
        "Last known at 22:34:48 UTC: 5 positions, gross 8,913.85 USD.",
    ]
    assert fields(rendered)["positions"]["data-unknown"] == "the exchange feed is down"


def test_an_open_book_has_no_empty_words() -> None:
    assert positions.render_empty(sample()) == []


def test_symbol_rows_tell_zero_from_unknown() -> None:
    btc, sui = render_data(symbols.build_rows)(sample())
    assert [btc[column] for column in SYMBOL_COLUMNS] == [
        "BTCUSDT",
        "normal",
        "0.00",
        "2.74",
        "panic",
        "0.00",
        "n/a",
        "-0.46",
    ]
    assert [sui[column] for column in SYMBOL_COLUMNS] == ["SUIUSDT", "normal", "n/a", "n/a", "unknown", *["n/a"] * 3]


def test_symbol_reasons() -> None:
    btc, sui = render_tooltips(symbols.build_rows)(sample())
    assert btc == {"fallback_ratio": {"value": "no maker order was started", "type": "text"}}
    assert sui["atr_regime"]["value"] == "too few fills"


def test_a_symbol_with_a_dot_in_its_name_keeps_its_values() -> None:
    state = {"kpis": {"symbols": {"BRK.B": {"atr_ratio": 1.5}}}}
    assert render_data(symbols.build_rows)(state)[0]["atr_ratio"] == "1.50"


@pytest.mark.parametrize(
    ("unknown", "words"),
    [({}, "No symbols in the state"), ({"kpis.symbols": "torn"}, "Symbols unknown: torn")],
)
def test_no_symbols(unknown: dict[str, str], words: str) -> None:
    assert text_of(symbols.render_empty({"meta": {"unknown": unknown}})) == words
    assert symbols.render_empty(sample()) == []
