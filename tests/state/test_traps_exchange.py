"""Traps in what the exchange last said, in the exchange rate and in AUM."""

from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from rules import change, shift
from worlds import NOW, Scenario, State, World, assert_unknown, checks_between, surface

NAV_AT = 1764197095.045
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def healthy(tmp_path: Path) -> World:
    """A copy of the healthy v7.1 world."""
    return World(tmp_path / "state", scenario="v7.1/healthy")


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """A world without files."""
    return World(tmp_path / "state")


def outlive_executor(world: World, seconds: float) -> World:
    """The executor is dead; sync goes on writing its own files for so long."""
    iso = "2025-11-26T23:04:55.045000+00:00"
    world.edit("nav_state.json", "updated_at", NAV_AT + seconds).edit("positions_state.json", "updated_at", iso)
    world.edit("kpis_v7.json", "ts", iso)
    world.now = NOW + seconds
    return world


def test_a_dead_executor_freezes_the_nav_although_sync_goes_on_writing(healthy: World) -> None:
    """The writing time of nav_state.json proves nothing."""
    state = outlive_executor(healthy, 1200).load()
    assert_contract(state)
    assert surface(state, "nav_state.json")["freshness"] == "fresh"
    assert state["nav"]["exchange"]["frozen"] is True
    assert state["nav"]["exchange"]["confirmed_age_s"] == pytest.approx(1211.775, abs=0.2)
    assert_unknown(state, "nav.unrealized_pnl_usd")
    assert {alert["severity"] for alert in state["meta"]["alerts"]} & {"fail", "warn"}


def test_a_dead_executor_with_an_empty_book_leaves_the_book_unknown(tmp_path: Path) -> None:
    """Nobody has looked at the exchange for twenty minutes: that is not flat."""
    world = outlive_executor(World(tmp_path, scenario="v7.1/flat_book"), 1200)
    state = world.load()
    assert (state["positions"], "positions" in state["meta"]["unknown"]) == ([], True)
    assert_unknown(state, "nav.gross_exposure_usd")


# How long after the last confirmed NAV the rows were written, and whether they are of before the exchange fell silent.
WRITTEN = [(0.0, True), (4.0, True), (30.0, False)]


@pytest.mark.parametrize(("later_s", "old"), WRITTEN)
def test_rows_no_younger_than_the_last_answer_of_a_silent_exchange_are_old(
    healthy: World, later_s: float, *, old: bool
) -> None:
    """The file is young enough, but who wrote it has heard nothing since; what was asked since is of now."""
    shift(healthy, 30.0, "nav.json", "nav_state.json", "kpis_v7.json")
    shift(healthy, later_s, "positions.json", "positions_state.json", "synced_state.json")
    health = {"fresh": False, "cache_ts": NAV_AT, "sources_ok": False}
    change(healthy, {"nav.json nav_detail": {"source": "cache", "fresh": False, "nav_health": health}})
    healthy.now = NOW + 31.0
    state = healthy.load()
    assert state["nav"]["exchange"]["frozen"] is True
    assert state["positions"]
    told = state["meta"]["stale"].get("positions.0.qty", "")
    assert ("exchange's last answer" in told) is old
    assert_contract(state)


FROZEN = [
    {"source": "cache", "fresh": False},
    {"source": "cache", "fresh": False, "nav_health": {"fresh": False, "cache_ts": NOW - 600, "sources_ok": True}},
    {"source": "unavailable", "fresh": False},
]


@pytest.mark.parametrize("detail", FROZEN)
def test_an_empty_book_while_the_nav_is_frozen_is_unknown(tmp_path: Path, detail: State) -> None:
    """rows: [] is what a failed fetch writes."""
    world = World(tmp_path, scenario="v7.1/flat_book")
    assert "positions" not in world.load()["meta"]["unknown"]
    content = world.read("nav.json")
    content["nav_detail"] = content["nav_detail"] | detail
    stale = world.edit("risk_snapshot.json", "nav_health.cache_ts", NOW - 600).write("nav.json", content).load()
    assert_contract(stale)
    assert stale["nav"]["exchange"]["frozen"] is True
    assert "positions" in stale["meta"]["unknown"]
    assert_unknown(stale, "nav.unrealized_pnl_usd")


