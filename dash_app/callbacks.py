"""The whole flow: one callback loads the state into the Store, and one of each group of panels draws it."""

import hashlib
import json
import logging
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from flask import abort

from dash_app import ids
from dash_app.access.guard import must_mask
from dash_app.address import View, read_address
from dash_app.panels import Group, Panel, groups_of
from dash_app.privacy import show_as
from dash_app.render import html
from dash_app.render.readings import StateDict, mapping_at, value_at
from dash_app.server.loads import load_state
from dash_app.server.metrics import COUNTS
from dash_app.settings import Settings

LOGGER = logging.getLogger(__name__)

LONGEST_SEARCH = 2000
CACHE_S = 5.0  # a state that is given again is no older; its ages go on in the browser
MAX_CACHED = 256  # views: of each desk as it is, as a kiosk, private, and both; only the newest state of each


def register_callbacks(app: Dash, settings: Settings) -> None:
    """Interval -> load -> Store -> cards, charts and tables.

    Each group leaves the digest of what it has drawn in the page; a tab in which one of them failed has another one
    there and gets the state again.
    """
    groups = groups_of(settings)
    app.callback(
        Output(ids.STATE, "data"),
        Input(ids.TICK, "n_intervals"),
        Input(ids.ADDRESS, "search"),
        *(State(group.drawn, "data-drawn") for group in groups),
    )(_loader(settings, groups))
    for group in groups:
        app.callback(
            *(Output(*place) for place in group.places),
            Output(group.drawn, "data-drawn"),
            Input(ids.STATE, "data"),
            State(group.drawn, "data-drawn"),
            prevent_initial_call=True,
        )(_drawer(group))


class Version(NamedTuple):
    """What tells the answer to one poll from that to another, but for what the tab has drawn."""

    view: View
    state: str
    moment: float  # all tabs get a version with the same times and send back the same bytes: one drawing serves them


def version_of_poll(settings: Settings) -> Callable[[dict[str, Any]], Version | None]:
    """What the parsed body of a poll will be answered from; None for one without the address of a tab."""

    def version_of(asked: dict[str, Any]) -> Version | None:
        try:
            search = asked["inputs"][1]["value"]
        except (LookupError, TypeError):
            return None
        return look(settings, search)[0] if search is not None else None

    return version_of


