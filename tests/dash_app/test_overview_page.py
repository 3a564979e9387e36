"""Several desks on one page: what the callback answers, what each page draws, what is masked, what programs get."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import ENDPOINT, drawing_of, poll_of
from dash import Dash
from desks import HEALTHY, NOW, Desks, picture
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sample_state import as_json, text_of

from dash_app import ids
from dash_app.app import create_app
from dash_app.callbacks import digest_of
from dash_app.figures.sparkline import build_sparkline
from dash_app.panels import GROUPS, WITH_DESKS, Group
from dash_app.privacy import mask_state
from dash_app.render.fleet import alert_line, rows, tiles, totals
from dash_app.render.readings import MASK
from dash_app.settings import Settings, SettingsError
from state.fleet import load_fleet
from state.formatting import fmt_number

State = dict[str, Any]
AMOUNTS = ("nav_usd", "gross_usd", "net_usd", "pnl_today_usd")
every_group = pytest.mark.parametrize("group", WITH_DESKS, ids=lambda group: group.name)


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Desks:
    """Eight desks, one of them silent."""
    return picture(tmp_path_factory.mktemp("desks"))


@pytest.fixture(scope="module")
def app(desks: Desks) -> Dash:
    return create_app(Settings(desks_dir=str(desks.root), now=NOW))


@pytest.fixture
def client(app: Dash) -> Iterator[FlaskClient]:
    with app.server.test_client() as client:
        client.get("/_dash-dependencies")
        yield client


@pytest.fixture(scope="module")
def overview(desks: Desks) -> State:
    return load_fleet(desks.root, now=NOW, environ={}, remember=False)


def poll(client: FlaskClient, search: str) -> State:
    """The state that a tab with this address gets first."""
    answer = client.post(ENDPOINT, json=poll_of(search))
    assert answer.status_code == 200
    state: State = answer.get_json()["response"][ids.STATE]["data"]
    return state


def draw(client: FlaskClient, state: State, group: Group) -> State:
    """What a group makes of it, by component."""
    drawn: State = client.post(ENDPOINT, json=drawing_of(state, group)).get_json()["response"]
    return drawn


# --- the flow ---


def test_with_one_desk_there_is_nothing_of_several() -> None:
    """Neither in the layout nor in what a callback fills."""
    app = create_app(Settings())
    named = {getattr(part, "id", None) for part in app.layout._traverse()}
    assert not named & {ids.SHOWN, ids.FLEET_TILES, ids.FLEET_TABLE, ids.FLEET_TOTALS}
    assert [group.of_overview for group in GROUPS] == [()] * 3
    assert not any(name.startswith("fleet") for name in "".join(app.callback_map).split("..."))


def test_every_place_is_in_the_layout_once(app: Dash) -> None:
    """And is a property of what stands there."""
    parts = [part for part in app.layout._traverse() if getattr(part, "id", None)]
    assert len({part.id for part in parts}) == len(parts)
    known = {part.id: part for part in parts}
    places = [place for group in WITH_DESKS for place in group.places]
    assert len(set(places)) == len(places)
    missing = [
        (name, prop) for name, prop in places if prop not in known[name].available_properties and "data-" not in prop
    ]
    assert missing == []


def test_there_are_still_one_store_and_four_callbacks(client: FlaskClient) -> None:
    """One loads, and the same three draw."""
    outputs = [call["output"] for call in client.get("/_dash-dependencies").get_json()]
    assert len(outputs) == 4
    assert outputs.count(f"{ids.STATE}.data") == 1


@pytest.mark.parametrize("search", ["", "?kiosk=1", "?desk=", "?desk"])
def test_without_a_desk_the_address_gives_the_overview(client: FlaskClient, search: str) -> None:
    assert [row["name"] for row in poll(client, search)["desks"]][:2] == ["beta", "delta"]


@pytest.mark.parametrize("search", ["?desk=delta", "?desk=beta&desk=delta", "?tz=UTC&desk=delta&kiosk=1"])
def test_with_a_desk_it_gives_that(client: FlaskClient, search: str) -> None:
    state = poll(client, search)
    assert (state["meta"]["desk"], state["nav"]["nav_usd"]) == ("delta", 10912.44)


@pytest.mark.parametrize("name", ["nope", "DELTA", "../delta", "%00", "%F0%9F%92%A9", "a" * 1900, "<b>"])
def test_a_desk_that_is_not_there_is_a_sentence_with_those_that_are(client: FlaskClient, name: str) -> None:
    """Whatever somebody writes into the address."""
    state = poll(client, f"?desk={name}")
    line = text_of(alert_line.render_alerts(state))
    assert "No desk is called" in line
    assert "alpha, beta, delta" in json.dumps(as_json(alert_line.render_alerts(state)))
    assert len(state["meta"]["asked"]) <= 32


@pytest.mark.parametrize("search", ["", "?desk=delta", "?desk=beta&privacy=1", "?privacy=1", "?desk=nope"])
def test_a_tab_that_has_drawn_everything_gets_nothing(client: FlaskClient, search: str) -> None:
    """The unchanged tick."""
    state = poll(client, search)
    drawn = {f"{group.drawn}.data-drawn": digest_of(state, group) for group in WITH_DESKS}
    assert client.post(ENDPOINT, json=poll_of(search, drawn=drawn)).status_code == 204
    assert client.post(ENDPOINT, json=poll_of("?desk=eta", drawn=drawn)).status_code == 200


@every_group
def test_each_page_leaves_alone_what_the_other_shows(client: FlaskClient, group: Group) -> None:
    """Out of sight, and drawn again when it is asked for."""
    for search, panels in (("", group.of_overview), ("?desk=delta", group.panels)):
        drawn = draw(client, poll(client, search), group)
        filled = {(name, prop) for name, props in drawn.items() for prop in props}
        assert filled == {(panel.component_id, panel.prop) for panel in panels} | {(group.drawn, "data-drawn")}


def test_what_is_shown_is_said_with_its_clock(client: FlaskClient) -> None:
    """For style sheet and scripts."""
    found = [draw(client, poll(client, search), WITH_DESKS[0])[ids.SHOWN] for search in ("", "?desk=delta")]
    assert found == [{"data-page": "fleet", "data-skew": "0.0"}, {"data-page": "desk", "data-skew": "0.0"}]


def test_a_desk_has_its_name_and_the_way_back(client: FlaskClient) -> None:
    """The view of the tab stays what it is."""
    drawn = draw(client, poll(client, "?desk=delta&privacy=1&kiosk=1"), WITH_DESKS[0])
    status = json.dumps(drawn[ids.HEADER_STATUS])
    assert "‹ 8 desks" in text_of(drawn[ids.HEADER_STATUS]["children"])
    assert '"href": "?kiosk=1&privacy=1"' in status
    assert "delta" in status


# --- what is drawn ---


def test_totals_say_what_they_leave_out(overview: State) -> None:
    """Bounds with their sign, signed sums with their count, the testnet apart."""
    assert "NAV: ≥ 956" in text_of(totals.render_nav(overview))
    assert "lower bound: 1 of 7 live desks not in it, beta silent • testnet apart" in text_of(
        totals.render_nav(overview)
    )
    cards = [text_of(card) for card in totals.render_totals(overview)]
    assert [card.startswith(title) for card, title in zip(cards, ("Gross", "Net", "PnL today", "Testnet"), strict=True)]
    assert "≥" in cards[0]
    assert "6 of 7 live desks, without beta silent" in cards[1]
    assert "≥" not in cards[1] + cards[2]
    assert "1 testnet desk" in cards[3]


def test_tiles_stand_in_the_order_of_the_state(overview: State) -> None:
    """Each with a link, its figures by their paths, and its edge."""
    drawn = json.dumps(as_json(tiles.render_tiles(overview)))
    names = [part.split('"')[0] for part in drawn.split('"data-desk": "')[1:]]
    assert names == [row["name"] for row in overview["desks"]]
    assert drawn.count("card tile edge fail") == 2
    assert all(f'"data-field": "desks.{index}.nav_usd"' in drawn for index in range(8))
    assert "USD last known" in text_of(tiles.render_tiles(overview))


def test_more_than_twenty_four_desks_are_rows(overview: State) -> None:
    """At most so many tiles, and none of the desks twice."""
    many = {**overview, "desks": [{**overview["desks"][3], "name": f"desk-{number}"} for number in range(30)]}
    drawn = json.dumps(as_json(tiles.render_tiles(many)))
    assert drawn.count('"data-desk"') == 24
    assert [row["name"].reading.text for row in rows.build_rows(many)] == [f"desk-{number}" for number in range(24, 30)]
    assert rows.render_title(many) == ["6 more desks"]
    assert (rows.build_rows(overview), rows.render_title(overview)) == ([], [])


BROKEN: list[Any] = [
    {}, {"desks": None}, {"desks": []}, {"desks": [None, 5, "x", []], "totals": [None], "alerts": [3]},
    {"desks": [{}], "totals": [{}], "meta": {"checks": [{}], "loaded_at": "now"}},
    {"desks": [{"name": 5, "kind": 1, "alerts": [{}], "series": [[1], ["a", 2], 3], "gaps": [[1, 2, 3]]}] * 26},
    {"desks": [{"severity": "fail", "alerts": [{"since": "x"}], "beat": "late", "beat_seen_at": "x", "skew_s": []}]},
    {"desks": [{}], "totals": [{"nav": {"usd": "x", "out": [1], "lacking": 3, "is_lower_bound": "yes"}}]},
]  # fmt: skip


@pytest.mark.parametrize("state", BROKEN, ids=range(len(BROKEN)))
@every_group
def test_whatever_a_client_posts_no_panel_fails(state: State, group: Group) -> None:
    """The Store comes back from the browser, and a browser may be anybody's."""
    for panel in group.of_overview:
        json.dumps(as_json(panel.render({"meta": {}, **state})))


