"""The files a NAV may come from, in the order they are asked."""

from state.facts.sources import Sources
from state.files.surfaces import BY_NAME, NAV, NAV_STATE
from state.files.values import JsonDict, first, positive

NAV_KEYS = ("total_equity", "nav", "nav_usd")


def nav_payloads(sources: Sources) -> list[tuple[str, JsonDict]]:
    """(file name, content) of nav_state.json, nav.json and any other nav file there is, as far as they can be read."""
    others = sorted(name for name in sources.readings if name.startswith("nav") and name not in BY_NAME)
    return [(name, sources.data(name)) for name in (NAV_STATE, NAV, *others) if sources.has(name)]


def nav_of(payload: JsonDict) -> float | None:
    """NAV in USD of a payload of either shape; zero and below mean that nothing was written."""
    return first(positive(payload.get(key)) for key in NAV_KEYS)
