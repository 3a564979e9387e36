"""The donut with its legend, and the NAV history."""

import re
from typing import Any

import pytest
from sample_state import EMPTY, NOW, components, fields, find, frozen_sample, rich_sample, sample, text_of

from dash_app.figures.donut import build_donut
from dash_app.figures.nav_history import build_nav_history, build_nav_week
from dash_app.render import aum, kpis, nav_history
from dash_app.render.readings import MASK
from dash_app.render.text import history_above_peak


def test_donut_draws_only_what_has_a_price() -> None:
    (pie,) = build_donut(sample())["data"]
    assert pie["values"] == [10461.27, 977.5]
    assert pie["customdata"] == [["Futures", "10,461.27", "180,335.56"], ["PAXG", "977.50", "16,850.54"]]


def test_donut_hover_says_the_label_and_each_amount_once() -> None:
    """Of a pie's point plotly hands on a list of lists."""
    (pie,) = build_donut(sample())["data"]
    hover = re.sub(
        r"%{customdata\[0\]\[(\d)\]}", lambda found: pie["customdata"][1][int(found[1])], pie["hovertemplate"]
    )
    assert hover == "PAXG<br>977.50 USD<br>16,850.54 ZAR<extra></extra>"


def rows_of(state: dict[str, Any]) -> list[Any]:
    """The rows of the legend's table, its head first."""
    (table,) = aum.render_legend(state)
    return list(table["props"]["children"])


def test_donut_colours_match_the_legend() -> None:
    (pie,) = build_donut(sample())["data"]
    assert pie["marker"]["colors"] == ["#4aa8ff", "#f2b134"]
    assert [row["props"]["className"] for row in rows_of(sample())] == [
        "legend-head",
        "legend-row swatch-0",
        "legend-row swatch-1",
        "legend-row swatch-none",
    ]


def test_slices_of_the_same_name_stay_apart() -> None:
    """Plotly adds up what has the same label."""
    (pie,) = build_donut({"aum": {"slices": [{"label": "BTC", "usd": 5.0}, {"label": "BTC", "usd": 7.0}]}})["data"]
    assert len(set(pie["labels"])) == 2
    assert [row[0] for row in pie["customdata"]] == ["BTC", "BTC"]


def many(count: int) -> dict[str, Any]:
    """As many slices, the largest last, and three without a price."""
    priced = [{"label": f"C{number}", "usd": 1.0 + number, "zar": 17.0} for number in range(count)]
    return {"aum": {"slices": [*priced, *({"label": f"X{number}", "usd": None} for number in range(3))]}}


@pytest.mark.parametrize(("count", "drawn", "others"), [(8, 8, None), (9, 8, "2 others"), (20, 8, "13 others")])
def test_more_slices_than_colours_are_folded(count: int, drawn: int, others: str | None) -> None:
    """Each slice has a colour of its own, the smallest share one, and their names are within reach."""
    (pie,) = build_donut(many(count))["data"]
    assert len(pie["values"]) == len(set(pie["marker"]["colors"])) == drawn
    assert sum(pie["values"]) == count * (count + 1) / 2
    legend = rows_of(many(count))
    assert len(legend) == 1 + drawn + 1
    told = [item["props"]["data-tell"] for item in components(legend) if "data-tell" in item["props"]]
    assert told[-1] == "X0, X1, X2"
    if others:
        assert pie["customdata"][-1][0] == others
        assert told[0].startswith("C0, C1")
        assert text_of(legend[drawn]).startswith(others)


def test_donut_does_not_draw_a_debt() -> None:
    assert build_donut({"aum": {"slices": [{"label": "Futures", "usd": -5.0}]}})["data"] == []


def test_a_debt_stands_in_the_legend_with_its_amount() -> None:
    """It is no slice: what there is more than it are the shares of, and what is of no worth is counted without it."""
    slices = [{"label": label, "usd": usd} for label, usd in (("Loan", -50.0), ("A", 75.0), ("B", 75.0), ("Z", 0.0))]
    state: dict[str, Any] = {"aum": {"total_usd": 100.0, "slices": [*slices, *({"label": "X", "usd": None},) * 2]}}
    assert [text_of(row) for row in rows_of(state)] == [
        "slice USD share ",
        "A 75.00 50 % ",
        "B 75.00 50 % ",
        "Loan -50.00 debt ",
        "3 without a price or of no worth ",
    ]


