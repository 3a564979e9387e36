"""Positions and symbols: their rows, reasons and empty states."""

import pytest
from sample_state import EMPTY, fields, frozen_sample, sample, text_of

from dash_app.render import positions, symbols
from dash_app.render.columns import ALL, FURTHER_SYMBOLS, POSITIONS, SYMBOLS, list_leaving
from dash_app.render.readings import MASK, StateDict
from dash_app.render.tables import FIGURE_SPACE, POINT_SPACE, TONES, render_columns, render_data, render_tooltips

SYMBOL_KEYS = [column.key for column in (*SYMBOLS, *FURTHER_SYMBOLS)]


def test_position_row_has_the_nine_columns() -> None:
    """The owner's nine, in their order and words."""
    (row,) = render_data(positions.build_rows)(sample())
    assert {column.key: row[column.key] for column in POSITIONS} == {
        "symbol": "BTCUSDT",
        "side": "↘ SHORT",
        "qty": "-0.042",
        "notional_fmt": "3,797.33",
        "pnl_fmt": "-50.29",
        "dd_state": "normal",
        "dd_today_pct": "0.00",
        "atr_ratio": "n/a",
        "atr_regime": "unknown",
    }
    assert positions.find_columns(sample()) == list(POSITIONS)


def test_columns_leave_in_the_stated_order() -> None:
    """And what a narrow screen must never hide has no place in it."""
    words = [
        "funding",
        "liquidation",
        "lev",
        "entry",
        "mark",
        "PnL %",
        "atr ratio",
        "dd today %",
        "dd state",
        "atr",
        "qty",
    ]
    headers = {column.key: column.header for columns in ALL.values() for column in columns}
    assert [headers[key] for key in list_leaving(ALL["positions"])] == words
    words = ["slip bps", "fallback", "maker", "dd today %", "dd state"]
    assert [headers[key] for key in list_leaving(ALL["symbols"])] == words


def book(*rows: dict[str, object], **meta: object) -> StateDict:
    """Positions with the fields given."""
    return {"positions": [{"symbol": f"S{index}", **row} for index, row in enumerate(rows)], "meta": meta}


@pytest.mark.parametrize(
    ("fields", "column", "text", "tone"),
    [
        ({"entry_price": 89120.5}, "entry_price", "89,120.5", ""),
        ({"leverage": 4.0}, "leverage", "4×", ""),
        ({"leverage": 2.5}, "leverage", "2.5×", ""),
        ({"pnl_pct": 1.449}, "pnl_pct", "+1.45", "gain"),
        ({"pnl_pct": -0.001}, "pnl_pct", "0.00", ""),
        ({"stop_pct": -3.14}, "stop_pct", "-3.1", ""),
        ({"stop_pct": None, "has_stop": False}, "stop_pct", "none", "warn"),
        ({"stop_pct": None, "has_stop": True}, "stop_pct", "n/a", "unknown"),
        ({"liquidation_price": 61000}, "liquidation_price", "61,000", ""),
        ({"funding_usd": -0.5}, "funding_usd", "-0.50", "loss"),
    ],
)
def test_further_columns(fields: dict[str, object], column: str, text: str, tone: str) -> None:
    """Each stands after the nine where a row has a value, and only there."""
    state = book(fields, {})
    first, second = render_data(positions.build_rows)(state)
    assert [one.key for one in positions.find_columns(state)[len(POSITIONS) :]] == [column]
    assert first[column] == text
    assert (f"|{column}:{tone}|" in first[TONES]) == bool(tone)
    assert second[column] == "n/a"


@pytest.mark.parametrize("value", [None, "x", True, float("inf"), []])
def test_a_broken_value_is_no_number(value: object) -> None:
    """Whatever stands in a further column."""
    (row,) = render_data(positions.build_rows)(book({"entry_price": value, "mark_price": 1.0}))
    assert row.get("entry_price", "n/a") == "n/a"
    assert "entry_price:key" not in row


@pytest.mark.parametrize("risk", [{"circuit_breaker": True}, {"dd_state": "defensive"}], ids=["halted", "in drawdown"])
def test_a_missing_stop_is_red_on_a_bad_day(risk: dict[str, object]) -> None:
    """Amber by itself, see above."""
    state = book({"has_stop": False}) | {"kpis": {"risk": risk}}
    assert "|stop_pct:fail|" in render_data(positions.build_rows)(state)[0][TONES]


