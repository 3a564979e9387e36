"""`?privacy=1`: what is masked, what stays, and that nothing else gets through."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_state import EMPTY, NOW, frozen_sample, rich_sample, sample, text_of

from dash_app.address import View, read_address
from dash_app.figures.donut import build_donut
from dash_app.panels import PANELS
from dash_app.privacy import mask_parts, mask_state, show_as
from dash_app.render import aum, header, nav_history, positions
from dash_app.render.readings import MASK
from dash_app.render.tables import render_data
from state import load_all_state
from state.formatting import fmt_number
from state.trust.comparison import usd

CORPUS = Path(__file__).resolve().parents[1] / "fixtures" / "corpus"
SCENARIOS = sorted(path.parent.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*/expected.json"))


def amounts(state: dict[str, Any]) -> set[str]:
    """Every amount of a state as it may be written somewhere; what is as short as a count proves nothing."""
    numbers = [value for key, value in state["nav"].items() if key.endswith(("_usd", "_zar"))]
    numbers += [value for _, value in state["nav"].get("series", [])]
    numbers += [row[key] for row in state["aum"]["slices"] for key in ("usd", "zar")]
    numbers += [state["aum"].get(key) for key in ("total_usd", "total_zar")]
    keys = ("qty", "notional", "pnl", "entry_price", "mark_price")
    numbers += [row.get(key) for row in state["positions"] for key in keys]
    numbers += [state["kpis"]["risk"].get(key) for key in ("fees_usd", "realized_pnl_usd")]
    texts = {text for value in numbers if value for text in spellings(abs(value))}
    return {text for text in texts if len(text.strip("0.,")) > 4}


def spellings(value: float) -> Iterator[str]:
    """As JSON has it, and as the page prints it."""
    yield from (json.dumps(value), fmt_number(value), fmt_number(value).replace(",", ""))


def load(scenario: str, corpus: Any) -> dict[str, Any]:
    now = json.loads((corpus / scenario / "expected.json").read_text())["now"]
    return load_all_state(str(corpus / scenario / "logs" / "state"), now=now, environ={}, remember=False)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_amount_is_left_in_the_state_or_in_what_is_drawn(scenario: str) -> None:
    state = load(scenario, CORPUS)
    masked = mask_state(state)
    bodies = json.dumps(masked) + str([panel.render(masked) for panel in PANELS])
    assert len(amounts(state)) > 5
    assert [amount for amount in amounts(state) if amount in bodies] == []


@pytest.mark.parametrize("state", [{}, EMPTY, sample(), frozen_sample(), rich_sample()])
def test_every_state_can_be_masked_twice(state: dict[str, Any]) -> None:
    assert mask_state(mask_state(state))["meta"]["private"] is True


def test_masking_leaves_the_shared_state_alone() -> None:
    state = sample()
    mask_state(state)
    assert state == sample()


def test_words_percentages_and_ratios_stay() -> None:
    masked = mask_state(sample())
    assert masked["nav"]["drawdown_pct"] == pytest.approx(0.3688571)
    assert masked["kpis"]["risk"]["fee_pnl_ratio"] == pytest.approx(1.8067058)
    assert masked["router"] == sample()["router"]


def test_a_field_nobody_has_thought_about_stays_away() -> None:
    state = sample()
    for section in ("nav", "aum", "kpis", "router", "meta"):
        state[section]["news"] = "brought 123456"
    assert "123456" not in json.dumps(mask_state(state))


def test_unknown_amounts_stay_unknown() -> None:
    state = sample()
    state["nav"]["nav_usd"] = None
    assert mask_state(state)["nav"]["nav_usd"] is None


def test_new_figures_of_money_are_masked_and_the_rest_is_drawn() -> None:
    """A writer's own words with a figure in them may name an amount."""
    state = rich_sample()
    said = {"anomalies": ["stale_quotes", "totalMarginBalance is 1234567.89"], "mode_reason": "lost 950 today"}
    state["kpis"]["risk"] |= said
    state["kpis"]["risk"]["vetoes"].append({"reason": "notional below 5.25", "count": 3})
    masked = mask_state(state)
    assert masked["kpis"]["pnl"] == {"today_usd": MASK, "window_usd": MASK, "window_days": 7}
    assert [row["reason"] for row in masked["kpis"]["risk"]["vetoes"]] == ["min_notional", MASK]
    assert masked["kpis"]["risk"]["anomalies"] == ["stale_quotes", MASK]
    assert masked["kpis"]["risk"]["mode_reason"] == MASK
    assert (masked["nav"]["change_24h_usd"], masked["nav"]["change_24h_pct"]) == (MASK, 1.02)
    assert masked["nav"]["series_7d"][0] == [NOW - 500_000, 100.0]
    drawn = str([panel.render(masked) for panel in PANELS])
    assert [amount for amount in ("105.34", "42.15", "188.2", "10,300", "no margin") if amount in drawn] == []