def test_donut_labels_stay_text() -> None:
    (pie,) = build_donut({"aum": {"slices": [{"label": "<b>A&B</b>", "usd": 5.0}]}})["data"]
    assert pie["customdata"][0][0] == "&lt;b&gt;A&amp;B&lt;/b&gt;"


def test_legend_lists_every_slice() -> None:
    assert [text_of(row) for row in rows_of(sample())] == [
        "slice USD ZAR share ",
        "Futures 10,461.27 180,335.56 ≤ 91 % ",
        "PAXG · at cost 977.50 16,850.54 ≤ 9 % ",
        "XAUT no price ",
    ]


def test_legend_has_no_zar_without_a_rate() -> None:
    """A column of n/a would say nothing that the overview does not say once."""
    state = {
        "aum": {"total_usd": 8.0, "slices": [{"label": "BTC", "usd": 6.0, "zar": None}, {"label": "C", "usd": 2.0}]}
    }
    assert [text_of(row) for row in rows_of(state)] == ["slice USD share ", "BTC 6.00 75 % ", "C 2.00 25 % "]


def test_one_slice_has_no_share() -> None:
    """It is all there is."""
    state = {"aum": {"total_usd": 8.0, "slices": [{"label": "BTC", "usd": 8.0, "zar": 136.0}]}}
    assert [text_of(row) for row in rows_of(state)] == ["slice USD ZAR ", "BTC 8.00 136.00 "]


def test_legend_gives_the_reason_of_a_missing_price() -> None:
    assert (
        fields(aum.render_legend(sample()))["aum.slices.1.usd"]["data-unknown"] == "nav.json carries no price for XAUT"
    )


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


def words_of(figure: dict[str, Any]) -> list[str]:
    """The words on a chart."""
    return [label["text"] for label in figure["layout"]["annotations"]]


def test_nav_history_labels_its_high_its_low_and_its_last_value() -> None:
    """On a line without fill, grid or axis."""
    state: Any = {"nav": {"series": [[NOW - 180, 100.0], [NOW - 120, 110.0], [NOW - 60, 99.0], [NOW, 104.5]]}}
    figure = build_nav_history(state)
    assert words_of(figure) == ["104.50", "high 110.00", "low 99.00"]
    assert [label["y"] for label in figure["layout"]["annotations"]] == [104.5, 110.0, 99.0]
    assert all("fill" not in trace for trace in figure["data"])
    low, high = figure["layout"]["yaxis"]["range"]
    assert (low < 99.0, high > 110.0) == (True, True)
    state["nav"]["peak_usd"] = 110.0
    assert words_of(build_nav_history(state))[1] == "high 110.00 = peak"


@pytest.mark.parametrize(("length_s", "lines"), [(86_400, 1), (86_150, 1), (80_000, 0)])
def test_a_dotted_line_is_the_value_of_24_h_ago(length_s: float, lines: int) -> None:
    """Only where the line goes back that far."""
    shapes = build_nav_history({"nav": {"series": [[NOW - length_s, 100.0], [NOW, 110.0]]}})["layout"]["shapes"]
    assert [(shape["y0"], shape["y1"], shape["line"]["dash"]) for shape in shapes] == [(100.0, 100.0, "dot")] * lines


def test_marks_lie_on_the_line_with_their_symbol_below() -> None:
    """As far as there is room for the symbols; what is not inside the line is left out."""
    marks = [
        {"at": NOW - age, "kind": kind, "symbol": symbol}
        for age, kind, symbol in (
            (9000, "opened", "ETHUSDT"),
            (8990, "flipped", "SOLUSDC"),
            (450, "closed", "XRP/USDT"),
            (99999, "opened", "BTCUSDT"),
            (500, "moved", "BTCUSDT"),
        )
    ]
    state = sample()
    state["nav"]["marks"] = marks
    figure = build_nav_history(state)
    assert words_of(figure)[3:] == ["×", "⇄", "+", "× XRP", "⇄ SOL"]
    words = figure["layout"]["annotations"][3:]
    assert [label["y"] for label in words] == [10450.5, 10300.0, 10300.0, 10450.5, 10300.0]
    assert [label["ay"] for label in words if label["showarrow"]] == [figure["layout"]["yaxis"]["range"][0]] * 2
    (title,) = find(nav_history.render_span(state), "of-day")
    assert title.endswith(" · +\u00a01\u00a0opened · ×\u00a01\u00a0closed · ⇄\u00a01\u00a0flipped")