HEALTHS = tuple(f"risk_snapshot.json {block}nav_health" for block in ("", "dd_state.drawdown.", "kpis_v7.drawdown."))
# How long before its own stamp the snapshot had its last confirmed NAV, and how long before the NAV it was made.
KEPT: list[tuple[float, float, bool]] = [
    (0.1, 0.0, False),
    (110.0, 0.0, False),
    (220.0, 0.0, False),
    (600.0, 0.0, True),
    (600.0, 110.0, True),
    (600.0, 250.0, False),
]


def doubted(state: State) -> bool:
    """Whether an alert says that nobody has confirmed the NAV for long."""
    return any(line["title"] == "NAV live check" for line in state["meta"]["alerts"])


@pytest.mark.parametrize(("kept_s", "before_s", "is_told"), KEPT)
def test_a_live_nav_beside_a_confirmation_of_long_ago_is_told(
    healthy: World, kept_s: float, before_s: float, is_told: bool
) -> None:
    """A loop that gets a live NAV keeps it; of the loop before it may be, and so may the snapshot."""
    shift(healthy, -before_s, "risk_snapshot.json")
    at = NOW - 11.685 - before_s - kept_s
    change(
        healthy, {f"{place}.cache_ts": at for place in HEALTHS} | {f"{place}.fresh": kept_s < 90 for place in HEALTHS}
    )
    state = healthy.load()
    assert (doubted(state), state["nav"]["exchange"]["frozen"]) == (is_told, False)


def test_a_snapshot_of_before_the_recovery_contradicts_nothing(healthy: World) -> None:
    """It has the cache of the outage until it is made anew; one of after it would say so."""
    change(healthy, {f"{place}.cache_ts": NOW - 700.0 for place in HEALTHS} | {"nav.json nav_detail.source": "cache"})
    assert not doubted(healthy.load())
    shift(change(healthy, {"nav.json nav_detail.source": "exchange"}), 60.0, "nav.json")
    assert not doubted(healthy.load(now=NOW + 60.0))
    shift(healthy, 120.0, "risk_snapshot.json")
    assert doubted(shift(healthy, 60.0, "nav.json").load(now=NOW + 120.0))


@pytest.mark.parametrize(
    "detail", [{"source": "CACHE"}, {"source": " Unavailable "}, {"fresh": "false"}, {"fresh": 0}, {"fresh": "No"}]
)
def test_a_repeated_nav_is_known_in_whatever_way_it_is_written(healthy: World, detail: State) -> None:
    """Capitals and text are what another writer makes of the same word."""
    change(healthy, {f"nav.json nav_detail.{key}": value for key, value in detail.items()})
    assert healthy.load()["nav"]["exchange"]["frozen"] is True


@pytest.mark.parametrize("detail", [{"source": "LIVE"}, {"fresh": "true"}, {"fresh": 1}])
def test_and_so_is_a_live_one(healthy: World, detail: State) -> None:
    """Nothing else is made of them."""
    change(healthy, {f"nav.json nav_detail.{key}": value for key, value in detail.items()})
    assert healthy.load()["nav"]["exchange"]["frozen"] is False


def test_balances_ok_false_in_stale_flags_does_not_freeze(healthy: World) -> None:
    """The flag is inverted: it says that balances are not stale."""
    assert healthy.read("risk_snapshot.json")["nav_health"]["stale_flags"] == {"balances_ok": False}
    assert healthy.load()["nav"]["exchange"]["frozen"] is False


def test_the_last_known_book_is_remembered_while_the_book_is_unknown(healthy: World) -> None:
    """When, how many, how much; nothing is known at a first look."""
    healthy.load()
    healthy.copy("v7.1/exchange_down")
    state = healthy.load(now=Scenario("v7.1/exchange_down").expected["now"])
    assert_contract(state)
    assert state["positions"] == []
    assert state["meta"]["last_book"]["count"] == 5
    assert state["meta"]["last_book"]["gross_usd"] == pytest.approx(8913.8535)
    assert NOW - 60 <= state["meta"]["last_book"]["at"] <= NOW
    assert Scenario("v7.1/exchange_down").load()["meta"]["last_book"] is None


def test_the_last_seen_rate_is_kept_while_the_executor_writes_its_shape(healthy: World) -> None:
    """ZAR must not flicker every two minutes; the time of the rate stays its own."""
    healthy.load()
    flat = Scenario("v7.1/healthy_executor_last").state_dir / "kpis_v7.json"
    state = healthy.write_bytes("kpis_v7.json", flat.read_bytes()).load(now=NOW + 60)
    assert_contract(state)
    assert state["nav"]["nav_zar"] == pytest.approx(180335.556768)
    assert state["nav"]["fx_updated_at"] == pytest.approx(NAV_AT)
    assert state["aum"]["total_zar"] == pytest.approx(180335.556768)


