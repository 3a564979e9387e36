"""The tags that say how old a panel's files are."""

from typing import Any

import pytest
from sample_state import EMPTY, NOW, components, frozen_sample, sample, surface, text_of

from dash_app.render.freshness import SOURCES, ages


def shown(*surfaces: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A state with these files."""
    return {**sections, "meta": {"loaded_at": NOW, "surfaces": list(surfaces)}}


def tags(state: dict[str, Any], panel: str) -> list[dict[str, Any]]:
    """The properties of a panel's tags, with their texts."""
    found = [item for item in components(ages(state, panel)) if "source-age" in item["props"]["className"].split()]
    return [{**item["props"], "text": text_of(item)} for item in found]


@pytest.mark.parametrize("panel", SOURCES)
def test_no_known_file_means_no_tag(panel: str) -> None:
    assert ages(EMPTY, panel) == []


@pytest.mark.parametrize(
    ("facts", "kind", "text", "limits"),
    [
        ({}, "fresh", "5 s", ("50.0", "100.0")),
        ({"freshness": "late", "age_s": 65.0}, "late", "1 m 05 s", ("50.0", "100.0")),
        ({"freshness": "stale", "age_s": 190.0}, "stale", "3 m 10 s", ("50.0", "100.0")),
        ({"status": "malformed"}, "broken", "malformed · 5 s", (None, None)),
        ({"freshness": "unknown", "age_s": None, "updated_at": None}, "unknown", "n/a", (None, None)),
    ],
)
def test_tag_of_a_file(facts: dict[str, Any], kind: str, text: str, limits: tuple[str | None, str | None]) -> None:
    (tag,) = tags(shown(surface("risk_snapshot.json", **facts)), "symbols")
    assert (tag["className"].removesuffix(" age"), tag["text"]) == (f"source-age {kind}", text)
    assert (tag.get("data-late-after"), tag.get("data-stale-after")) == limits
    assert tag["data-tell"] == "risk_snapshot.json"


def test_a_missing_file_has_no_age() -> None:
    assert tags(shown(surface("risk_snapshot.json", status="missing", age_s=None, updated_at=None)), "symbols") == []


def test_the_oldest_file_comes_first() -> None:
    state = shown(surface("router_health.json", age_s=9.0), surface("kpis_v7.json", age_s=70.0))
    assert [tag["data-tell"] for tag in tags(state, "router")] == ["kpis_v7.json", "router_health.json"]


@pytest.mark.parametrize(
    ("panel", "sections", "names"),
    [
        ("nav", {"nav": {"source": "nav.json"}}, ["nav.json"]),
        ("aum", {"nav": {"source": "nav_state.json"}}, ["nav_state.json"]),
        ("positions", {"positions": [{"price_source": "positions.json"}]}, ["positions.json"]),
        ("positions", {"positions": []}, ["synced_state.json"]),
        ("positions", {"positions": [{"price_source": None}]}, ["synced_state.json"]),
        ("nav-history", {}, ["nav_state.json"]),
        ("fees", {}, ["kpis_v7.json", "risk_snapshot.json"]),
        ("pnl", {}, ["kpis_v7.json", "risk_snapshot.json"]),
        (
            "dd-atr",
            {"positions": [{"price_source": "positions.json"}]},
            ["positions.json", "kpis_v7.json", "risk_snapshot.json"],
        ),
        ("pnl", {"kpis": {"pnl": {"today_source": "nav_state.json"}}}, ["nav_state.json"]),
    ],
)
def test_files_of_a_panel(panel: str, sections: dict[str, Any], names: list[str]) -> None:
    every = ("nav_state.json", "nav.json", "positions.json", "kpis_v7.json", "risk_snapshot.json")
    files = [surface(name) for name in every]
    state = shown(*files, surface("synced_state.json", age_s=1.0), **sections)
    assert [tag["data-tell"] for tag in tags(state, panel)] == names


@pytest.mark.parametrize("panel", ["nav", "aum"])
def test_a_frozen_nav_is_as_old_as_its_confirmation(panel: str) -> None:
    frozen, _ = tags(frozen_sample(), panel)
    assert (frozen["className"], frozen["text"]) == ("source-age frozen-age", "NAV frozen · 10 m 12 s")
    assert "frozen" not in str(tags(sample(), panel))