def broken(*gaps: Any, points: tuple[tuple[float, float], ...]) -> dict[str, Any]:
    """A state whose history has these gaps; times in seconds since an hour ago."""
    hour_ago = NOW - 3600
    series = [[hour_ago + at, nav] for at, nav in points]
    moved = [[hour_ago + end for end in gap] if isinstance(gap, tuple) else gap for gap in gaps]
    return {"nav": {"series": series, "gaps": moved}}


FALLING = ((0, 10.0), (60, 12.0), (120, 9.0), (1800, 8.0), (1860, 11.0))


def test_nav_history_is_broken_at_a_gap() -> None:
    """The line has no value in it, and the gap says how long it is."""
    figure = build_nav_history(broken((120, 1800), points=FALLING))
    (line,) = figure["data"]
    assert line["y"] == [10.0, 12.0, 9.0, None, 8.0, 11.0]
    assert line["x"][3] == line["x"][2]
    assert words_of(figure)[1:] == ["no data 28 min", "high 12.00", "low 8.00"]


def test_a_gap_without_room_has_no_words_on_the_line() -> None:
    """They stand below it, where there are several."""
    points = ((0, 1.0), (60, 2.0), (100, 3.0), (160, 3.0), (9000, 4.0))
    state = broken((60, 100), (100, 160), points=points)
    assert not [words for words in words_of(build_nav_history(state)) if "no data" in words]
    assert "2 gaps, the longest 1 min" in text_of(nav_history.render_caption(state))


def test_a_point_between_two_gaps_is_a_dot() -> None:
    """It makes no line, and would not be seen."""
    alone = ((0, 1), (60, 2), (1000, 3), (2000, 4), (2060, 5))
    line = build_nav_history(broken((60, 1000), (1000, 2000), points=alone))["data"][-1]
    assert line["y"] == [1, 2, None, 3, None, 4, 5]
    sizes = zip(line["y"], line["marker"]["size"], strict=True)
    assert [nav for nav, size in sizes if nav is not None and size] == [3]


@pytest.mark.parametrize("gap", [(-60, 0), (1900, 2000), None, [], [1], ["x", "y"], (0, 9e9)])
def test_a_gap_that_is_none_breaks_nothing(gap: Any) -> None:
    """Where it is not between two points, or is no pair of times."""
    figure = build_nav_history(broken(gap, points=FALLING))
    assert figure["data"][0]["y"] == [nav for _, nav in FALLING]
    assert not [words for words in words_of(figure) if "no data" in words]


def test_repeats_of_a_frozen_nav_are_broken_too() -> None:
    state = frozen_sample()
    series = state["nav"]["series"]
    state["nav"]["gaps"] = [[series[1][0], series[2][0]]]
    *_, repeated = build_nav_history(state)["data"]
    assert (repeated["y"], repeated["line"]["dash"]) == ([10450.5, None, 10461.27], "dot")


WITHDRAWN = {
    "series": [[NOW - 7200, 10461.27], [NOW - 3600, 5461.27], [NOW, 5400.0]],
    "peak_usd": 5461.27,
    "history_high_usd": 10461.27,
    "history_high_at": NOW - 7200,
    "updated_at": NOW - 5.0,
    "age_s": 5.0,
}
ABOVE = "history was higher: 10,461.27 at 20:45:00 UTC, above the writer's peak of 5,461.27"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, ABOVE),
        ({"age_s": 90_000.0}, ABOVE.replace("at ", "at 2025-11-26 ")),
        ({"age_s": None}, ABOVE.replace("at ", "at 2025-11-26 ")),
        ({"history_high_usd": MASK, "peak_usd": MASK}, ABOVE.replace("10,461.27", MASK).replace("5,461.27", MASK)),
        ({"peak_usd": None}, ABOVE.replace("5,461.27", "n/a")),
        ({"history_high_usd": None}, None),
        ({"history_high_usd": "x"}, None),
        ({"history_high_at": None}, None),
        ({"history_high_at": True}, None),
    ],
)
def test_a_history_above_the_peak_is_one_sentence(changes: dict[str, Any], sentence: str | None) -> None:
    assert history_above_peak(WITHDRAWN | changes) == sentence


