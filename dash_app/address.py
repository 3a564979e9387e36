"""What the address of a tab asks of the server: `?kiosk=1` and `?privacy=1`."""

from typing import Any, NamedTuple
from urllib.parse import parse_qs

from dash_app.privacy import mask_state

State = dict[str, Any]


class View(NamedTuple):
    """How one tab wants the state."""

    kiosk: bool = False
    private: bool = False


def read_address(search: str, *, private: bool = False) -> View:
    """The view of `?kiosk=1&privacy=1`; any value of privacy but 0 masks.

    Args:
        search: what the address of the tab asks for.
        private: whether this visitor may have no amounts, whatever the address says.
    """
    asked = parse_qs(search.removeprefix("?"), keep_blank_values=True)
    masked = any(value != "0" for value in asked.get("privacy", []))
    return View(kiosk=asked.get("kiosk", [""])[-1] == "1", private=private or masked)


def show_as(state: State, view: View) -> State:
    """The state as this tab may have it; the one given is shared and stays as it is."""
    if view.kiosk:
        state = {**state, "meta": {**state["meta"], "worst_first": True}}
    if not view.private:
        return state
    # The digest of one section could tell which of a few amounts is in it; that of the whole state cannot.
    sections = dict.fromkeys(state["meta"]["sections"], state["meta"]["version"])
    masked = mask_state(state)
    return {**masked, "meta": {**masked["meta"], "sections": sections}}
