"""The overview made of summaries: the worst desk first, totals, what is wrong with whom, and what was checked."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from state.desks.brief import PAPER, TESTNET, Brief
from state.desks.links import LOCAL, SILENT, Hub
from state.desks.totals import Total, find_twins, sum_desks
from state.files.fleet_files import SKEW_FAILS_S, SKEW_NAMED_S
from state.files.values import printable
from state.formatting import fmt_number
from state.normalize import digest
from state.sentences import join
from state.trust.severity import SEVERITIES, rank_of
from state.trust.surface_alerts import Alert, alert, name_some

Overview = dict[str, Any]
Check = dict[str, str]

SECTIONS = ("desks", "totals", "alerts")
CLOCKED = ("loaded_at", "sections", "version")
MOST_TILES = 24  # the rest are rows of a table
MOST_ALERTS = 8
LONGEST_NAME = 32
FURTHER_TITLES = 2

# Whose trouble is looked at last.
NOT_MONEY = frozenset({PAPER, TESTNET})

# What an alert line that has said it of all desks need not say of each.
OF_ALL = {"store_unreachable", "mirror_silent"}


class Scene(NamedTuple):
    """Everything the overview is made of. `hub_alerts` are those of all desks at once."""

    root: str
    briefs: Sequence[Brief]
    books: dict[str, Any]
    hub: Hub
    hub_alerts: Sequence[Alert]
    expected: Sequence[str]
    ignored: Sequence[str]


def build_overview(scene: Scene) -> Overview:
    """The overview, as docs/state-model.md has it, without `loaded_at`."""
    briefs = sorted(scene.briefs, key=_badness)
    twins = find_twins(briefs, scene.books)
    totals = sum_desks(briefs, twins)
    overview: Overview = {
        "desks": [_shorten(brief, index) for index, brief in enumerate(briefs)],
        "totals": totals,
        "alerts": list(_alerts(scene, briefs, twins)),
        "meta": _meta(scene, briefs, totals, twins),
    }
    return _seal(overview)


def _badness(brief: Brief) -> tuple[bool, int, int, int, str]:
    """Worst first; what is no money comes last, and of equals the name decides."""
    worst = rank_of(brief["alerts"][0]["kind"]) if brief["alerts"] else (len(SEVERITIES), 0)
    return brief["kind"] in NOT_MONEY, *worst, -brief["alert_count"], brief["name"]


def _shorten(brief: Brief, index: int) -> Brief:
    """Without what stands elsewhere; a desk beyond the tiles is a row, which has no line and says one thing."""
    kept = {key: value for key, value in brief.items() if key not in ("unknown", "stale")}
    return kept if index < MOST_TILES else {**kept, "series": [], "gaps": [], "alerts": kept["alerts"][:1]}


def tell_absent(overview: Overview, name: str) -> Overview:
    """The overview for somebody who has asked for a desk that is not there, with a sentence that says which are."""
    there = sorted(brief["name"] for brief in overview["desks"] if brief["kind"])
    asked = printable(name)[:LONGEST_NAME]
    text = f"there are {', '.join(there)}" if there else "there is none"
    line = {**alert("desk_not_there", f"No desk is called {asked!r}", text), "desk": None}
    told = {**overview, "alerts": [*overview["alerts"], line]}
    told["alerts"].sort(key=lambda item: SEVERITIES.index(item["severity"]))
    return _seal({**told, "meta": {**overview["meta"], "asked": asked}})


def find_fleet_obstacles(overview: Overview) -> list[dict[str, str]]:
    """Reasons why the desks are not ready, as `find_obstacles` has them, each with its `desk`.

    Of the expected desks, or of all where none is named; what lies between all of them and the wall is said once.
    """
    expected, shared = overview["meta"]["expected"], [row for row in overview["alerts"] if row["kind"] in OF_ALL]
    found = [{"mirror": row["kind"], "reason": f"{row['title']}: {row['text']}"} for row in shared]
    if "asked" in overview["meta"]:
        return [*found, {"desk": overview["meta"]["asked"], "reason": "there is no such desk"}]
    for brief in overview["desks"]:
        if not expected or brief["name"] in expected:
            found += [
                {"desk": brief["name"], **item} for item in brief["obstacles"] if item.get("mirror") not in OF_ALL
            ]
    return found if overview["desks"] else [*found, {"desk": "", "reason": "there is no desk"}]


# --- alerts ---


def _alerts(scene: Scene, briefs: Sequence[Brief], twins: dict[str, str]) -> Iterator[Alert]:
    """Of all desks first, then one line a desk; every line says whose it is."""
    yield from ({**item, "desk": None} for item in scene.hub_alerts)
    said = OF_ALL | (
        {"desk_silent"} if any(item["kind"] == "publishing_stopped" for item in scene.hub_alerts) else set()
    )
    lines = [line for brief in briefs for line in _desk_line(brief, said)]
    lines = sorted([*lines, *_twin_lines(twins)], key=lambda line: SEVERITIES.index(line["severity"]))
    yield from lines[:MOST_ALERTS]
    rest = lines[MOST_ALERTS:]
    if rest:
        names = name_some([str(line["desk"]) for line in rest])
        yield {**rest[0], "title": f"{len(rest)} more in trouble", "text": names, "parts": [names], "desk": None}


def _desk_line(brief: Brief, said: set[str]) -> Iterator[Alert]:
    """The worst alert of a desk with its effect, and the titles of the next."""
    alerts = [item for item in brief["alerts"] if item["kind"] not in said]
    if not alerts:
        return
    worst, further = alerts[0], [item["title"] for item in alerts[1 : 1 + FURTHER_TITLES]]
    more = brief["alert_count"] - 1 - len(further)
    also = "; ".join([*further, *([f"{more} more"] if more > 0 else [])])
    parts = [*worst["parts"], *([("; " if worst["parts"] else "") + also] if also else [])]
    yield {
        **worst,
        "title": f"{brief['name']}: {worst['title']}",
        "text": join(parts),
        "parts": parts,
        "desk": brief["name"],
    }


def _twin_lines(twins: dict[str, str]) -> Iterator[Alert]:
    for name, other in twins.items():
        line = alert(
            "account_twice", f"{name}: same account as {other}", "same NAV and same positions; it is totalled once"
        )
        yield {**line, "desk": name}


# --- meta ---


def _meta(scene: Scene, briefs: Sequence[Brief], totals: Sequence[Total], twins: dict[str, str]) -> dict[str, Any]:
    mirror = scene.hub.mirror
    return {
        "root": scene.root,
        "count": len(briefs),
        "quiet": sum(not brief["severity"] for brief in briefs),
        "expected": list(scene.expected),
        "ignored": list(scene.ignored),
        "store": {"up": scene.hub.store_up, "url": mirror.store_url, "since": mirror.store_since} if mirror else None,
        "unknown": {**_numbered(briefs, "unknown"), **_unknown_totals(totals)},
        "stale": _numbered(briefs, "stale"),
        "checks": list(_checks(scene, briefs, twins)),
    }


def _numbered(briefs: Iterable[Brief], kind: str) -> dict[str, str]:
    """Reasons by path: `desks.0.nav_usd`."""
    return {f"desks.{index}.{key}": why for index, brief in enumerate(briefs) for key, why in brief[kind].items()}


def _unknown_totals(totals: Sequence[Total]) -> dict[str, str]:
    found = {}
    for index, total in enumerate(totals):
        for name, summed in total.items():
            if isinstance(summed, dict) and summed["usd"] is None:
                out = ", ".join(f"{item['desk']} {item['reason']}" for item in summed["out"])
                found[f"totals.{index}.{name}.usd"] = f"not known of any desk: {out}" if out else "there is no desk"
    return found


def _checks(scene: Scene, briefs: Sequence[Brief], twins: dict[str, str]) -> Iterator[Check]:
    """What was looked at, well or not: the chips of the footer."""
    mirrored = [brief for brief in briefs if brief["beat"] != LOCAL]
    if scene.hub.mirror or mirrored:
        yield from _way_checks(scene.hub)
    if mirrored:
        yield from _desk_checks(mirrored)
    counted = ", ".join(f"{name} as {other}" for name, other in twins.items())
    yield _check("twins", f"one account twice: {counted}" if twins else "no account twice", "warn" if twins else "ok")
    if scene.expected:
        there = [name for name in scene.expected if any(brief["name"] == name and brief["kind"] for brief in briefs)]
        label = f"{len(there)} of {len(scene.expected)} expected desks there"
        yield _check("expected", label, "ok" if len(there) == len(scene.expected) else "fail")
    if scene.ignored:
        yield _check("ignored", f"no desks' names: {name_some(list(scene.ignored))}", "not_comparable")


def _way_checks(hub: Hub) -> Iterator[Check]:
    lives = hub.store_up is not None
    yield _check("mirror", "mirror lives" if lives else "mirror silent", "ok" if lives else "fail")
    words = {
        True: ("store answers", "ok"),
        False: ("store unreachable", "fail"),
        None: ("store unknown", "not_comparable"),
    }
    yield _check("store", *words[hub.store_up])


def _desk_checks(mirrored: Sequence[Brief]) -> Iterator[Check]:
    fresh = [brief for brief in mirrored if brief["beat"] == "fresh"]
    late = [brief["name"] for brief in mirrored if brief not in fresh]
    status = "ok" if not late else "fail" if any(brief["beat"] in (SILENT, "unknown") for brief in mirrored) else "warn"
    yield _check("beats", f"beats {len(fresh)} of {len(mirrored)}{': ' if late else ''}{name_some(late)}", status)
    widest = max(abs(brief["skew_s"]) for brief in mirrored)
    status = "fail" if widest > SKEW_FAILS_S else "warn" if widest > SKEW_NAMED_S else "ok"
    yield _check("clocks", f"clocks within {fmt_number(max(widest, 0.1), 1)} s", status)


def _check(name: str, label: str, status: str) -> Check:
    return {"name": name, "label": label, "status": status, "detail": label}


def _seal(overview: Overview) -> Overview:
    """Digests of each section and of all, as those of one desk's state."""
    meta = {key: value for key, value in overview["meta"].items() if key not in CLOCKED}
    sections = {name: digest(overview[name]) for name in SECTIONS} | {"meta": digest(meta)}
    return {**overview, "meta": {**overview["meta"], "sections": sections, "version": digest(sections)}}