def test_a_fall_from_above_the_peak_is_not_called_a_drawdown() -> None:
    """The caption says what was in the words of the card; else it tells the deepest fall, which is not that of now."""
    state = {"nav": WITHDRAWN, "kpis": {"risk": {"drawdown_pct": 1.12}}}
    card = text_of(kpis.render_kpis(state)[0])
    caption = text_of(nav_history.render_caption(state))
    assert ABOVE in card
    assert ABOVE in caption
    assert "1.12 % below peak now" in card
    assert "fall" not in caption
    unsaid = {"nav": WITHDRAWN | {"history_high_usd": None}}
    assert "deepest fall on this line 48.38 %" in text_of(nav_history.render_caption(unsaid))


def test_a_line_that_leaps_tells_neither_a_fall_nor_a_change() -> None:
    """What was in cents before has not fallen; a leap before the line begins is none of it."""
    leapt = {"nav": WITHDRAWN | {"history_leap_at": NOW - 3600, "history_high_at": None, "change_24h_usd": None}}
    caption = text_of(nav_history.render_caption(leapt))
    assert "leaps at 21:45:00 UTC: a slip, another unit, or a transfer" in caption
    assert "fall" not in caption
    assert text_of(nav_history.render_span(leapt)) == ", last 2 h n/a in 2 h, transfers included"
    leapt["nav"]["history_leap_at"] = NOW - 7200
    assert "deepest fall on this line 48.38 %" in text_of(nav_history.render_caption(leapt))


@pytest.mark.parametrize(
    ("before", "change"), [(-100.0, "+50.00"), (0.0, "-50.00"), (100.0, "-150.00 (-150.00 %)"), (-50.0, "0.00")]
)
def test_a_debt_has_no_change_in_percent(before: float, change: str) -> None:
    """From -100 to -50 is no fall."""
    state = {"nav": {"series": [[NOW - 60, before], [NOW, -50.0]]}}
    shown = nav_history.render_span(state)
    assert find(shown, "nav-change") == [f"{change} in 1 min, transfers included"]
    assert bool(find(shown, "gain") or find(shown, "loss")) == (change != "0.00")


def test_figures_keep_what_the_viewer_did() -> None:
    for build in (build_donut, build_nav_history):
        assert build(sample())["layout"]["uirevision"] == build(EMPTY)["layout"]["uirevision"]


def test_flat_history_gets_a_band() -> None:
    state = {"nav": {"series": [[NOW - 60, 100.0], [NOW, 100.0]]}}
    assert build_nav_history(state)["layout"]["yaxis"]["range"] == [99.7, 100.3]


def test_caption_has_both_ends_and_the_line_in_words() -> None:
    """The words are for whoever does not see the line, and each figure is addressed."""
    state = sample()
    state["nav"]["series"].insert(0, None)
    (caption,) = nav_history.render_caption(state)
    said = " NAV from 10,300.00, high 10,461.27, low 10,300.00, last 10,461.27 "
    assert [text_of(part) for part in caption["props"]["children"]] == ["19:45:00 UTC", said, "", "22:45:00 UTC"]
    assert set(fields(caption)) == {"nav.series.1.1", "nav.series.3.1"}
    assert text_of(nav_history.render_span(state)) == ", last 3 h +161.27 (+1.57 %) in 3 h, transfers included"


def test_a_week_has_a_line_of_its_own_and_buttons() -> None:
    """One of the two is on show; what the state says of 24 h is said as it is."""
    state = rich_sample()
    state["nav"]["series"].insert(0, [NOW - 86_400, 10355.93])
    assert build_nav_week(state)["data"][0]["y"] == [10300.0, 10100.0, 10461.27]
    assert build_nav_week(sample())["data"] == []
    shown = nav_history.render_span(state)
    assert find(shown, "of-day") == [", last 24 h +105.34 (+1.02 %) in 24 h, transfers included · +\u00a01\u00a0opened"]
    assert find(shown, "of-week") == [", last 6 d +161.27 (+1.57 %) in 6 d, transfers included"]
    assert find(shown, "nav-button") == ["24 h", "7 d"]
    assert len(nav_history.render_caption(state)) == 2


def test_too_short_a_history_says_so() -> None:
    state = {"nav": {"series": [[NOW, 100.0]]}}
    assert build_nav_history(state)["data"] == []
    assert text_of(nav_history.render_caption(state)) == "NAV history n/a: not in the state files"
