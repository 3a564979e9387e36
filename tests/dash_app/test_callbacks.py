"""The callbacks: registered on the app, checked against its layout, and called over HTTP."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import ENDPOINT, drawing_of, poll_of
from dash import Dash
from flask.testing import FlaskClient
from plotly.utils import PlotlyJSONEncoder
from serving import CORPUS, ROOT, process_environ
from werkzeug.test import TestResponse

from dash_app import callbacks, ids
from dash_app.address import View
from dash_app.app import create_app
from dash_app.callbacks import digest_of
from dash_app.panels import GROUPS, PANELS, Group, Panel
from dash_app.privacy import show_as
from dash_app.server.sharing import MAX_BODY_BYTES
from dash_app.settings import Settings
from state import load_all_state

NOW = 1764197100.0
HEALTHY = CORPUS / "v7.1" / "healthy" / "logs" / "state"


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HEALTHY, tmp_path / "state"))


@pytest.fixture
def app(state_dir: Path) -> Dash:
    return create_app(Settings(state_dir=str(state_dir), now=NOW))


@pytest.fixture
def client(app: Dash) -> Iterator[FlaskClient]:
    with app.server.test_client() as client:
        client.get("/_dash-dependencies")
        yield client


def layout_ids(app: Dash) -> list[str]:
    found: list[str] = [component.id for component in app.layout._traverse() if getattr(component, "id", None)]
    return found


Json = dict[str, Any]
SCENARIOS = sorted(path.parent / "logs" / "state" for path in CORPUS.glob("*/*/expected.json"))
every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)


def ask(client: FlaskClient, body: Json) -> TestResponse:
    return client.post(ENDPOINT, json=body)


def first_state(client: FlaskClient) -> Json:
    state: Json = ask(client, poll_of()).get_json()["response"][ids.STATE]["data"]
    return state


def words_of(state: Json) -> Json:
    """What a tab has once it has drawn everything."""
    return {f"{group.drawn}.data-drawn": digest_of(state, group) for group in GROUPS}


def test_every_id_of_a_callback_is_in_the_layout(app: Dash) -> None:
    named = {part["id"] for callback in app._callback_list for part in (*callback["inputs"], *callback["state"])}
    named |= {output["id"] for callback in app._callback_list for output in outputs_of(callback)}
    assert named - set(layout_ids(app)) == set()


def test_every_panel_is_in_the_layout(app: Dash) -> None:
    assert {panel.component_id for panel in PANELS} - set(layout_ids(app)) == set()


def test_no_id_is_used_twice(app: Dash) -> None:
    assert [name for name, count in Counter(layout_ids(app)).items() if count > 1] == []


@pytest.mark.parametrize("placeholder", [ids.TICK, ids.STATE, "connection", "clock", "fixed-clock"])
def test_layout_has_what_the_scripts_write_to(app: Dash, placeholder: str) -> None:
    assert placeholder in layout_ids(app)


def test_every_panel_has_a_property_of_its_component(app: Dash) -> None:
    components = {component.id: component for component in app.layout._traverse() if getattr(component, "id", None)}
    assert [panel for panel in PANELS if panel.prop not in components[panel.component_id].available_properties] == []


def test_every_output_has_one_writer(app: Dash) -> None:
    written = Counter((output["id"], output["property"]) for call in app._callback_list for output in outputs_of(call))
    assert [output for output, count in written.items() if count > 1] == []


def test_one_callback_loads_and_three_draw_from_the_store_alone(client: FlaskClient) -> None:
    """What an engineer who knows Dash looks at first."""
    found = client.get("/_dash-dependencies").get_json()
    loads = [call for call in found if call["output"] == f"{ids.STATE}.data"]
    draws = [call for call in found if call not in loads]
    assert [[part["id"] for part in call["inputs"]] for call in loads] == [[ids.TICK, ids.ADDRESS]]
    assert [call["inputs"] for call in draws] == [[{"id": ids.STATE, "property": "data"}]] * 3


def test_there_is_one_store(app: Dash) -> None:
    """A second one would be a second truth."""
    assert [part.id for part in app.layout._traverse() if type(part).__name__ == "Store"] == [ids.STATE]


def test_first_poll_returns_the_state(client: FlaskClient) -> None:
    """Nothing has been drawn yet."""
    assert first_state(client)["nav"]["nav_usd"] == 10461.27


def test_poll_of_a_tab_that_has_drawn_everything_is_empty(client: FlaskClient) -> None:
    """Ages go on in the browser."""
    answer = ask(client, poll_of(drawn=words_of(first_state(client)), tick=7))
    assert (answer.status_code, answer.data) == (204, b"")


@every_group
@pytest.mark.parametrize("word", [None, "", "another", {}, 5])
def test_tab_in_which_one_group_failed_gets_the_state_again(client: FlaskClient, group: Group, word: Any) -> None:
    """Whatever stands there, it is not what this state would have left."""
    drawn = words_of(first_state(client)) | {f"{group.drawn}.data-drawn": word}
    assert ask(client, poll_of(drawn=drawn)).status_code == 200


def test_tab_that_has_not_read_its_address_gets_nothing(client: FlaskClient) -> None:
    """The address may say that amounts are to be masked."""
    assert ask(client, poll_of(None)).status_code == 204


@pytest.mark.parametrize("search", [["?"], 5, {}, "?" * 2001])
def test_address_that_is_none_is_refused(client: FlaskClient, search: Any) -> None:
    """Said as what it is, not as a failure of the server."""
    assert ask(client, poll_of(search)).status_code == 400


def test_change_in_the_files_is_answered(client: FlaskClient, state_dir: Path) -> None:
    """With the next source, which is named."""
    drawn = words_of(first_state(client))
    (state_dir / "nav_state.json").unlink()
    answer = ask(client, poll_of(drawn=drawn))
    assert answer.get_json()["response"][ids.STATE]["data"]["nav"]["source"] == "nav.json"


@every_group
def test_group_draws_all_its_panels_and_leaves_its_word(client: FlaskClient, group: Group) -> None:
    """The word is the one that the next poll is compared with."""
    state = first_state(client)
    drawn = ask(client, drawing_of(state, group)).get_json()["response"]
    assert drawn[group.drawn]["data-drawn"] == digest_of(state, group)
    assert set(drawn) == {panel.component_id for panel in group.panels} | {group.drawn}


@every_group
def test_group_that_shows_it_already_draws_nothing(client: FlaskClient, group: Group) -> None:
    """Nor does any group before the first load."""
    state = first_state(client)
    assert ask(client, drawing_of(state, group, digest_of(state, group))).status_code == 204
    assert ask(client, drawing_of(None, group)).status_code == 204


def test_change_of_one_section_redraws_what_shows_it(client: FlaskClient) -> None:
    """A NAV that moves is none of the tables' business."""
    state = first_state(client)
    moved = {**state, "meta": {**state["meta"], "sections": {**state["meta"]["sections"], "nav": "moved"}}}
    statuses = {
        group.name: ask(client, drawing_of(moved, group, digest_of(state, group))).status_code for group in GROUPS
    }
    assert statuses == {"cards": 200, "charts": 200, "tables": 204}