@pytest.mark.parametrize(
    ("points", "gaps", "lines"),
    [
        ([], [], 0),
        ([(1.0, 5.0)], [], 0),
        ([(0.0, 5.0), (1.0, 5.0)], [], 1),
        ([(0.0, 1.0), (1.0, 2.0), (5.0, 3.0), (6.0, 4.0)], [[1.0, 5.0]], 2),
        ([(0.0, -1.0), (0.0, 2.0)], [], 1),
    ],
)
def test_a_sparkline_is_broken_at_its_gaps(points: Any, gaps: Any, lines: int) -> None:
    """And is none without two points."""
    picture = build_sparkline(points, gaps, is_old=False)
    assert picture.count("%3Cpath") == (lines + 1 if lines else 0)


# --- privacy ---


def spelled(overview: State) -> set[str]:
    """Every amount as it may stand somewhere."""
    figures = [row[name] for row in overview["desks"] for name in AMOUNTS]
    figures += [nav for row in overview["desks"] for _, nav in row["series"]]
    figures += [part["usd"] for total in overview["totals"] for part in total.values() if isinstance(part, dict)]
    known = [abs(figure) for figure in figures if figure and abs(figure) > 99]
    return {
        text for figure in known for text in (json.dumps(figure), fmt_number(figure), f"{figure:.2f}") if figure > 99
    }


