"""Several desks: who stands first, what the totals may say, and what is said when a desk cannot be heard."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from desks import HEALTHY, NOW, QUIET, Desks, picture, write_renamed
from serving import CORPUS

from state import load_all_state
from state.desks import member
from state.desks.overview import find_fleet_obstacles, tell_absent
from state.fleet import Fleet, expected_desks, load_desk, load_fleet

State = dict[str, Any]


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    """An empty directory of desks."""
    (tmp_path / "desks").mkdir()
    return Desks(tmp_path / "desks")


def load(desks: Desks, now: float = NOW, expected: tuple[str, ...] = (), **environ: str) -> State:
    """A first look."""
    return Fleet(str(desks.root), remember=False).load(now, environ, expected)


def titles(overview: State) -> list[str]:
    """What the alert line says."""
    return [item["title"] for item in overview["alerts"]]


def order(overview: State) -> list[str]:
    """Names as the tiles stand."""
    return [brief["name"] for brief in overview["desks"]]


def brief_of(overview: State, name: str) -> State:
    """One desk."""
    return next(brief for brief in overview["desks"] if brief["name"] == name)


# --- the overview ---


def test_the_worst_desk_stands_first_and_the_testnet_last(tmp_path: Path) -> None:
    """Of desks that are as well as each other the name decides."""
    overview = load(picture(tmp_path))
    assert order(overview) == ["beta", "delta", "epsilon", "alpha", "eta", "gamma", "zeta", "lab"]
    assert titles(overview) == ["beta: DESK SILENT", "delta: Drawdown defensive", "epsilon: Router poor"]
    assert (overview["meta"]["count"], overview["meta"]["quiet"]) == (8, 5)


def test_it_is_json_and_has_the_shape_of_a_state(tmp_path: Path) -> None:
    """Versions and sections as those of one desk, the same in every process that looks."""
    desks = picture(tmp_path)
    overview, other = load(desks), load(desks)
    assert json.loads(json.dumps(overview, allow_nan=False)) == overview
    assert overview["meta"]["sections"].keys() == {"desks", "totals", "alerts", "meta"}
    assert overview["meta"]["version"] == other["meta"]["version"]


def test_a_tile_says_what_the_desk_says(desks: Desks) -> None:
    """Each figure is that of the desk's own state."""
    desks.add("alpha", HEALTHY)
    found = brief_of(load(desks), "alpha")
    state = load_all_state(desks.root / "alpha" / "logs" / "state", now=NOW, environ={}, remember=False)
    assert found["nav_usd"] == state["nav"]["nav_usd"] == 10461.27
    assert found["pnl_today_usd"] == state["kpis"]["pnl"]["today_usd"]
    assert (found["gross_usd"], found["net_usd"]) == tuple(
        state["nav"][f"{name}_exposure_usd"] for name in ("gross", "net")
    )
    assert found["alerts"][0] == next(item for item in state["meta"]["alerts"] if item["kind"] == "router_poor")
    assert found["version"] == state["meta"]["version"]


