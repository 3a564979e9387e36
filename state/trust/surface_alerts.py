"""What is wrong with the files themselves: a silent writer, a file that cannot be read, is late, frozen or missing."""

from collections.abc import Iterator
from typing import Any

from state.files.surfaces import EXECUTOR, NAV_STATE, SURFACES, SYNC_DAEMON
from state.formatting import fmt_age, fmt_moment
from state.sentences import Part, join
from state.trust.effects import Effect, find_effect, tell_effects
from state.trust.severity import KINDS, SEVERITIES, file_kind, missing_kind
from state.trust.shapes import DAEMONS

WRITERS = {surface.name: surface.writer for surface in SURFACES}

# So many names are told one by one.
NAMED = 6

Alert = dict[str, Any]
State = dict[str, Any]
Surfaces = list[dict[str, Any]]


def alert(
    kind: str, title: str, *parts: Part, since: float | None = None, detail: str = "", about: Surfaces | None = None
) -> Alert:
    """An alert of a kind of the table of severities.

    Its text says the effect, and is made of parts, so that amounts can be masked; `detail` has the words of a parser or
    a system, for whoever asks; `since` is an epoch it has lasted from; `about` are the files it names.
    """
    said = {"severity": KINDS[kind], "kind": kind, "title": title, "text": join(parts)}
    files = [surface["name"] for surface in about or []]
    return {**said, "parts": list(parts), "detail": detail, "since": since, "files": files}


def grade_surfaces(surfaces: Surfaces, alerts: list[Alert]) -> None:
    """Give each file the worst severity of the alerts that name it, empty where none does: page and line agree."""
    for surface in surfaces:
        named = {item["severity"] for item in alerts if surface["name"] in item["files"]}
        surface["severity"] = next((severity for severity in SEVERITIES if severity in named), "")


def name_some(names: list[str]) -> str:
    """The first few, and how many more there are."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" +{rest} more" if rest > 0 else "")


def present(state: State) -> Surfaces:
    """The files that are there."""
    return [surface for surface in state["meta"]["surfaces"] if surface["status"] != "missing"]


def silent_writers(state: State) -> Iterator[Alert]:
    """Processes that have stopped writing."""
    for writer, own in _silent(state).items():
        newest = max(surface["updated_at"] for surface in own)
        effect = _in_place(state, own)
        text = f"last wrote at {_moment(state, newest)}: {_names(own)}{effect}"
        yield alert("writer_silent", f"{writer.upper()} SILENT", text, since=newest, about=own)


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
    for surface in listed:
        if surface["status"] in ("malformed", "unreadable", "empty"):
            effect = _effect_of(state, surface)
            kind = file_kind(lost=effect.lost)
            title, error = f"{surface['name']} {surface['status']}", surface["error"] or ""
            yield alert(kind, title, effect.words, detail=error, about=[surface])
    yield from _unstamped([item for item in listed if item["updated_at"] is None])
    yield from _clocks([surface for surface in state["meta"]["surfaces"] if surface["ahead_s"] is not None])


def _unstamped(surfaces: Surfaces) -> Iterator[Alert]:
    """Files that do not say of when they are, in words that one can read: no clock is wrong with them."""
    unstamped = [surface for surface in surfaces if surface["status"] == "ok" and surface["error"]]
    if len(unstamped) == 1:
        name, error = unstamped[0]["name"], unstamped[0]["error"]
        title = f"{name}: time stamp cannot be read" if "cannot be read" in error else f"{name} has no time stamp"
        yield alert("no_stamp", title, "nobody can tell how old it is", detail=error, about=unstamped)
    elif unstamped:
        title = f"{len(unstamped)} files have no time stamp that can be read"
        detail = "; ".join(f"{surface['name']}: {surface['error']}" for surface in unstamped)
        text = f"nobody can tell how old they are: {_names(unstamped)}"
        yield alert("no_stamp", title, text, detail=detail, about=unstamped)


def _clocks(ahead: Surfaces) -> Iterator[Alert]:
    """One host whose clock is off stamps all its files so: it is said once.

    The sync daemon's is told by the files that only it writes, whoever wrote the others last.
    """
    writers = {WRITERS[surface["name"]] for surface in ahead if surface["name"] in WRITERS}
    if EXECUTOR not in writers and not all(surface["listed"] for surface in ahead):
        text = f"its files are stamped up to {fmt_age(max(surface['ahead_s'] for surface in ahead))} ahead"
        yield alert("clock_off", f"CLOCK IS OFF: the {SYNC_DAEMON} has a wrong clock", text, about=ahead)
        return
    ahead = [surface for surface in ahead if surface["listed"]]
    if len(ahead) == 1 and ahead[0]["status"] == "ok":
        yield alert("clock_off", f"{ahead[0]['name']} has a wrong clock", ahead[0]["error"], about=ahead)
    elif len(ahead) > 1:
        furthest = max(surface["ahead_s"] for surface in ahead)
        title = f"CLOCK IS OFF: {len(ahead)} files have a wrong clock"
        yield alert("clock_off", title, f"stamped up to {fmt_age(furthest)} ahead: {_names(ahead)}", about=ahead)


def _effect_of(state: State, surface: dict[str, Any]) -> Effect:
    """What is shown in place of a file that cannot be read; its last good content where nothing else is."""
    effect = find_effect(state, surface["name"])
    if surface["shape"] is None:
        return effect if effect.words else Effect("the other files are shown", effect.lost)
    kept = f"what it last said is kept, of {_moment(state, surface['updated_at'])}"
    shown = effect.words if " from " in effect.words and surface["freshness"] == "stale" else ""
    return Effect("; ".join(filter(None, (kept, shown))))


def _in_place(state: State, surfaces: Surfaces) -> str:
    """What is shown in place of files that are silent, where another one's is."""
    words = [find_effect(state, surface["name"]).words for surface in surfaces]
    told = ", ".join(dict.fromkeys(effect for effect in words if effect.startswith(("NAV from", "positions shown"))))
    return f"; {told}" if told else ""