@pytest.mark.parametrize("rate", [None, 0.0, -17.0, NAN, INFINITY, "n/a", [17.2]])
def test_a_rate_that_cannot_be_gives_no_zar(healthy: World, rate: Any) -> None:
    """No rate, no figure."""
    state = healthy.edit("kpis_v7.json", "fx.usd_zar", rate).load()
    assert_contract(state)
    assert state["nav"]["nav_zar"] == 0.0
    assert state["meta"]["unknown"]["nav.nav_zar"]
    assert_unknown(state, "aum.total_zar")


BASES = [
    ("v7.1/offexchange", {"Futures": "exchange", "BTC": "market", "XAUT": None, "USDC": "par", "PAXG": "cost"}),
    ("v7.1/exchange_down", {"Futures": "exchange", "BTC": "cost", "XAUT": "market", "USDC": "par"}),
]


@pytest.mark.parametrize(("scenario", "bases"), BASES)
def test_a_slice_says_what_its_price_is(scenario: str, bases: dict[str, str | None]) -> None:
    """A mark equal to the average cost is the cost, not a market price."""
    slices = {item["label"]: item for item in Scenario(scenario).load()["aum"]["slices"]}
    assert {label: slices[label]["price_basis"] for label in bases} == bases


@pytest.mark.parametrize("unpriced", [{}, {"usd_value": NAN}, {"usd_value": "?"}, {"mark": None, "usd_value": None}])
def test_an_unpriced_holding_is_listed_and_not_zero(healthy: World, unpriced: State) -> None:
    """Unknown value: neither 0 nor its cost."""
    holding = {"qty": 2.0, "avg_cost": None, "mark": None, "usd_value": None} | unpriced
    state = healthy.edit("nav.json", "aum.offexchange", {"KAG": holding}).load()
    assert_contract(state)
    assert state["aum"]["unpriced"] == ["KAG"]
    assert_unknown(state, "aum.slices.1.usd")
    reason = "its usd_value is not a number" if unpriced.get("usd_value") else "no price published for KAG"
    assert state["meta"]["unknown"]["aum.slices.1.usd"] == reason
    assert (state["aum"]["total_usd"], state["aum"]["total_usd_is_lower_bound"]) == (10461.27, True)


@pytest.mark.parametrize(("mark", "basis"), [(1.0, "par"), (None, "par"), (0.87, "market")])
def test_a_stable_coin_off_its_par_is_not_called_at_par(healthy: World, mark: float | None, basis: str) -> None:
    """By the price that its value was made with."""
    holding = {"qty": 100.0, "avg_cost": 1.0, "mark": mark, "usd_value": 100.0 * (mark or 1.0)}
    state = healthy.edit("nav.json", "aum.offexchange", {"USDC": holding}).load()
    assert state["aum"]["slices"][1]["price_basis"] == basis


def test_a_value_without_a_price_beside_it_is_as_published(healthy: World) -> None:
    """The loader prices nothing itself."""
    holding = {"qty": 2.0, "avg_cost": None, "mark": None, "usd_value": 50.0}
    state = healthy.edit("nav.json", "aum", {"futures": 10461.27, "offexchange": {"KAG": holding}}).load()
    assert (state["aum"]["slices"][1]["usd"], state["aum"]["slices"][1]["price_basis"]) == (50.0, "published")


@pytest.mark.parametrize(
    "assets",
    [
        {"Futures": 9000.0, "BTC": {"qty": 1.0, "mark": 50.0, "avg_cost": 40.0, "usd_value": 50.0}, "KAG": None},
        [{"label": "Futures", "usd": 9000.0}, {"label": "BTC", "mark": 50.0, "usd": 50.0}, {"label": "KAG"}],
    ],
    ids=["by label", "a list"],
)
def test_published_assets_come_first_with_the_nav_on_show_as_futures(healthy: World, assets: Any) -> None:
    """Header and donut never disagree, whatever the payload says of Futures."""
    state = healthy.edit("nav.json", "aum", {"assets": assets, "futures": 1.0, "offexchange": {}}).load()
    assert_contract(state)
    got = [(item["label"], item["usd"], item["price_basis"]) for item in state["aum"]["slices"]]
    assert got == [("Futures", 10461.27, "exchange"), ("BTC", 50.0, "market"), ("KAG", None, None)]