KINDS = [
    ("live", None, "live"), ("PROD", None, "live"), ("paper", None, "paper"), ("dry_run", None, "paper"),
    ("testnet", None, "testnet"), ("dev", "1", "testnet"), ("dev", "0", "live"), ("latest-prod", None, "unknown"),
    (None, None, "unknown"), ("live", "1", "testnet"), ("testnet", "0", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("env", "testnet", "kind"), KINDS)
def test_whose_money_a_desk_is(desks: Desks, env: str | None, testnet: str | None, kind: str) -> None:
    """In words that everybody uses; what nobody has named, or what is contradicted, is no live money."""
    words = {"ENV": env, "BINANCE_TESTNET": testnet}
    desks.add("alpha", QUIET, None).mirror()
    desks.beat("alpha", environ={name: word for name, word in words.items() if word})
    assert brief_of(load(desks), "alpha")["kind"] == kind


def test_a_mirrored_desk_has_its_own_words_and_never_the_walls(desks: Desks) -> None:
    """Else a testnet on the wall's machine would make a testnet of all desks."""
    desks.add("far", QUIET, None).add("near", QUIET, None).mirror().beat("far")
    overview = load(desks, ENV="testnet")
    assert [brief_of(overview, name)["kind"] for name in ("far", "near")] == ["live", "testnet"]


# --- totals ---


def total(overview: State, name: str, kind: int = 0) -> State:
    """One sum of the headline, or of what is totalled apart."""
    found: State = overview["totals"][kind][name]
    return found


def test_sums_of_desks_that_are_all_there_are_exact(desks: Desks) -> None:
    """No bound, nobody missing."""
    desks.add("alpha", HEALTHY, nav_usd=10000.25).add("beta", QUIET, nav_usd=500.5)
    nav, net = total(load(desks), "nav"), total(load(desks), "net")
    assert (nav["usd"], nav["counted"], nav["out"], nav["is_lower_bound"]) == (10500.75, 2, [], False)
    assert (net["counted"], net["out"], net["is_lower_bound"]) == (2, [], False)


def test_a_silent_desk_makes_nav_and_gross_lower_bounds_and_pnl_a_count(tmp_path: Path) -> None:
    """Its last figures are shown and in no sum; the testnet is totalled apart."""
    overview = load(picture(tmp_path))
    nav, pnl = total(overview, "nav"), total(overview, "pnl_today")
    assert nav["usd"] == pytest.approx(95697.56 - 0.27, abs=0.5)
    assert (nav["is_lower_bound"], nav["out"]) == (True, [{"desk": "beta", "reason": "silent"}])
    assert total(overview, "gross")["is_lower_bound"] is True
    assert (pnl["is_lower_bound"], pnl["counted"], overview["totals"][0]["desks"]) == (False, 6, 7)
    assert (overview["totals"][1]["kind"], total(overview, "nav", 1)["usd"]) == ("testnet", 100012.40)
    assert brief_of(overview, "beta")["nav_usd"] == 8204.15
    assert "desks.0.nav_usd" in overview["meta"]["stale"]


def test_a_frozen_nav_is_named_and_not_summed(desks: Desks) -> None:
    """It is an old one repeated."""
    desks.now += 600.0
    desks.add("alpha", "v7.1/exchange_down")
    out = total(load(desks, desks.now), "nav")
    assert (out["usd"], out["out"]) == (None, [{"desk": "alpha", "reason": "frozen"}])
    assert "alpha frozen" in load(desks, desks.now)["meta"]["unknown"]["totals.0.nav.usd"]


def test_a_desk_that_owes_money_is_no_reason_for_a_lower_bound(desks: Desks) -> None:
    """With it the sum would be less."""
    desks.add("alpha").add("beta", QUIET, None).mirror().beat("beta", 60.0)
    state = desks.read("beta", "nav_state.json")
    desks.write("beta", "nav_state.json", state | {"total_equity": -50.0})
    nav = total(load(desks), "nav")
    assert (nav["counted"], nav["is_lower_bound"]) == (1, False)


def test_an_environment_that_nobody_has_named_is_totalled_apart(desks: Desks) -> None:
    """It may be live money, so that the sum of that is a lower bound."""
    desks.add("alpha", QUIET, "live", nav_usd=1000.5).add("beta", QUIET, None, nav_usd=77.25)
    overview = load(desks)
    assert [found["kind"] for found in overview["totals"]] == ["live", "unknown"]
    assert (total(overview, "nav")["usd"], total(overview, "nav")["is_lower_bound"]) == (1000.5, True)
    assert total(overview, "nav", 1)["usd"] == 77.25


def test_one_account_shown_by_two_desks_counts_once_and_is_named(desks: Desks) -> None:
    """The total would be twice what there is."""
    desks.add("alpha", HEALTHY).add("beta", HEALTHY).add("gamma", HEALTHY, nav_usd=9.5)
    overview = load(desks)
    nav = total(overview, "nav")
    assert (nav["usd"], nav["is_lower_bound"]) == (10470.77, True)
    assert nav["out"] == [{"desk": "beta", "reason": "same account as alpha"}]
    assert "beta: same account as alpha" in titles(overview)


def test_two_new_accounts_are_not_one(desks: Desks) -> None:
    """A round sum and no position is what every account begins with."""
    desks.add("alpha", "v7.1/flat_book", nav_usd=10000.0).add("beta", "v7.1/flat_book", nav_usd=10000.0)
    assert total(load(desks), "nav")["counted"] == 2


# --- what lies between ---


def one_mirrored(desks: Desks, age_s: float = 2.0, **more: Any) -> Desks:
    """One local desk and one of another host."""
    desks.add("near").add("far", HEALTHY, None)
    return desks.mirror().beat("far", age_s, **more)


@pytest.mark.parametrize(
    ("age_s", "beat"), [(0.0, "fresh"), (9.9, "fresh"), (10.1, "late"), (24.9, "late"), (25.1, "silent")]
)
def test_a_beat_is_late_after_ten_seconds_and_silent_after_twenty_five(desks: Desks, age_s: float, beat: str) -> None:
    """By the wall's clock."""
    found = brief_of(load(one_mirrored(desks, age_s)), "far")
    assert found["beat"] == beat
    assert bool(found["kept"]) == (beat == "silent")


def test_a_silent_desk_goes_on_ageing_and_is_back_with_its_next_beat(desks: Desks) -> None:
    """The same fleet sees both, though no file of the state has changed."""
    one_mirrored(desks).add("other", QUIET, None, nav_usd=33.5).beat("other", -3600.0 + 2.0)
    desks.mirror(age_s=-26.0)
    fleet = Fleet(str(desks.root), remember=False)
    assert "far: DESK SILENT" in titles(fleet.load(NOW + 26.0, {}, ()))
    desks.beat("far", -25.0)
    assert "far: DESK SILENT" not in titles(fleet.load(NOW + 26.0, {}, ()))


WORDS: list[tuple[dict[str, Any], str, str]] = [
    ({"up": False}, "STORE UNREACHABLE", "since 21:45:00 UTC"),
    ({"age_s": 10.5}, "MIRROR SILENT", "since 22:44:49 UTC"),
    ({"age_s": 600.0, "up": False}, "MIRROR SILENT", "nobody knows of the store"),
    ({"format": 9}, "MIRROR UNKNOWN", "format 9, not 1"),
    ({"age_s": -90000.0}, "MIRROR UNKNOWN", "which is to come"),
]


@pytest.mark.parametrize("age_s", [2.0, 300.0])
@pytest.mark.parametrize(("more", "title", "words"), WORDS)
def test_what_cuts_all_desks_off_is_said_once(
    desks: Desks, more: dict[str, Any], title: str, words: str, age_s: float
) -> None:
    """In the overview's line and on the desk's own page; a desk that was heard lately still counts."""
    one_mirrored(desks, age_s).mirror(**more)
    overview = load(desks)
    assert [item["title"] for item in overview["alerts"] if item["desk"] is None] == [title]
    assert words in overview["alerts"][0]["text"]
    assert "far: DESK SILENT" not in titles(overview)
    assert page_of(desks, "far")["meta"]["alerts"][0]["title"] == title
    assert page_of(desks, "near")["meta"]["alerts"] == []
    assert ("far" in [item["desk"] for item in total(overview, "nav")["out"]]) == (age_s > 25)


def test_all_silent_while_the_store_answers_is_publishing_that_stopped(desks: Desks) -> None:
    """One line for all, and DESK SILENT on each of them."""
    desks.add("a").add("b", QUIET, nav_usd=5.5).mirror().beat("a", 30.0).beat("b", 40.0)
    overview = load(desks)
    assert titles(overview) == ["PUBLISHING STOPPED"]
    assert "since 22:44:30 UTC" in overview["alerts"][0]["text"]
    assert [brief["alerts"][0]["title"] for brief in overview["desks"]] == ["DESK SILENT"] * 2
    assert [item["title"] for item in page_of(desks, "a")["meta"]["alerts"][:2]] == [
        "PUBLISHING STOPPED",
        "DESK SILENT",
    ]


SAID = [
    ({"format": 2}, "warn", "Publisher speaks format 2"),
    ({"problem": "refused ../nav.json"}, "warn", "Publisher has a problem"),
    ({"format": 2, "problem": "publisher speaks format 2, the mirror 1"}, "warn", "Publisher speaks format 2"),
    ({"skew_s": -1.4, "problem": "the desk's clock is 1.4 s behind the wall's"}, "warn", "Clock 1.4 s behind"),
    ({"skew_s": -1.4}, "warn", "Clock 1.4 s behind"),
    ({"skew_s": 42.0}, "fail", "Clock 42.0 s ahead"),
    ({"beat_seen_at": None}, "fail", "DESK UNKNOWN"),
    ({"beat_seen_at": NOW + 900}, "fail", "DESK UNKNOWN"),
]


@pytest.mark.parametrize(("more", "severity", "title"), SAID)
def test_what_is_odd_about_a_publisher_is_said(desks: Desks, more: State, severity: str, title: str) -> None:
    """On its tile and on its page; files of another format are still read."""
    one_mirrored(desks, **more)
    found = brief_of(load(desks), "far")
    assert (found["alerts"][0]["severity"], found["alerts"][0]["title"]) == (severity, title)
    assert found["nav_usd"] == 10461.27
    assert title in [item["title"] for item in page_of(desks, "far")["meta"]["alerts"]]
    assert not (
        more.keys() - {"problem"} and any(item["title"] == "Publisher has a problem" for item in found["alerts"])
    )


def test_what_is_wrong_with_the_mirror_and_cuts_nobody_off_is_said(desks: Desks) -> None:
    """Such as a wall whose clock is not that of the store."""
    said = "the wall's clock is 2.0 s behind the store's"
    store = {"url": "rediss://store:6380/0", "up": True, "since": NOW - 60, "error": said}
    one_mirrored(desks).mirror(store=store)
    overview = load(desks)
    assert [(item["title"], item["text"]) for item in overview["alerts"][:1]] == [("Mirror has a problem", said)]
    assert brief_of(overview, "far")["beat"] == "fresh"


def test_a_torn_desk_file_is_a_desk_of_which_nobody_knows(desks: Desks) -> None:
    """Its last state is kept, in no environment, least of all the wall's."""
    one_mirrored(desks)
    write_renamed(desks.root / "far" / "desk.json", "{")
    found = brief_of(load(desks, ENV="live"), "far")
    assert (found["beat"], found["kind"], found["alerts"][0]["title"]) == ("unknown", "unknown", "DESK UNKNOWN")


def test_a_mirror_that_was_taken_away_is_said(desks: Desks) -> None:
    """A desk that somebody must have brought, and nobody brings any more."""
    one_mirrored(desks)
    (desks.root / "mirror.json").unlink()
    assert titles(load(desks))[0] == "MIRROR SILENT"


# --- one desk ---


def page_of(desks: Desks, name: str, now: float = NOW, **environ: str) -> State:
    """The state of one desk, which is there."""
    state = Fleet(str(desks.root), remember=False).load_one(name, now, environ)
    assert state is not None
    return state


@pytest.mark.parametrize("skew_s", [0.0, 5.0, -20.0, 250.0])
@pytest.mark.parametrize("later_s", [0.0, 120.0, 600.0])
def test_the_page_of_a_desk_is_that_of_its_own_machine(desks: Desks, skew_s: float, later_s: float) -> None:
    """By its own clock, whatever the wall's says: every section is the same."""
    desks.now = NOW + later_s - skew_s
    one_mirrored(desks, skew_s=skew_s)
    own = load_all_state(
        CORPUS / HEALTHY / "logs" / "state", now=NOW + later_s, environ={"ENV": "live"}, remember=False
    )
    seen = page_of(desks, "far", desks.now)
    assert {name: seen[name] for name in own if name != "meta"} == {name: own[name] for name in own if name != "meta"}
    assert seen["meta"]["loaded_at"] == own["meta"]["loaded_at"]
    assert [item["title"] for item in seen["meta"]["alerts"] if "Clock" not in item["title"]] == [
        item["title"] for item in own["meta"]["alerts"]
    ]


def test_a_local_desk_without_trouble_is_its_own_state(desks: Desks) -> None:
    """But for its name, and a version of its own."""
    desks.add("alpha", HEALTHY)
    own = load_all_state(desks.root / "alpha" / "logs" / "state", now=NOW, environ={}, remember=False)
    seen = page_of(desks, "alpha")
    added = {name: seen["meta"].pop(name) for name in ("desk", "desks", "skew_s", "version", "sections")}
    assert {**own, "meta": {name: own["meta"][name] for name in seen["meta"]}} == seen
    assert (added["desk"], added["desks"], added["skew_s"]) == ("alpha", 1, 0.0)
    assert added["sections"]["nav"] == own["meta"]["sections"]["nav"]


def test_figures_of_a_desk_that_is_cut_off_are_old(desks: Desks) -> None:
    """The header dims them, and /metrics leaves them out."""
    one_mirrored(desks, 60.0)
    assert {"nav.nav_usd", "kpis.risk.dd_state", "aum.total_usd"} <= page_of(desks, "far")["meta"]["stale"].keys()


@pytest.mark.parametrize("name", ["nobody", "", "..", "near/..", "a\0b", "Near"])
def test_a_desk_that_is_not_there_is_none(desks: Desks, name: str) -> None:
    """And no name leads out of the directory."""
    assert load_desk(one_mirrored(desks).root, name, now=NOW, environ={}, remember=False) is None


def test_asking_for_a_desk_that_is_not_there_names_those_that_are(desks: Desks) -> None:
    """In the overview, which is what somebody gets who has mistyped a name."""
    overview = load(one_mirrored(desks))
    told = tell_absent(overview, "nope\x1b")
    (line,) = [item for item in told["alerts"] if item["kind"] == "desk_not_there"]
    assert (line["title"], line["text"]) == ("No desk is called 'nope?'", "there are far, near")
    assert told["meta"]["version"] != overview["meta"]["version"]
    assert overview["alerts"] == load(desks)["alerts"]


# --- which desks there are ---


def test_an_expected_desk_that_is_missing_is_said_and_makes_bounds(desks: Desks) -> None:
    """It stands among the tiles, and nothing is known of it."""
    overview = load(desks.add("alpha"), expected=("alpha", "omega"))
    assert titles(overview) == ["omega: DESK MISSING"]
    assert total(overview, "nav")["out"] == [{"desk": "omega", "reason": "missing"}]
    assert overview["meta"]["unknown"]["desks.0.nav_usd"].startswith("not in ")


def test_directories_of_other_names_are_ignored_and_said(desks: Desks) -> None:
    """Files, and what begins with a dot, are passed over in silence."""
    desks.add("alpha")
    for name in ("Upper", "under_score", ".tmp", "x" * 33):
        (desks.root / name).mkdir()
    (desks.root / "notes").write_text("")
    overview = load(desks)
    assert order(overview) == ["alpha"]
    assert overview["meta"]["ignored"] == ["Upper", "under_score", "x" * 33]


@pytest.mark.parametrize("make", [Path.exists, Path.rmdir, lambda root: (root.rmdir(), root.touch())])
def test_without_any_desk_that_is_said(desks: Desks, make: Any) -> None:
    """Of an empty directory, of one that is not there and of one that is none."""
    make(desks.root)
    overview = load(desks)
    assert (titles(overview), overview["desks"]) == (["NO DESKS"], [])
    assert overview["totals"][0]["nav"]["usd"] is None


@pytest.mark.parametrize("root", ["a\0b", "x" * 5000, ""])
def test_it_never_raises(root: str) -> None:
    """Whatever it is asked to read."""
    assert load_fleet(root, now=NOW, environ={}, remember=False)["desks"] == []


@pytest.mark.parametrize(
    ("words", "names"),
    [("", ()), ("alpha", ("alpha",)), (" b , a,b,, Bad ,c_d", ("b", "a")), ("a" * 40, ())],
)
def test_expected_names_come_from_the_environment(words: str, names: tuple[str, ...]) -> None:
    """Each once; what is no name is left out."""
    assert expected_desks({"HEDGE_DESKS": words}) == names


# --- what has changed ---


def test_an_unchanged_desk_is_not_loaded_again(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """An overview of many costs hardly more than one."""
    monkeypatch.setattr(member, "COARSE_S", 0.0)
    fleet = Fleet(str(desks.add("alpha").add("beta", HEALTHY).root), remember=False)
    loads: list[object] = []

    def load_and_count(path: str, **more: Any) -> State:
        loads.append(path)
        return load_all_state(path, **more)

    monkeypatch.setattr("state.desks.member.load_all_state", load_and_count)
    first = [fleet.load(NOW + step / 10, {}, ()) for step in range(5)]
    assert len(loads) <= 3  # each once, and one in its turn
    assert len({overview["meta"]["version"] for overview in first}) == 1
    assert [overview["meta"]["loaded_at"] for overview in first] == [NOW + step / 10 for step in range(5)]


def test_a_written_file_is_seen_at_once(desks: Desks) -> None:
    """Files that are renamed into their directory change it."""
    fleet = Fleet(str(desks.add("alpha", nav_usd=100.5).root), remember=False)
    assert total(fleet.load(NOW, {}, ()), "nav")["usd"] == 100.5
    desks.move_nav("alpha", 101.5)
    assert total(fleet.load(NOW, {}, ()), "nav")["usd"] == 101.5


def test_a_file_written_in_place_is_seen_with_the_next_closer_look(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves its directory as it was."""
    monkeypatch.setattr(member, "COARSE_S", 0.0)
    monkeypatch.setattr(member, "DEEP_LOOK_EVERY_S", 0.0)
    fleet = Fleet(str(desks.add("alpha", nav_usd=100.5).root), remember=False)
    for _ in range(3):
        fleet.load(NOW, {}, ())
    path = desks.root / "alpha" / "logs" / "state" / "nav_state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"total_equity": 222.5}))
    os.utime(path.parent, (1, 1))
    fleet.load(NOW, {}, ())
    assert total(fleet.load(NOW, {}, ()), "nav")["usd"] == 222.5


def test_a_threshold_is_passed_in_time(desks: Desks) -> None:
    """Though no file changes: the writers fall silent."""
    fleet = Fleet(str(desks.add("alpha").root), remember=False)
    assert titles(fleet.load(NOW, {}, ())) == []
    assert titles(fleet.load(NOW + 3600.0, {}, ())) == ["alpha: EXECUTOR SILENT"]


def test_desks_come_and_go(desks: Desks) -> None:
    """Without a restart."""
    fleet = Fleet(str(desks.add("alpha").root), remember=False)
    fleet.load(NOW, {}, ())
    desks.add("beta", nav_usd=3.5)
    assert order(fleet.load(NOW, {}, ())) == ["alpha", "beta"]
    shutil.rmtree(desks.root / "alpha")
    assert order(fleet.load(NOW, {}, ())) == ["beta"]


# --- readiness ---


@pytest.mark.parametrize(
    ("expected", "reasons"),
    [
        ((), [("beta", "desk_silent")]),
        (("alpha",), []),
        (("alpha", "omega"), [("omega", None)]),
        (("beta",), [("beta", "desk_silent")]),
    ],
)
def test_expected_desks_have_to_be_ready(tmp_path: Path, expected: tuple[str, ...], reasons: list[Any]) -> None:
    """Or all of them, where nobody says which."""
    found = find_fleet_obstacles(load(picture(tmp_path), expected=expected))
    assert [(item["desk"], item.get("mirror")) for item in found] == reasons


def test_a_store_that_is_down_is_one_obstacle(tmp_path: Path) -> None:
    """Whichever desks are expected."""
    found = find_fleet_obstacles(load(picture(tmp_path).mirror(up=False), expected=("alpha",)))
    assert [item.get("mirror") for item in found] == ["store_unreachable"]