@every_group
@pytest.mark.parametrize("state_dir", SCENARIOS, ids=lambda path: path.parts[-3])
def test_group_is_drawn_from_its_sections_alone(state_dir: Path, group: Group) -> None:
    """Else it could show an old number while its word says that nothing has changed."""
    for view in (View(), View(kiosk=True), View(private=True)):
        state = show_as(load_all_state(str(state_dir), now=NOW, environ={}), view)
        assert as_json(group, state) == as_json(group, only(state, group))


def only(state: Json, group: Group) -> Json:
    """What the word of a group is made of, and nothing else."""
    reasons = {
        name: {path: why for path, why in state["meta"][name].items() if path.split(".")[0] in group.sections}
        for name in ("unknown", "stale")
    }
    shown_as = {name: state["meta"][name] for name in ("private", "worst_first") if name in state["meta"]}
    kept = {name: state[name] for name in group.sections if name in state}
    return kept if "meta" in kept else {**kept, "meta": {**reasons, **shown_as}}


def as_json(group: Group, state: Json) -> str:
    return json.dumps(callbacks.draw_panels(group.panels, state), cls=PlotlyJSONEncoder)


UNFIT = [
    [],
    "state",
    7,
    {"positions": [0] * 10_001},
    {"kpis": {"symbols": dict.fromkeys(map(str, range(10_001)))}},
    {"nav": {"series": [[0, 1]] * 2001}},
    {"meta": {"surfaces": [{}] * 2001}},
    {"router": [0] * 2001},
    {str(number): 0 for number in range(2001)} | {"meta": {"alerts": [0] * 2001}},
]