def test_a_price_basis_from_a_file_cannot_leave_the_enumeration(healthy: World) -> None:
    """The page has words for five bases."""
    holding = {"qty": 1.0, "mark": 50.0, "avg_cost": 40.0, "usd_value": 50.0, "price_basis": "gut feeling"}
    state = healthy.edit("nav.json", "aum.offexchange", {"BTC": holding}).load()
    assert_contract(state)


@pytest.mark.parametrize("nav", [None, float("nan"), 0.0])
def test_a_total_without_the_nav_is_a_lower_bound(tmp_path: Path, nav: float | None) -> None:
    """Off-exchange holdings alone are not the assets under management."""
    world = World(tmp_path, scenario="v7.1/offexchange").keep("nav.json")
    content = world.read("nav.json") | {"nav": nav, "nav_usd": nav}
    content["nav_detail"] = {"source": "manual", "fresh": True}
    content["aum"]["offexchange"] = {"BTC": content["aum"]["offexchange"]["BTC"]}
    state = world.write("nav.json", content).load()
    assert_contract(state)
    assert_unknown(state, "nav.nav_usd")
    assert state["aum"]["total_usd_is_lower_bound"] is True
    assert state["aum"]["unpriced"] == ["Futures"]


@pytest.mark.parametrize(("scenario", "unreachable"), [("v7.1/offexchange", False), ("v7.1/exchange_down", True)])
def test_without_its_holdings_a_total_is_unknown(tmp_path: Path, scenario: str, unreachable: bool) -> None:
    """Where nav_health alone tells of the NAV; one that never had a NAV of an exchange tells of no exchange."""
    world = World(tmp_path, scenario=scenario).remove("nav.json", "synced_state.json")
    world.now = Scenario(scenario).expected["now"]
    state = world.load()
    assert_contract(state)
    assert_unknown(state, "aum.total_usd")
    assert "holdings" in state["meta"]["unknown"]["aum.total_usd"]
    said = {line["title"]: line["text"] for line in state["meta"]["alerts"] if line["severity"] != "info"}
    assert ("EXCHANGE UNREACHABLE" in said) == unreachable
    assert any("AUM unknown" in words for title, words in said.items() if "files missing" in title)


def test_without_an_aum_block_the_asset_breakdown_is_shown(bare: World) -> None:
    """Third in the order of sources."""
    detail = {"asset_breakdown": {"USDT": 6000.0, "BTC": 4000.0}, "source": "live", "fresh": True}
    state = bare.write("nav.json", {"nav": 10000.0, "updated_ts": NOW - 5, "nav_detail": detail}).load()
    assert_contract(state)
    assert {item["label"]: item["usd"] for item in state["aum"]["slices"]} == {"USDT": 6000.0, "BTC": 4000.0}
    assert state["aum"]["total_usd"] == 10000.0


def test_with_nothing_else_aum_is_one_futures_slice_of_the_nav(bare: World) -> None:
    """Last in the order of sources."""
    state = bare.write("nav_state.json", {"total_equity": 10000.0, "updated_at": NOW - 5}).load()
    assert [(item["label"], item["usd"]) for item in state["aum"]["slices"]] == [("Futures", 10000.0)]


def test_nav_of_the_publisher_cli_is_told_apart_with_both_numbers() -> None:
    """Margin balance against wallet balance: the NAV check and the AUM check are not ok."""
    state = Scenario("v7.1/publisher_cli").load()
    found = checks_between(state, 10461.27, 10511.56)
    assert {check["status"] for check in found} <= {"warn", "fail"}
    assert any("nav" in check["name"] for check in found)
    assert any("aum" in check["name"] for check in found)
    assert all(abs(check["residual"]) == pytest.approx(50.2892, abs=1e-3) for check in found)
    assert state["aum"]["slices"][0]["usd"] == 10461.27


def test_files_written_far_apart_are_not_compared(healthy: World) -> None:
    """Beyond 120 s a difference means nothing."""
    healthy.edit("nav.json", "nav", 9000.0).edit("nav.json", "nav_usd", 9000.0)
    (close,) = [check for check in checks_between(healthy.load(), 10461.27, 9000.0) if check["name"] == "nav"]
    assert close["status"] in {"warn", "fail"}
    healthy.edit("nav_state.json", "updated_at", NAV_AT + 600).now += 600
    far = [check for check in healthy.load()["meta"]["checks"] if check["name"] == close["name"]]
    assert [check["status"] for check in far] == ["not_comparable"]
