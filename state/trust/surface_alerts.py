"""What is wrong with the files themselves: a silent writer, a file that cannot be read, is late, frozen or missing."""

from collections.abc import Iterator
from typing import Any

from state.files.surfaces import EXECUTOR, NAV_STATE, SURFACES, SYNC_DAEMON
from state.formatting import fmt_age, fmt_moment
from state.sentences import Part, join
from state.trust.shapes import DAEMONS

WRITERS = {surface.name: surface.writer for surface in SURFACES}

Alert = dict[str, Any]
State = dict[str, Any]
Surfaces = list[dict[str, Any]]


def alert(severity: str, title: str, *parts: Part, since: float | None = None) -> Alert:
    """An alert; its text is made of parts, so that amounts can be masked; `since` is an epoch it has lasted from."""
    return {"severity": severity, "title": title, "text": join(parts), "parts": list(parts), "since": since}


def present(state: State) -> Surfaces:
    """The files that are there."""
    return [surface for surface in state["meta"]["surfaces"] if surface["status"] != "missing"]


def silent_writers(state: State) -> Iterator[Alert]:
    """Processes that have stopped writing."""
    for writer, own in _silent(state).items():
        newest = max(surface["updated_at"] for surface in own)
        text = f"last wrote at {_moment(state, newest)}: {_names(own)}"
        yield alert("fail", f"{writer.upper()} SILENT", text, since=newest)


def troubled_files(state: State) -> Iterator[Alert]:
    """Everything else that is wrong with single files."""
    yield from _unusable(state)
    yield from _frozen(state)
    yield from _repeating(state)
    yield from _overdue(state)
    yield from _missing(state)


def _silent(state: State) -> dict[str, Surfaces]:
    """Files by silent writer: one whose most frequent files, that only it writes, have all gone stale."""
    found = {}
    for writer in (EXECUTOR, SYNC_DAEMON):
        own = [surface for surface in present(state) if _is_written_by(surface, writer)]
        often = min((surface["cadence_s"] for surface in own), default=0.0)
        telling = [surface for surface in own if surface["cadence_s"] == often]
        if telling and all(
            surface["freshness"] == "stale" and not _is_rewritten(state, surface) for surface in telling
        ):
            found[writer] = [surface for surface in own if surface["freshness"] == "stale"]
    return found


def _is_written_by(surface: dict[str, Any], writer: str) -> bool:
    """Whether only this process can have written what is in the file: nav_state.json has two writers, told by shape."""
    if surface["name"] == NAV_STATE and surface["shape"] is not None and surface["shape"] != DAEMONS:
        return False
    return WRITERS.get(surface["name"]) == writer


def _is_rewritten(state: State, surface: dict[str, Any]) -> bool:
    """Whether the file itself is written still, whatever its content says (a fixed clock in the past cannot tell)."""
    now, mtime = state["meta"]["loaded_at"], surface["mtime"]
    return mtime is not None and 0 <= now - mtime <= surface["stale_after_s"]


def _unusable(state: State) -> Iterator[Alert]:
    listed = [surface for surface in state["meta"]["surfaces"] if surface["listed"]]
    ahead = [surface for surface in listed if _is_ahead(state, surface)]
    for surface in listed:
        if surface["status"] in ("malformed", "unreadable", "empty"):
            yield alert("fail", f"{surface['name']} {surface['status']}", surface["error"])
        elif surface["error"] and (surface not in ahead or len(ahead) == 1):
            yield alert("fail", f"{surface['name']} has a wrong clock", surface["error"])
    if len(ahead) > 1:
        # One host whose clock is off stamps all its files so: it is said once.
        furthest = max(surface["updated_at"] for surface in ahead) - state["meta"]["loaded_at"]
        yield alert(
            "fail",
            f"CLOCK IS OFF: {len(ahead)} files have a wrong clock",
            f"stamped up to {fmt_age(furthest)} ahead: {_names(ahead)}",
        )


def _is_ahead(state: State, surface: dict[str, Any]) -> bool:
    at = surface["updated_at"]
    return at is not None and surface["age_s"] is None and at > state["meta"]["loaded_at"]


def _frozen(state: State) -> Iterator[Alert]:
    for surface in state["meta"]["surfaces"]:
        since = surface["frozen_since"]
        if since is not None:
            text = f"it is still written, but its rows have not changed after {_moment(state, since)}"
            yield alert("fail", f"{surface['name']} FROZEN", text, since=since)


def _repeating(state: State) -> Iterator[Alert]:
    for surface in _of_freshness(state, "stale"):
        if _is_rewritten(state, surface):
            text = f"it is still written, but with content of {_moment(state, surface['updated_at'])}"
            yield alert("fail", f"{surface['name']} REPEATS OLD CONTENT", text, since=surface["updated_at"])


def _overdue(state: State) -> Iterator[Alert]:
    """Files that are late or silent by themselves, their writer not being silent as a whole."""
    explained = {surface["name"] for own in _silent(state).values() for surface in own}
    count = len(_required(state))
    for freshness, severity, phrase in (("stale", "fail", "silent"), ("late", "warn", "late")):
        named = [item for item in _of_freshness(state, freshness) if item["name"] not in explained]
        named = [item for item in named if freshness == "late" or not _is_rewritten(state, item)]
        if named:
            oldest = min(item["updated_at"] for item in named)
            title = f"{len(named)} of {count} files {phrase}: {_names(named)}"
            yield alert(severity, title, f"last written at {_moment(state, oldest)}", since=oldest)


def _missing(state: State) -> Iterator[Alert]:
    required = _required(state)
    missing = [item for item in required if item["status"] == "missing"]
    if missing and present(state):
        yield alert("warn", f"{len(missing)} of {len(required)} files missing", _names(missing))


def _required(state: State) -> Surfaces:
    return [surface for surface in state["meta"]["surfaces"] if surface["required"]]


def _of_freshness(state: State, freshness: str) -> Surfaces:
    return [surface for surface in _required(state) if surface["freshness"] == freshness]


def _names(surfaces: Surfaces) -> str:
    return ", ".join(surface["name"] for surface in surfaces)


def _moment(state: State, epoch: float) -> str:
    return fmt_moment(epoch, state["meta"]["loaded_at"])
