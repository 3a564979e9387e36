"""Every panel in every kind of state: empty, sound, frozen, full of holes, hostile."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dash import html
from dash.development.base_component import Component
from sample_state import EMPTY, as_json, components, fields, frozen_sample, rich_sample, sample, text_of

from dash_app import ids
from dash_app.layout import build_layout
from dash_app.panels import PANELS, Panel
from dash_app.render import theme
from dash_app.render.columns import SYMBOLS
from dash_app.render.components import field
from dash_app.render.readings import StateDict, value_at
from state.formatting import fmt_usd

ASSETS = Path(theme.__file__).parents[1] / "assets"
HOSTILE = '<script>alert("x")</script>'


every_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.component_id}.{panel.prop}")


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value below the top, containers included."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


@contextmanager
def replaced(state: StateDict, path: tuple[str | int, ...], value: Any) -> Iterator[None]:
    """Another value at a path of the state, until the block ends."""
    parent: Any = state
    for key in path[:-1]:
        parent = parent[key]
    whole, parent[path[-1]] = parent[path[-1]], value
    yield
    parent[path[-1]] = whole


def mapped_words(value: Any, word: str) -> Any:
    """The state with every text in it replaced."""
    if isinstance(value, dict):
        return {key: mapped_words(item, word) for key, item in value.items()}
    if isinstance(value, list):
        return [mapped_words(item, word) for item in value]
    return word if isinstance(value, str) else value


def layout_components() -> list[Any]:
    page: Any = build_layout(refresh_ms=1000, title="title")
    return [page, *(item for item in page._traverse() if isinstance(item, Component))]


@every_panel
def test_the_empty_state_prints_no_zero(panel: Panel) -> None:
    assert "0.00" not in text_of(panel.render(EMPTY))


@every_panel
@pytest.mark.parametrize("state", [{}, dict.fromkeys(EMPTY), sample(), frozen_sample(), rich_sample()])
def test_every_panel_renders(panel: Panel, state: StateDict) -> None:
    as_json(panel.render(state))


@every_panel
@pytest.mark.parametrize("state", [sample(), frozen_sample(), rich_sample()])
def test_elements_are_those_of_dash(panel: Panel, state: StateDict) -> None:
    """Each has properties that Dash's own class takes, and is sent as that one is."""
    for item in components(panel.render(state)):
        if item["namespace"] == "dash_html_components":
            assert as_json(getattr(html, item["type"])(**item["props"])) == item


@every_panel
@pytest.mark.parametrize("wrong", [None, "word", -1.0, [], {}, [None], True])
def test_every_panel_survives_a_wrong_value_anywhere(panel: Panel, wrong: Any) -> None:
    state = rich_sample()
    for path in list(paths(state)):
        with replaced(state, path, wrong):
            as_json(panel.render(state))
    assert state == rich_sample()


@every_panel
def test_hostile_text_stays_text(panel: Panel) -> None:
    rendered = panel.render(mapped_words(rich_sample(), HOSTILE))
    if panel.prop == "figure":
        assert "<script" not in str(as_json(rendered)["data"])
    plain = {"Button", "Span", "Div", "H3", "Alert", "Badge", "Card", "CardHeader", "CardBody"}
    assert {item["type"] for item in components(rendered)} <= plain


@every_panel
def test_a_panel_does_not_change_the_state(panel: Panel) -> None:
    state = sample()
    panel.render(state)
    assert state == sample()


def test_every_addressed_value_exists_or_says_that_it_is_unknown() -> None:
    state = sample()
    rendered = [panel.render(state) for panel in PANELS if panel.prop == "children"]
    addressed = {path: item for part in rendered for path, item in fields(part).items()}
    assert len(addressed) > 40
    assert [
        path for path, item in addressed.items() if value_at(state, path) is None and "data-unknown" not in item
    ] == []


