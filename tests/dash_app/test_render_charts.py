"""The donut with its legend, and the NAV history."""

from typing import Any

import pytest
from sample_state import EMPTY, NOW, fields, frozen_sample, sample, text_of

from dash_app.figures.donut import build_donut
from dash_app.figures.exposure import build_exposure
from dash_app.figures.nav_history import build_nav_history
from dash_app.render import aum, exposure, nav_history


def test_donut_draws_only_what_has_a_price() -> None:
    (pie,) = build_donut(sample())["data"]
    assert (pie["labels"], pie["values"]) == (["Futures", "PAXG"], [10461.27, 977.5])
    assert pie["customdata"] == [["10,461.27", "180,335.56"], ["977.50", "16,850.54"]]


def test_donut_colours_match_the_legend() -> None:
    (pie,) = build_donut(sample())["data"]
    assert pie["marker"]["colors"] == ["#4aa8ff", "#c79bff"]


def test_donut_does_not_draw_a_debt() -> None:
    assert build_donut({"aum": {"slices": [{"label": "Futures", "usd": -5.0}]}})["data"] == []


def test_donut_labels_stay_text() -> None:
    (pie,) = build_donut({"aum": {"slices": [{"label": "<b>A&B</b>", "usd": 5.0}]}})["data"]
    assert pie["labels"] == ["&lt;b&gt;A&amp;B&lt;/b&gt;"]


def test_legend_lists_every_slice() -> None:
    assert [text_of(row) for row in aum.render_legend(sample())] == [
        "Futures10,461.27 · ≤ 91 %",
        "XAUT — no price",
        "PAXG · at cost977.50 · ≤ 9 %",
    ]


def test_legend_gives_the_reason_of_a_missing_price() -> None:
    assert fields(aum.render_legend(sample()))["aum.slices.1.usd"]["title"] == "nav.json carries no price for XAUT"


def test_legend_without_slices_says_why() -> None:
    state = {"aum": {"slices": []}, "meta": {"unknown": {"aum.total_usd": "no nav file carries one"}}}
    assert text_of(aum.render_legend(state)) == "No AUM known: no nav file carries one"


def test_total_is_a_lower_bound_while_a_price_is_missing() -> None:
    state = sample()
    assert text_of(aum.render_total(state)[0]) == "≥ 11,438.77"
    state["aum"]["total_usd_is_lower_bound"] = False
    assert text_of(aum.render_total(state)[0]) == "11,438.77"


def test_nav_history_is_one_line() -> None:
    (line,) = build_nav_history(sample())["data"]
    assert line["x"] == [1000 * (NOW - 10800), 1000 * (NOW - 900), 1000 * NOW]
    assert line["y"] == [10300.0, 10450.5, 10461.27]


def test_nav_history_draws_repeats_of_a_frozen_nav_apart() -> None:
    confirmed, repeated = build_nav_history(frozen_sample())["data"]
    assert (confirmed["y"], repeated["y"]) == ([10300.0, 10450.5], [10450.5, 10461.27])
    assert repeated["line"]["dash"] == "dot"


def test_nav_history_shades_what_lies_below_the_peak() -> None:
    state = {"nav": {"series": [[NOW - 180, 100.0], [NOW - 120, 110.0], [NOW - 60, 99.0], [NOW, 104.5]]}}
    lower, upper, line = build_nav_history(state)["data"]
    assert (lower["y"], upper["y"]) == (line["y"], [100.0, 110.0, 110.0, 110.0])
    assert upper["fill"] == "tonexty"
    (label,) = build_nav_history(state)["layout"]["annotations"]
    assert (label["text"], label["x"], label["y"]) == ("▼ 10.00 % below peak", 1000 * (NOW - 60), 99.0)


def test_a_series_that_only_rose_has_no_shading() -> None:
    assert build_nav_history(sample())["layout"]["annotations"] == []


def book(*legs: tuple[str, str, float | None]) -> dict[str, Any]:
    return {"positions": [{"symbol": symbol, "side": side, "notional": size} for symbol, side, size in legs]}


def test_exposure_bars_by_size_and_side() -> None:
    state = book(("A", "LONG", 10.0), ("B", "SHORT", 30.0), ("A", "SHORT", 5.0), ("C", "LONG", None))
    long, short, names, sizes = build_exposure(state)["data"]
    assert (long["x"], short["x"]) == ([0.0, 10.0], [-30.0, -5.0])
    assert (names["text"], sizes["text"]) == (["B", "A"], ["30 short", "10 long · 5 short"])
    assert build_exposure(state)["layout"]["xaxis"]["range"] == [-30.0, 30.0]


def test_exposure_counts_what_it_leaves_out() -> None:
    state = book(*((f"S{number}", "LONG", 100.0 - number) for number in range(13)))
    assert build_exposure(state)["data"][2]["text"] == [f"S{number}" for number in range(10)]
    assert text_of(exposure.render_caption(state)).startswith("+3 more")


@pytest.mark.parametrize(("state", "words"), [(EMPTY, "No open positions"), (frozen_sample(), "Positions unknown")])
def test_no_exposure_to_draw(state: dict[str, Any], words: str) -> None:
    assert build_exposure(state)["data"] == []
    assert text_of(exposure.render_caption(state)) == words


def test_exposure_labels_stay_text() -> None:
    assert build_exposure(book(("<b>", "LONG", 1.0)))["data"][2]["text"] == ["&lt;b&gt;"]


def test_figures_keep_what_the_viewer_did() -> None:
    for build in (build_donut, build_nav_history, build_exposure):
        assert build(sample())["layout"]["uirevision"] == build(EMPTY)["layout"]["uirevision"]


def test_flat_history_gets_a_band() -> None:
    state = {"nav": {"series": [[NOW - 60, 100.0], [NOW, 100.0]]}}
    assert build_nav_history(state)["layout"]["yaxis"]["range"] == [99.0, 100.5]


def test_caption_names_both_ends() -> None:
    parts = [text_of(part) for part in nav_history.render_caption(sample())]
    assert parts == ["19:45:00 UTC", "10,300.00 → 10,461.27 (+1.57 %)", "22:45:00 UTC"]
    assert nav_history.render_span(sample()) == ", last 3 h"


def test_caption_addresses_the_points_of_the_state() -> None:
    state = sample()
    state["nav"]["series"].insert(0, None)
    assert set(fields(nav_history.render_caption(state))) == {"nav.series.1.1", "nav.series.3.1"}


def test_too_short_a_history_says_so() -> None:
    state = {"nav": {"series": [[NOW, 100.0]]}}
    assert build_nav_history(state)["data"] == []
    assert text_of(nav_history.render_caption(state)) == "NAV history n/a: not in the state files"