@every_group
@pytest.mark.parametrize("state", UNFIT, ids=lambda state: str(state)[:30])
def test_what_is_no_state_is_not_drawn(client: FlaskClient, group: Group, state: Any) -> None:
    """200,000 rows would take half a minute."""
    assert ask(client, drawing_of(state, group)).status_code == 400


def test_largest_desk_is_let_through() -> None:
    """5,000 symbols, two thirds of them held, six reasons each."""
    state = load_all_state(str(CORPUS / "v7.1" / "large_universe" / "logs" / "state"), now=NOW, environ={})
    leg, symbol = state["positions"][0], next(iter(state["kpis"]["symbols"].values()))
    state["positions"] = [leg] * 3334
    state["kpis"]["symbols"] = {f"SYMBOL{number}USDT": symbol for number in range(5000)}
    state["meta"]["unknown"] |= {f"kpis.symbols.SYMBOL{number}.x": "x" * 94 for number in range(30_000)}
    callbacks.validate_state(state)
    assert len(json.dumps(drawing_of(state))) < MAX_BODY_BYTES


@pytest.mark.parametrize("state_dir", ["empty", "absent"])
def test_no_state_is_drawn_without_a_failure(tmp_path: Path, state_dir: str) -> None:
    (tmp_path / "empty").mkdir()
    state = json.loads(json.dumps(load_all_state(str(tmp_path / state_dir), now=NOW, environ={})))
    assert callbacks.FAILED not in str(callbacks.draw_panels(PANELS, state))


def broken(_state: dict[str, Any]) -> Any:
    raise ZeroDivisionError("a renderer gone wrong")


def whole(state: dict[str, Any]) -> str:
    return f"NAV {state['nav']}"


@pytest.mark.parametrize("prop", ["children", "figure", "data"])
def test_renderer_that_raises_leaves_the_others_alive(prop: str, caplog: pytest.LogCaptureFixture) -> None:
    panels = (
        Panel("before", "children", whole),
        Panel(f"broken-{prop}", prop, broken),
        Panel("after", "children", whole),
    )
    before, failed, after = callbacks.draw_panels(panels, {"nav": 5})
    assert (before, after) == ("NAV 5", "NAV 5")
    assert callbacks.FAILED in str(failed)
    assert f"panel broken-{prop}.{prop} failed" in caplog.text


def test_failure_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    panel = Panel("broken-often", "children", broken)
    for _ in range(3):
        callbacks.draw_panels((panel,), {})
    assert len(caplog.records) == 1


@pytest.mark.parametrize("words", ["x" * 1_000_000, "\ud800\x00", "line\nERROR forged line"])
def test_log_does_not_repeat_what_an_error_quotes(words: str, caplog: pytest.LogCaptureFixture) -> None:
    def quote(_state: dict[str, Any]) -> Any:
        raise KeyError(words)

    callbacks.draw_panels((Panel(f"quotes-{words[:1]!r}", "children", quote),), {})
    assert len(caplog.text) < 2000
    assert "\ud800" not in caplog.text
    assert "\nERROR forged" not in caplog.text


WATCHED_DRAWING = """
import json, sys
from dash_app.app import create_app
from dash_app.server.sharing import MAX_BODY_BYTES
from dash_app.settings import Settings

requests = json.load(sys.stdin)
client = create_app(Settings(state_dir=sys.argv[1])).server.test_client()
client.get("/_dash-dependencies")
answers = [client.post("/_dash-update-component", json=request) for request in requests[:3]]  # imports happen here
opened, watching = [], True
sys.addaudithook(lambda event, args: opened.append(args) if watching and event in ("open", "os.listdir") else None)
answers += [client.post("/_dash-update-component", json=request) for request in requests[3:]]
watching = False
print(json.dumps([[answer.status_code for answer in answers], [str(args) for args in opened]]))
"""


def test_drawing_opens_no_file(client: FlaskClient, state_dir: Path) -> None:
    state = first_state(client)
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED_DRAWING, str(state_dir)],
        cwd=ROOT,
        env=process_environ({}),
        input=json.dumps(
            [drawing_of(other, group) for other in (state, {**state, "nav": {}}) for group in GROUPS]
        ),  # an answer is made once
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    statuses, opened = json.loads(ended.stdout)
    assert set(statuses) == {200}
    assert opened == []


def outputs_of(callback: dict[str, Any]) -> list[dict[str, str]]:
    names = callback["output"].removeprefix("..").removesuffix("..").split("...")
    return [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