def test_points_stand_under_each_other() -> None:
    """What has fewer digits is padded, and a missing point too; what is unknown stays as it is."""
    state = book({"qty": 0.042}, {"qty": -5200.0}, {"qty": 9.5}, {})
    texts = [row["qty"] for row in render_data(positions.build_rows)(state)]
    assert texts == ["0.042", "-5,200" + POINT_SPACE + 3 * FIGURE_SPACE, "9.5" + 2 * FIGURE_SPACE, "n/a"]


def test_a_wall_shows_losses_before_gains() -> None:
    """First what has no stop, then the largest loss; a hot market is no loss."""
    rows: list[dict[str, object]] = [
        {"pnl": 5.0},
        {"pnl": -1.0},
        {"pnl": 9.0, "has_stop": False},
        {"pnl": -7.0},
        {"atr_regime": "hot"},
    ]
    order = [row["symbol"] for row in render_data(positions.build_rows)(book(*rows, worst_first=True))]
    assert order == ["S2", "S3", "S1", "S4", "S0"]
    assert [row["symbol"] for row in render_data(positions.build_rows)(book(*rows))] == ["S0", "S1", "S2", "S3", "S4"]


def test_a_wall_shows_degraded_routers_and_silence_before_calm_symbols() -> None:
    """Panic first."""
    calm = {"atr_ratio": 1.0, "atr_regime": "normal"}
    found = {"A": calm, "B": {}, "C": calm | {"router_quality": "degraded"}, "D": {"atr_regime": "panic"}}
    state = {"kpis": {"symbols": found}, "meta": {"worst_first": True}}
    assert [row["symbol"] for row in render_data(symbols.build_rows)(state)] == ["D", "C", "B", "A"]


def test_rows_carry_what_their_numbers_are_sorted_by() -> None:
    """Texts are in the order of letters."""
    (row,) = render_data(positions.build_rows)(sample())
    assert (row["pnl_fmt:key"], row["notional_fmt:key"]) == (-50.2892, 3797.325)
    assert "symbol:key" not in row
    assert "atr_ratio:key" not in row


def test_masked_amounts_have_nothing_to_be_sorted_by() -> None:
    """What is masked stays at the server."""
    (row,) = render_data(positions.build_rows)(book({"qty": MASK, "notional": MASK, "notional_fmt": MASK, "pnl": MASK}))
    assert (row["qty"], row["notional_fmt"], row["pnl_fmt"]) == (MASK, MASK, MASK)
    assert [key for key in row if key.endswith(":key")] == []


def test_symbols_have_the_columns_of_the_router_where_it_wrote_them() -> None:
    """Not three columns of n/a alone."""
    row: dict[str, object] = {"maker_fill_rate": None, "slip_q50_bps": 0.5}
    state: StateDict = {"kpis": {"symbols": {"A": row}}}
    assert render_data(symbols.build_rows)(state)[0]["slip_q50_bps"] == "+0.50"
    assert [column["id"] for column in render_columns(symbols.find_columns)(state)] == SYMBOL_KEYS
    row["slip_q50_bps"] = None
    assert [column["id"] for column in render_columns(symbols.find_columns)(state)] == SYMBOL_KEYS[:5]


def test_position_cells_carry_their_tones() -> None:
    """Long and short have none: they are no news."""
    (row,) = render_data(positions.build_rows)(sample())
    assert row[TONES] == "|pnl_fmt:loss||atr_ratio:unknown||atr_regime:unknown|"


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
    assert [btc[column] for column in SYMBOL_KEYS] == [
        "BTCUSDT",
        "normal",
        "0.00",
        "2.74",
        "panic",
        "0.00",
        "n/a",
        "-0.46",
    ]
    assert [sui[column] for column in SYMBOL_KEYS] == ["SUIUSDT", "normal", "n/a", "n/a", "unknown", *["n/a"] * 3]


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


@pytest.mark.parametrize(
    ("regimes", "words"),
    [
        (["panic", "hot", "normal", "panic"], " · 4▲ 2 panic · 1 hot"),
        (["normal", "unknown", None], " · 32 unknown"),
        (["quiet"], " · 1"),
        ([], ""),
    ],
)
def test_a_phone_has_the_worst_of_the_symbols_in_one_line(regimes: list[str | None], words: str) -> None:
    rows = {f"S{index}": {"dd_state": "normal", "atr_regime": word} for index, word in enumerate(regimes)}
    assert "".join(map(text_of, symbols.render_fold({"kpis": {"symbols": rows}}))) == words
