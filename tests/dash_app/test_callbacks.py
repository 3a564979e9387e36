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
from dash import Dash
from flask.testing import FlaskClient
from serving import CORPUS, ROOT, process_environ

from dash_app import callbacks, ids
from dash_app.app import create_app
from dash_app.callbacks import PANELS
from dash_app.panels import Panel
from dash_app.server.warmup import CALLBACKS, FIRST_POLL, drawing_of
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


def poll(client: FlaskClient, drawn: str | None = None) -> Any:
    return client.post(CALLBACKS, json={**FIRST_POLL, "state": [{**FIRST_POLL["state"][0], "value": drawn}]})


def first_state(client: FlaskClient) -> dict[str, Any]:
    state: dict[str, Any] = poll(client).get_json()["response"][ids.STATE]["data"]
    return state


def test_every_id_of_a_callback_is_in_the_layout(app: Dash) -> None:
    named = {part["id"] for callback in app._callback_list for part in (*callback["inputs"], *callback["state"])}
    named |= {output["id"] for callback in app._callback_list for output in outputs_of(callback)}
    assert named - set(layout_ids(app)) == set()


def test_every_panel_is_in_the_layout(app: Dash) -> None:
    assert {panel.component_id for panel in PANELS} - set(layout_ids(app)) == set()


def test_no_id_is_used_twice(app: Dash) -> None:
    assert [name for name, count in Counter(layout_ids(app)).items() if count > 1] == []


@pytest.mark.parametrize("placeholder", [ids.TICK, ids.STATE, ids.DRAWN, "connection", "clock", "fixed-clock"])
def test_layout_has_what_the_scripts_write_to(app: Dash, placeholder: str) -> None:
    assert placeholder in layout_ids(app)


def test_every_panel_has_a_property_of_its_component(app: Dash) -> None:
    components = {component.id: component for component in app.layout._traverse() if getattr(component, "id", None)}
    assert [panel for panel in PANELS if panel.prop not in components[panel.component_id].available_properties] == []


def test_every_output_has_one_writer(app: Dash) -> None:
    written = Counter((output["id"], output["property"]) for call in app._callback_list for output in outputs_of(call))
    assert [output for output, count in written.items() if count > 1] == []


def test_drawing_follows_from_the_store_alone(app: Dash) -> None:
    followers = [call["inputs"] for call in app._callback_list if call["output"] != f"{ids.STATE}.data"]
    assert followers == [[{"id": ids.STATE, "property": "data"}]]


def test_only_one_callback_is_driven_by_the_interval(app: Dash) -> None:
    driven = [call["output"] for call in app._callback_list if call["inputs"][0]["id"] == ids.TICK]
    assert driven == [f"{ids.STATE}.data"]


def test_first_poll_returns_the_state(client: FlaskClient) -> None:
    assert first_state(client)["nav"]["nav_usd"] == 10461.27


def test_poll_of_a_tab_that_has_drawn_everything_is_empty(client: FlaskClient) -> None:
    version = first_state(client)["meta"]["version"]
    answer = poll(client, version)
    assert (answer.status_code, answer.data) == (204, b"")


@pytest.mark.parametrize("drawn", [None, "", "another"])
def test_tab_that_failed_to_draw_gets_the_state_again(client: FlaskClient, drawn: str | None) -> None:
    assert poll(client, drawn).status_code == 200


def test_change_in_the_files_is_answered(client: FlaskClient, state_dir: Path) -> None:
    version = first_state(client)["meta"]["version"]
    (state_dir / "nav_state.json").unlink()
    answer = poll(client, version)
    assert answer.get_json()["response"][ids.STATE]["data"]["nav"]["source"] == "nav.json"


def test_every_panel_is_drawn_and_the_version(client: FlaskClient) -> None:
    state = first_state(client)
    drawn = client.post(CALLBACKS, json=drawing_of(state)).get_json()["response"]
    assert drawn[ids.DRAWN]["data"] == state["meta"]["version"]
    assert set(drawn) == {panel.component_id for panel in PANELS} | {ids.DRAWN}


@pytest.mark.parametrize("state", [None, {}])
def test_nothing_is_drawn_before_the_first_load(client: FlaskClient, state: dict[str, Any] | None) -> None:
    assert client.post(CALLBACKS, json=drawing_of(state)).status_code == 204


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
from dash_app.settings import Settings

requests = json.load(sys.stdin)
client = create_app(Settings(state_dir=sys.argv[1])).server.test_client()
client.get("/_dash-dependencies")
answers = [client.post("/_dash-update-component", json=request) for request in requests[:1]]  # imports happen here
opened, watching = [], True
sys.addaudithook(lambda event, args: opened.append(args) if watching and event in ("open", "os.listdir") else None)
answers += [client.post("/_dash-update-component", json=request) for request in requests[1:]]
watching = False
print(json.dumps([[answer.status_code for answer in answers], [str(args) for args in opened]]))
"""


def test_drawing_opens_no_file(client: FlaskClient, state_dir: Path) -> None:
    state = first_state(client)
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED_DRAWING, str(state_dir)],
        cwd=ROOT,
        env=process_environ({}),
        input=json.dumps([drawing_of(state), drawing_of({**state, "nav": {}})]),  # an answer is made once
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