@pytest.mark.parametrize("search", ["?privacy=1", "?privacy", "?privacy=1&kiosk=1"])
def test_no_amount_of_any_desk_or_total_reaches_a_private_tab(
    client: FlaskClient, overview: State, search: str
) -> None:
    """Masked before the Store; what is drawn of it has none either."""
    state = poll(client, search)
    bodies = json.dumps(state) + json.dumps([draw(client, state, group) for group in WITH_DESKS])
    assert len(spelled(overview)) > 100
    assert [amount for amount in spelled(overview) if amount in bodies] == []
    assert state["totals"][0]["nav"]["usd"] == state["desks"][0]["nav_usd"] == MASK
    assert state["desks"][1]["drawdown_pct"] == overview["desks"][1]["drawdown_pct"]


def test_a_field_nobody_has_thought_about_stays_away(overview: State) -> None:
    """Masking builds anew from what is known to be harmless."""
    news = {"news": 123456.78}
    state = {
        "desks": [{**row, **news} for row in overview["desks"]],
        "totals": [{**row, "nav": {**row["nav"], **news}, **news} for row in overview["totals"]],
        "alerts": [{**row, **news} for row in overview["alerts"]],
        "meta": overview["meta"] | news,
        **news,
    }
    assert "123456" not in json.dumps(mask_state(state))
    assert mask_state(mask_state(state))["meta"]["private"] is True