def look(settings: Settings, search: Any) -> tuple[Version, StateDict]:
    """The state for a tab of this address as it is now, and its version."""
    if not isinstance(search, str) or len(search) > LONGEST_SEARCH:
        abort(400)
    view = read_address(search, private=must_mask())
    if settings.desks_dir is None:
        view = view._replace(desk="")
    state = load_state(settings, view.desk)
    return Version(view, state["meta"]["version"], state["meta"]["loaded_at"] // CACHE_S), state


def _loader(settings: Settings, groups: tuple[Group, ...]) -> Callable[..., StateDict]:
    cache: OrderedDict[View, tuple[Version, StateDict, tuple[str, ...]]] = OrderedDict()

    def load(_tick: int | None, search: str | None, *drawn: str | None) -> StateDict:
        # A tab asks once before it has read its own address: it must not get what the address says to mask.
        if search is None:
            raise PreventUpdate
        version, state = look(settings, search)
        answer = cache.get(version.view)
        if answer is None or answer[0] != version:
            shown = show_as(state, version.view)
            answer = cache[version.view] = (version, shown, tuple(digest_of(shown, group) for group in groups))
        for oldest in list(cache)[:-MAX_CACHED]:
            cache.pop(oldest, None)
        if drawn == answer[2]:
            raise PreventUpdate
        return answer[1]

    return load


def _drawer(group: Group) -> Callable[..., list[Any]]:
    def draw(state: StateDict | None, drawn: str | None) -> list[Any]:
        if state is None:
            raise PreventUpdate
        validate_state(state)
        digest = digest_of(state, group)
        if digest == drawn:
            raise PreventUpdate
        COUNTS.add("draws")
        panels = group.panels_of(state)
        values = dict(
            zip(((panel.component_id, panel.prop) for panel in panels), draw_panels(panels, state), strict=True)
        )
        # What another page shows stays as it is, out of sight.
        return [*(values.get(place, no_update) for place in group.places), digest]

    return draw


def digest_of(state: StateDict, group: Group) -> str:
    """The digest of what a group draws of a state: its sections, the reasons that go with them, and how it is shown."""
    sections = mapping_at(state, "meta.sections")
    reasons = [_of_sections(mapping_at(state, path), group) for path in ("meta.unknown", "meta.stale")]
    shown_as = [value_at(state, "meta.private"), value_at(state, "meta.worst_first")]
    content = json.dumps([[sections.get(name) for name in group.sections], reasons, shown_as])
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def _of_sections(reasons: StateDict, group: Group) -> list[tuple[str, Any]]:
    return sorted(item for item in reasons.items() if item[0].partition(".")[0] in group.sections)


# --- what may be drawn ---

# A state of 5,000 symbols, two thirds of them held, has less than half of this; of each entry the page makes many.
MAX_LENGTHS = {"positions": 10_000, "kpis.symbols": 10_000, "meta.unknown": 100_000, "meta.stale": 100_000}
MAX_LENGTH = 2_000


def validate_state(state: Any) -> None:
    """400 for what is no state, or would fill more than the largest page: a client may post whatever it likes."""
    if not isinstance(state, dict) or any(_is_too_long(*part) for part in _parts(state)):
        abort(400)


def _parts(state: StateDict) -> Iterable[tuple[str, Any]]:
    """Sections and fields of sections, by their paths."""
    for name, section in state.items():
        yield name, section
        if isinstance(section, dict):
            yield from ((f"{name}.{key}", value) for key, value in section.items())


def _is_too_long(path: str, value: Any) -> bool:
    return isinstance(value, dict | list) and len(value) > MAX_LENGTHS.get(path, MAX_LENGTH)


# --- drawing ---

FAILED = "panel failed"

_WORDS = {"text": FAILED, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
_NO_AXIS = {"visible": False}

FAILED_VALUES: dict[str, Any] = {
    "children": html.Div(FAILED, className="panel-failed"),
    "figure": {"data": [], "layout": {"annotations": [_WORDS], "xaxis": _NO_AXIS, "yaxis": _NO_AXIS}},
    "data": [{"symbol": FAILED}],
    "tooltip_data": [],
}

MOST_REPORTS = 100
DEEPEST_FRAMES = 10
LONGEST_WORDS = 200  # of what an error says: it may quote the state, and the state may be a client's

_reported: set[tuple[str, str]] = set()  # what the log has had: a failure comes back with every change of the state


def draw_panels(panels: Iterable[Panel], state: StateDict) -> list[Any]:
    """The value of each panel, in order; one that fails blanks itself and no other."""
    return [_draw(panel, state) for panel in panels]


def _draw(panel: Panel, state: StateDict) -> Any:
    try:
        return panel.render(state)
    except Exception as error:  # noqa: BLE001 - whatever a renderer raises, the other panels must live
        _report(panel, error)
        return FAILED_VALUES.get(panel.prop, no_update)  # words, and never the numbers from before


def _report(panel: Panel, error: Exception) -> None:
    """Say where it failed, once for each place in the code."""
    place = "".join(traceback.format_tb(error.__traceback__, limit=-DEEPEST_FRAMES))
    key = (f"{panel.component_id}.{panel.prop}", place)
    if key not in _reported and len(_reported) < MOST_REPORTS:
        _reported.add(key)
        words = ascii(str(error)[:LONGEST_WORDS])
        LOGGER.error("panel %s failed: %s %s\n%s", key[0], type(error).__name__, words, place)