def test_addressed_numbers_are_those_of_the_state() -> None:
    state = sample()
    rendered = [panel.render(state) for panel in PANELS if panel.prop == "children"]
    for path, item in (pair for part in rendered for pair in fields(part).items()):
        value = value_at(state, path)
        if isinstance(value, float) and "age" not in path and "data-unknown" not in item:
            assert float(re.sub(r"[^0-9.+-]", "", item["text"])) == pytest.approx(value, abs=0.005)


@pytest.mark.parametrize(
    ("state", "text", "reason"),
    [
        ({"nav": {"nav_usd": 1234.5}}, "1,234.50", None),
        ({"nav": {"nav_usd": 0.0}, "meta": {"unknown": {"nav.nav_usd": "no file"}}}, "n/a", "no file"),
        ({"nav": {}, "meta": {"unknown": {"nav": "no nav file"}}}, "n/a", "no nav file"),
        ({"nav": {"nav_usd": 1.0}, "meta": {"unknown": {"nav": "no nav file"}}}, "1.00", None),
        ({"nav": {"nav_usd": "12"}}, "n/a", "not in the state files"),
        ({"nav": {"nav_usd": True}}, "n/a", "not in the state files"),
        ({}, "n/a", "not in the state files"),
    ],
)
def test_field(state: StateDict, text: str, reason: str | None) -> None:
    element = fields(field(state, "nav.nav_usd", fmt_usd))["nav.nav_usd"]
    assert (element["text"], element.get("data-unknown"), element.get("tabIndex")) == (text, reason, reason and "0")


def test_layout_holds_every_panel_once() -> None:
    found = [item.id for item in layout_components() if getattr(item, "id", None)]
    assert len(found) == len(set(found))
    assert {panel.component_id for panel in PANELS} <= set(found)
    assert {ids.TICK, ids.STATE} <= set(found)


def test_no_property_has_two_writers() -> None:
    written = [(panel.component_id, panel.prop) for panel in PANELS]
    assert len(written) == len(set(written))


def test_layout_has_its_headings() -> None:
    headings = [item.children for item in layout_components() if type(item).__name__ in {"H1", "H2"}]
    assert headings == [
        "title",
        "v7 Risk KPIs",
        "v7 Risk KPIs by symbol",
        "v7 Risk KPIs by symbol",  # of a phone, and of every other screen
        "Open Positions",
        "What changed",
        "Overview (v7)",
        "AUM Breakdown (USD)",
        "NAV",
    ]


def test_tables_are_plain_text() -> None:
    tables = [item for item in layout_components() if type(item).__name__ == "DataTable"]
    assert [column["id"] for column in tables[0].columns] == [column.key for column in SYMBOLS]
    assert all(
        column["type"] == "text" and "presentation" not in column for table in tables for column in table.columns
    )


def test_the_style_sheet_has_the_colours_of_the_theme() -> None:
    sheet = (ASSETS / "10-tokens.css").read_text()
    tones = {"panel": theme.PANEL, "hairline": theme.HAIRLINE, "text": theme.TEXT}
    tones |= {"secondary": theme.SECONDARY, "muted": theme.MUTED, "ok": theme.OK, "attention": theme.ATTENTION}
    tones |= {"gain": theme.GAIN, "loss": theme.LOSS, "failure": theme.FAILURE}
    assert [name for name, color in tones.items() if f"--hue-{name}: {color};" not in sheet] == []
    assert [index for index, color in enumerate(theme.SLICES) if f"--slice-{index}: {color};" not in sheet] == []


def test_no_component_has_an_inline_style() -> None:
    rendered = [panel.render(sample()) for panel in PANELS if panel.prop == "children"]
    assert [item for part in rendered for item in components(part) if "style" in item["props"]] == []


def test_style_sheets_ask_no_other_host() -> None:
    assert [
        sheet.name for sheet in ASSETS.glob("*.css") if re.search(r"url\(|@import|https?:", sheet.read_text())
    ] == []