def _frozen(state: State) -> Iterator[Alert]:
    for surface in state["meta"]["surfaces"]:
        since = surface["frozen_since"]
        if since is not None:
            text = f"it is still written, but its rows have not changed after {_moment(state, since)}"
            yield alert("book_frozen", f"{surface['name']} FROZEN", text, since=since, about=[surface])


def _repeating(state: State) -> Iterator[Alert]:
    """Files that are written still and stamped long ago; all those of one host, whose clock may be behind, at once."""
    found = [surface for surface in _of_freshness(state, "stale") if _is_rewritten(state, surface)]
    if found:
        oldest = min(surface["updated_at"] for surface in found)
        name = found[0]["name"] if len(found) == 1 else f"{len(found)} files"
        text = f"still written, but stamped {_moment(state, oldest)}: the content is repeated, or the clock behind"
        named = "" if len(found) == 1 else f"; {_names(found)}"
        yield alert("content_repeats", f"{name}: OLD STAMP", f"{text}{named}", since=oldest, about=found)


def _overdue(state: State) -> Iterator[Alert]:
    """Files that are late or silent by themselves, their writer not being silent as a whole."""
    explained = _explained(state)
    count = len(_required(state))
    for freshness, kind, phrase in (("stale", "file_silent", "silent"), ("late", "file_late", "late")):
        named = [item for item in _of_freshness(state, freshness) if item["name"] not in explained]
        named = [item for item in named if freshness == "late" or not _is_rewritten(state, item)]
        named = [item for item in named if item["status"] == "ok"]  # the others have a line of their own
        if named:
            oldest = min(item["updated_at"] for item in named)
            title = f"{len(named)} of {count} files {phrase}: {_names(named)}"
            effect = _in_place(state, named) if freshness == "stale" else ""
            text = f"last written at {_moment(state, oldest)}{effect}"
            yield alert(kind, title, text, since=oldest, about=named)
    yield from _overdue_optional(state, explained)


def _explained(state: State) -> set[str]:
    """The files of a silent writer, and the one that the executor alone writes now, less often than both had."""
    silent = _silent(state)
    mirrored = {NAV_STATE} if SYNC_DAEMON in silent and EXECUTOR not in silent else set()
    return mirrored | {surface["name"] for own in silent.values() for surface in own}


def _overdue_optional(state: State, explained: set[str]) -> Iterator[Alert]:
    """Files that may be absent, and are there but not written any more."""
    wanted = [item for item in state["meta"]["surfaces"] if item["listed"] and not item["required"]]
    late = [item for item in wanted if item["freshness"] in ("late", "stale") and item["status"] == "ok"]
    named = [item for item in late if item["name"] not in explained]
    if named:
        oldest = min(item["updated_at"] for item in named)
        text = f"last written at {_moment(state, oldest)}"
        yield alert("optional_file_late", f"{_names(named)} late", text, about=named)


def _missing(state: State) -> Iterator[Alert]:
    required = _required(state)
    missing = [item for item in required if item["status"] == "missing"]
    if missing and present(state):
        effects = tell_effects(state, (item["name"] for item in missing))
        text = f"{_names(missing)}: {effects}" if effects else _names(missing)
        kind = missing_kind(len(missing), len(required))
        yield alert(kind, f"{len(missing)} of {len(required)} files missing", text, about=missing)


def _required(state: State) -> Surfaces:
    return [surface for surface in state["meta"]["surfaces"] if surface["required"]]


def _of_freshness(state: State, freshness: str) -> Surfaces:
    return [surface for surface in _required(state) if surface["freshness"] == freshness]


def _names(surfaces: Surfaces) -> str:
    return ", ".join(surface["name"] for surface in surfaces)


def _moment(state: State, epoch: float) -> str:
    return fmt_moment(epoch, state["meta"]["loaded_at"])