def test_mask_has_one_length() -> None:
    masked = mask_state(sample())
    assert {masked["nav"]["nav_usd"], masked["positions"][0]["qty"], masked["aum"]["total_usd"]} == {MASK}


def test_series_is_an_index() -> None:
    assert mask_state(sample())["nav"]["series"] == [[NOW - 10800, 100.0], [NOW - 900, 101.461], [NOW, 101.566]]


@pytest.mark.parametrize(
    ("parts", "masked"),
    [
        (["nav_state.json ", usd(950.0), ", nav.json ", usd(-0.5)], f"nav_state.json {MASK}, nav.json {MASK}"),
        (["R", usd(10461.27), " and 7.79 %"], f"R{MASK} and 7.79 %"),
        (["no figure: ", usd(None)], "no figure: n/a"),
        (["words", {"text": "12.5 m"}, 12.5, None, ["10,461.27"]], "words"),
        ("10,461.27", ""),
        (None, ""),
    ],
)
def test_sentences_lose_their_amounts_part_by_part(parts: Any, masked: str) -> None:
    assert mask_parts(parts) == masked


def test_the_tape_says_what_a_position_was_and_is_without_its_size() -> None:
    row = {"at": NOW, "kind": "position", "subject": "BTCUSDT", "before": None, "after": "LONG"}
    state = {"transitions": [{**row, "text": "BTCUSDT opened LONG 5"}]}
    assert mask_state(state)["transitions"][0]["text"] == "BTCUSDT: flat → LONG"


def test_the_page_says_that_an_amount_is_masked_and_not_unknown() -> None:
    masked = mask_state(sample())
    assert text_of(header.render_nav(masked)[0]) == f"NAV: {MASK}"
    assert f"Futures {MASK} {MASK} ≤ 92 % " in text_of(aum.render_legend(masked)[0])
    assert render_data(positions.build_rows)(masked)[0]["pnl_fmt"] == MASK
    assert "index from 100.00, high 101.57, low 100.00, last 101.57" in text_of(nav_history.render_caption(masked))


def test_shares_are_drawn() -> None:
    masked = mask_state(sample())
    assert build_donut(masked)["data"][0]["values"] == [91.5, 8.5]


@pytest.mark.parametrize(
    ("search", "view"),
    [
        ("", View()),
        ("?", View()),
        ("?kiosk=1&theme=light", View(kiosk=True)),
        ("?privacy=1", View(private=True)),
        ("?privacy", View(private=True)),
        ("?privacy=yes&kiosk=0", View(private=True)),
        ("?privacy=0", View()),
    ],
)
def test_address(search: str, view: View) -> None:
    assert read_address(search) == view


def test_a_kiosk_shows_the_worst_first() -> None:
    state = sample()
    state["positions"] = [{"symbol": name, "pnl": pnl} for name, pnl in (("A", 5.0), ("B", -5.0))]
    assert [row["symbol"] for row in render_data(positions.build_rows)(state)] == ["A", "B"]
    assert [row["symbol"] for row in render_data(positions.build_rows)(show_as(state, View(kiosk=True)))] == ["B", "A"]