# --- settings ---


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"HEDGE_DESKS": "alpha"}, "HEDGE_DESKS needs HEDGE_DESKS_DIR"),
        ({"HEDGE_DESKS_DIR": "d", "HEDGE_STATE_DIR": "s"}, "both set"),
        ({"HEDGE_DESKS_DIR": "d", "HEDGE_DESKS": "alpha,,beta"}, "names of desks"),
        ({"HEDGE_DESKS_DIR": "d", "HEDGE_DESKS": "Alpha"}, "HEDGE_DESKS has value 'Alpha'"),
        ({"HEDGE_DESKS_DIR": "d", "HEDGE_DESKS": "../x"}, "names of desks"),
    ],
)
def test_settings_that_make_no_sense_are_refused(environ: dict[str, str], word: str) -> None:
    """With a sentence."""
    with pytest.raises(SettingsError, match=word):
        Settings.from_environ(environ)


def test_expected_desks_are_read_once_each() -> None:
    """In the order in which they are named."""
    found = Settings.from_environ({"HEDGE_DESKS_DIR": "d", "HEDGE_DESKS": " beta, alpha,beta"})
    assert (found.desks_dir, found.desks) == ("d", ("beta", "alpha"))


# --- programs ---


def client_of(desks: Desks, *expected: str) -> FlaskClient:
    client: FlaskClient = create_app(Settings(desks_dir=str(desks.root), now=NOW, desks=expected)).server.test_client()
    return client


@pytest.mark.parametrize(
    ("path", "expected", "status", "word"),
    [
        ("/readyz", (), 503, "beta"),
        ("/readyz", ("alpha", "delta"), 200, ""),
        ("/readyz", ("alpha", "omega"), 503, "missing"),
        ("/readyz?desk=alpha", ("omega",), 200, ""),
        ("/readyz?desk=beta", ("alpha",), 503, "DESK SILENT"),
        ("/readyz?desk=nope", (), 503, "there is no such desk"),
        ("/api/state?desk=nope", (), 404, "no desk is called 'nope'"),
        ("/api/state?desk=alpha", (), 200, '"desk": "alpha"'),
        ("/api/state", (), 200, '"desks"'),
    ],
)
def test_programs_ask_for_all_desks_or_for_one(
    desks: Desks, path: str, expected: tuple[str, ...], status: int, word: str
) -> None:
    """What stands against it is named."""
    answer = client_of(desks, *expected).get(path)
    assert answer.status_code == status
    assert word in answer.text


def test_a_store_that_is_down_is_not_ready(tmp_path: Path) -> None:
    """For all desks, and for each that comes from there."""
    client = client_of(picture(tmp_path).mirror(up=False), "alpha")
    assert [client.get(path).status_code for path in ("/readyz", "/readyz?desk=alpha")] == [503, 503]
    assert "hedge_store_up 0.0" in client.get("/metrics").text


@pytest.mark.parametrize("path", ["/api/state", "/api/state?desk=delta"])
def test_a_state_that_has_not_changed_is_not_sent_again(desks: Desks, path: str) -> None:
    """By its tag, which the clock alone does not change."""
    client = client_of(desks)
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def scrape(client: FlaskClient) -> dict[str, dict[str, float]]:
    """Of each metric its value by desk."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    found: dict[str, dict[str, float]] = {}
    for sample in samples:
        found.setdefault(sample.name, {})[sample.labels.get("desk", "")] = sample.value
    return found


def test_metrics_have_the_name_of_the_desk(desks: Desks) -> None:
    """What is old or unknown is absent; how each desk is reached is there."""
    found = scrape(client_of(desks, "alpha", "omega"))
    assert found["hedge_nav_usd"]["alpha"] == 10461.27
    assert "beta" not in found["hedge_nav_usd"]
    assert (found["hedge_store_up"], found["hedge_fleet_ready"]) == ({"": 1.0}, {"": 0.0})
    assert (found["hedge_ready"]["alpha"], found["hedge_ready"]["beta"]) == (1.0, 0.0)
    assert (found["hedge_desk_present"]["alpha"], found["hedge_desk_present"]["omega"]) == (1.0, 0.0)
    assert found["hedge_desk_beat_age_seconds"]["beta"] == 252.0
    assert found["hedge_desk_skew_seconds"].keys() == set(desks.names)


def test_local_desks_have_no_store_and_no_beat(tmp_path: Path) -> None:
    """Nothing is between them and the wall, so nothing is said of it."""
    found = scrape(client_of(Desks(tmp_path).add("alpha", HEALTHY)))
    assert not found.keys() & {"hedge_store_up", "hedge_desk_beat_age_seconds", "hedge_desk_skew_seconds"}
    assert found["hedge_desk_present"] == {"alpha": 1.0}
