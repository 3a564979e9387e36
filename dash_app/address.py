"""What the address of a tab asks of the server: `?kiosk=1` and `?privacy=1`."""

from typing import Any, NamedTuple
from urllib.parse import parse_qs

from dash_app.access.guard import must_mask
from dash_app.privacy import mask_state

State = dict[str, Any]


class View(NamedTuple):
    """How one tab wants the state."""

    kiosk: bool = False
    private: bool = False


def read_address(search: str, environ: dict[str, Any] | None = None) -> View:
    """The view of `?kiosk=1&privacy=1`; any value of privacy but 0 masks, and so does a private key.

    Args:
        search: what the address of the tab asks for.
        environ: the WSGI environment of the request, where it is not the one that Flask has at hand.
    """
    asked = parse_qs(search.removeprefix("?"), keep_blank_values=True)
    private = any(value != "0" for value in asked.get("privacy", []))
    return View(kiosk=asked.get("kiosk", [""])[-1] == "1", private=private or must_mask(environ))


def show_as(state: State, view: View) -> State:
    """The state as this tab may have it; the one given is shared and stays as it is."""
    if view.kiosk:
        state = {**state, "meta": {**state["meta"], "worst_first": True}}
    return mask_state(state) if view.private else state
