"""The donut with its legend, and the NAV history."""

from typing import Any

import pytest
from sample_state import EMPTY, NOW, fields, frozen_sample, sample, text_of

from dash_app.figures.donut import build_donut
from dash_app.figures.nav_history import build_nav_history
from dash_app.render import aum, nav_history
from dash_app.render.readings import MASK
from dash_app.render.text import history_above_peak


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


def broken(*gaps: Any, points: tuple[tuple[float, float], ...]) -> dict[str, Any]:
    """A state whose history has these gaps; times in seconds since an hour ago."""
    hour_ago = NOW - 3600
    series = [[hour_ago + at, nav] for at, nav in points]
    moved = [[hour_ago + end for end in gap] if isinstance(gap, tuple) else gap for gap in gaps]
    return {"nav": {"series": series, "gaps": moved}}


FALLING = ((0, 10.0), (60, 12.0), (120, 9.0), (1800, 8.0), (1860, 11.0))


def test_nav_history_is_broken_at_a_gap() -> None:
    """The line has no value in it, and of what is filled the upper edge lies on the lower one."""
    *_, area, line = build_nav_history(broken((120, 1800), points=FALLING))["data"]
    assert line["y"] == [10.0, 12.0, 9.0, None, 8.0, 11.0]
    assert (line["fill"], line["x"][3]) == ("none", line["x"][2])
    assert area["y"] == [10.0, 12.0, 9.0, 0.0, 0.0, 8.0, 11.0]
    assert [at - area["x"][0] for at in area["x"]] == [0, 60_000, 120_000, 120_000, 1_800_000, 1_800_000, 1_860_000]


def test_nothing_is_shaded_in_a_gap() -> None:
    lower, upper, *_ = build_nav_history(broken((120, 1800), points=FALLING))["data"]
    assert lower["y"] == [10.0, 12.0, 9.0, 8.0, 11.0]
    assert upper["y"] == [10.0, 12.0, 12.0, 9.0, 8.0, 12.0, 12.0]
    assert (upper["x"][3], upper["x"][4]) == (lower["x"][2], lower["x"][3])


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
    assert len(build_nav_history(broken(gap, points=FALLING))["data"]) == 3


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
    """The caption says what was, and the chart does not deny what the card says."""
    figure = build_nav_history({"nav": WITHDRAWN})
    assert (len(figure["data"]), figure["layout"]["annotations"]) == (1, [])
    assert text_of(nav_history.render_caption({"nav": WITHDRAWN})[1]).endswith(f" · {ABOVE}")
    unsaid = {"nav": WITHDRAWN | {"history_high_usd": None}}
    assert (len(build_nav_history(unsaid)["data"]), len(build_nav_history(unsaid)["layout"]["annotations"])) == (3, 1)
    assert ABOVE not in text_of(nav_history.render_caption(unsaid)[1])


@pytest.mark.parametrize(("before", "change"), [(-100.0, ""), (0.0, ""), (100.0, " (-150.00 %)")])
def test_a_debt_has_no_change_in_percent(before: float, change: str) -> None:
    """From -100 to -50 is no fall."""
    state = {"nav": {"series": [[NOW - 60, before], [NOW, -50.0]]}}
    assert text_of(nav_history.render_caption(state)[1]) == f"{before:,.2f} → -50.00{change}"


def test_figures_keep_what_the_viewer_did() -> None:
    for build in (build_donut, build_nav_history):
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
