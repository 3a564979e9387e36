"""What an operator is told by a state: values, words, alerts and checks; ages, write times and digests left out."""

from collections.abc import Iterator
from typing import Any

from worlds import State

SECTIONS = ("nav", "aum", "kpis", "positions", "router")
FLAGS = ("testnet", "environment", "unknown", "last_book", "drift")
SURFACE_WORDS = ("name", "status", "error", "freshness", "frozen_since")
LOUD = ("warn", "fail")

_ABSENT = object()


def told(state: State) -> State:
    """The part of a state that is the same in every process that reads the same files."""
    meta = state["meta"]
    return {
        **{name: state[name] for name in SECTIONS},
        **{name: meta[name] for name in FLAGS},
        "nav": _ageless(state["nav"]),
        "alerts": [[item["severity"], item["title"], item["text"]] for item in meta["alerts"]],
        "checks": {item["name"]: _check(item) for item in meta["checks"]},
        "surfaces": {item["name"]: [item[word] for word in SURFACE_WORDS] for item in meta["surfaces"]},
    }


def _ageless(nav: State) -> State:
    steady = {key: value for key, value in nav.items() if key != "age_s"}
    if nav.get("exchange"):
        steady["exchange"] = {key: value for key, value in nav["exchange"].items() if key != "confirmed_age_s"}
    return steady


def _check(item: State) -> list[str]:
    """The words under a green mark are read by nobody."""
    return [item["status"], item["detail"] if item["status"] in LOUD else ""]


def differing_paths(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """Dotted paths at which two values differ; lists differ as a whole."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}, key=str):
            yield from differing_paths(left.get(key, _ABSENT), right.get(key, _ABSENT), f"{path}.{key}".lstrip("."))
    elif left != right:
        yield path
