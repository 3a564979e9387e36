"""Rule 6, the empty or shortened book: flat only with evidence, in one process and over restarts."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from books import put
from rules import Changes, change, load_elsewhere, shift, write_log, wrong
from worlds import NOW, State, World

LOOP_AT, NAV = 1764197088.315, 10461.27  # when the last loop of the healthy desk wrote, and its NAV
POSITIONS, GROSS = {"path": "positions", "unknown": True}, {"path": "nav.gross_exposure_usd", "unknown": True}
KNOWN = {"not": GROSS}
NAV_KEYS = (
    "nav",
    "nav_usd",
    "nav_detail.nav",
    "nav_detail.nav_usd",
    "nav_detail.total_nav",
    "aum.futures",
    "aum.total",
)
Point = tuple[float, float, float]


class Desk:
    """A desk whose book changes loop by loop; its history stands in the log, in the daemon's series, or nowhere."""

    def __init__(self, world: World, *, kept_in: str, fresh: bool, equity: float, wander: float = 1.5) -> None:
        self.world, self.kept_in, self.fresh = world, kept_in, fresh
        self.rows = world.read("positions.json")["rows"]
        self.whole = self.pnl_of(self.rows)
        self.points: list[Point] = []
        for minute in range(60, -1, -1):
            pnl = self.whole + (wander * (minute % 7) if minute else 0.0)
            self.points.append((LOOP_AT - 60.0 * minute, NAV + equity * (pnl - self.whole), pnl))
        self.loops = 0
        self.write(NAV, self.whole)

    @staticmethod
    def pnl_of(rows: list[dict[str, Any]]) -> float:
        """Open PnL, USD."""
        return float(sum(row["unrealized"] for row in rows))

    def write(self, nav_usd: float, pnl_usd: float) -> None:
        """What the loop says of itself."""
        world = self.world
        rows = [
            {"t": datetime.fromtimestamp(at, UTC).isoformat(), "nav": nav, "unrealized_pnl": pnl}
            for at, nav, pnl in self.points
        ]
        series = {"nav_state.json series": rows if self.kept_in == "series" else []}
        figures: Changes = {f"nav.json {key}": nav_usd for key in NAV_KEYS}
        daemons = {"nav_state.json total_equity": nav_usd, "nav_state.json unrealized_pnl": pnl_usd}
        change(world, {**figures, **daemons, **series})
        if self.kept_in == "log":
            write_log(world, [tuple(point) for point in self.points])

    def loop(self, keep: int, nav_usd: float) -> State:
        """One loop later only the last `keep` rows are written, and this NAV."""
        self.loops += 1
        rows = self.rows[len(self.rows) - keep :]
        put(shift(self.world, 60.0), rows)
        self.points.append((LOOP_AT + 60.0 * self.loops, nav_usd, self.pnl_of(rows)))
        self.write(nav_usd, self.pnl_of(rows))
        return self.load()

    def load(self) -> State:
        """By a process that has seen it all, or by one that has just started."""
        now = NOW + 60.0 * self.loops
        return load_elsewhere(self.world, now) if self.fresh else self.world.load(now=now)


@pytest.fixture
def open_desk(tmp_path: Path) -> Callable[..., Desk]:
    """A desk with five known legs."""

    def build(**how: Any) -> Desk:
        desk = Desk(World(tmp_path / "logs" / "state", scenario="v7.1/healthy"), **how)
        assert len(desk.load()["positions"]) == 5
        return desk

    return build


# Legs left, what of the lost PnL the NAV moves by, whether the NAV includes open PnL, and what is known then.
CHANGES: list[tuple[str, int, float, bool, list[Any]]] = [
    ("all gone, not a cent", 0, 0.0, False, [POSITIONS, GROSS]),
    ("all closed", 0, 1.0, False, [KNOWN]),
    ("one gone, not a cent", 4, 0.0, False, [GROSS]),
    ("one closed", 4, 0.99, False, [KNOWN]),
    ("two gone, not a cent", 3, 0.0, False, [GROSS]),
    ("two closed", 3, 0.98, False, [KNOWN]),
    ("equity, all gone", 0, -1.0, True, [POSITIONS, GROSS]),
    ("equity, one gone", 4, -1.0, True, [GROSS]),
    ("equity, all closed", 0, -0.01, True, [KNOWN]),
    ("equity, one closed", 4, -0.01, True, [KNOWN]),
]


# Without a history nothing tells that the NAV includes open PnL.
PLACED = [
    (case, place) for case in CHANGES for place in ("log", "series", "nowhere") if place != "nowhere" or not case[3]
]


@pytest.mark.parametrize("fresh", [False, True], ids=["same process", "new process"])
@pytest.mark.parametrize(("case", "kept_in"), PLACED, ids=lambda item: item if isinstance(item, str) else item[0])
def test_a_book_that_shrinks_leaves_a_trace_in_the_nav(
    case: Any, kept_in: str, fresh: bool, open_desk: Callable[..., Desk]
) -> None:
    """Or it is doubted, at once and in the loops after it."""
    _, left, share, equity, claims = case
    desk = open_desk(kept_in=kept_in, fresh=fresh, equity=equity)
    nav_usd = NAV + share * (desk.whole - desk.pnl_of(desk.rows[len(desk.rows) - left :]))
    for _ in range(3):
        assert wrong(desk.loop(left, nav_usd), claims) == []


@pytest.mark.parametrize("fresh", [False, True], ids=["same process", "new process"])
@pytest.mark.parametrize("kept_in", ["log", "series", "nowhere"])
@pytest.mark.parametrize("left", [0, 3, 4])
def test_doubt_outlives_fees_and_ends_with_the_rows(
    left: int, kept_in: str, fresh: bool, open_desk: Callable[..., Desk]
) -> None:
    """Funding moves the NAV a little; it does not make up for the PnL that went."""
    desk = open_desk(kept_in=kept_in, fresh=fresh, equity=False)
    desk.loop(left, NAV)
    assert wrong(desk.loop(left, NAV - 0.8), [GROSS]) == []
    assert wrong(desk.loop(5, NAV - 0.8), [KNOWN, {"path": "nav.gross_exposure_usd", "near": 8913.8535}]) == []


@pytest.mark.parametrize("kept_in", ["log", "series", "nowhere"])
@pytest.mark.parametrize("left", [0, 4])
def test_doubt_ends_with_a_matching_move(left: int, kept_in: str, open_desk: Callable[..., Desk]) -> None:
    """The wallet is a loop behind the book."""
    desk = open_desk(kept_in=kept_in, fresh=True, equity=False)
    lost = desk.whole - desk.pnl_of(desk.rows[5 - left :])
    assert wrong(desk.loop(left, NAV), [GROSS]) == []
    assert wrong(desk.loop(left, NAV + lost - 0.8), [KNOWN]) == []


# Legs left, what the NAV moves by beside it in USD, how it and the PnL moved before, and what is known then.
BESIDE_FEES: list[tuple[str, int, float, Changes, list[Any]]] = [
    ("all gone, fees", 0, -0.8, {"equity": 0.0}, [POSITIONS, GROSS]),
    ("all gone, funding earned", 0, 0.8, {"equity": 0.0}, [POSITIONS, GROSS]),
    ("one gone, funding", 4, -0.4, {"equity": 0.0}, [GROSS]),
    ("equity, all gone, fees", 0, -51.1, {"equity": 1.0}, [POSITIONS, GROSS]),
    ("all closed, fees of a tenth", 0, 45.0, {"equity": 0.0}, [KNOWN]),
    ("closed at no gain, as prices move the PnL so far in a loop", 0, -0.8, {"equity": 0.0, "wander": 20.0}, [KNOWN]),
    ("the wallet rose while the PnL did", 0, 0.0, {"equity": 0.6}, [POSITIONS, GROSS]),
    ("one gone, the wallet rose while the PnL did", 4, 0.0, {"equity": 0.6}, [GROSS]),
]


@pytest.mark.parametrize("kept_in", ["log", "series"])
@pytest.mark.parametrize("case", BESIDE_FEES, ids=lambda case: str(case[0]))
def test_fees_and_funding_realise_no_pnl(case: Any, kept_in: str, open_desk: Callable[..., Desk]) -> None:
    """A NAV that moves by a fraction of the PnL that went has not made up for it."""
    _, left, moved_usd, before, claims = case
    desk = open_desk(kept_in=kept_in, fresh=True, **before)
    for _ in range(3):
        assert wrong(desk.loop(left, NAV + moved_usd), claims) == []


@pytest.mark.parametrize("kept_in", ["log", "series"])
def test_a_close_whose_fees_take_its_gain_is_no_doubt(kept_in: str, open_desk: Callable[..., Desk]) -> None:
    """A gain of no more than a close costs leaves the NAV where it was, nearly."""
    desk = open_desk(kept_in=kept_in, fresh=True, equity=False, wander=0.0)
    gain = 3.9 / 5
    desk.rows = [
        {**item, "unrealized": gain, "markPrice": item["entryPrice"] + gain / item["qty"]} for item in desk.rows
    ]
    assert wrong(desk.loop(5, NAV), [KNOWN]) == []
    for _ in range(2):
        assert wrong(desk.loop(0, NAV + 0.14), [KNOWN]) == []


@pytest.mark.parametrize("kept_in", ["log", "series"])
def test_a_step_before_the_last_known_book_is_no_loss_of_its_legs(kept_in: str, open_desk: Callable[..., Desk]) -> None:
    """Prices alone may move the PnL by what a leg had, while the NAV stands still."""
    desk = open_desk(kept_in=kept_in, fresh=True, equity=False)
    lost = desk.whole - desk.pnl_of(desk.rows[1:])
    desk.points[-2] = (desk.points[-2][0], NAV, desk.whole + lost)
    desk.write(NAV, desk.whole)
    desk.load()
    # The leg is closed at less than it was worth, while another gains as much.
    desk.rows[1] = {**desk.rows[1], "unrealized": desk.rows[1]["unrealized"] + lost}
    assert wrong(desk.loop(4, NAV + 0.4 * lost), [KNOWN]) == []


# Of the loops that nobody saw: what of the lost PnL the NAV has moved by, and the PnL of the other legs.
UNSEEN: list[tuple[str, list[tuple[float, float]], list[Any]]] = [
    ("gone, not a cent", [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)], [GROSS]),
    ("gone, and prices moved the others as far", [(0.0, 0.0), (0.0, 0.9), (0.0, -0.9)], [GROSS]),
    ("closed", [(1.0, 0.0), (1.0, 0.0), (1.0, 0.0)], [KNOWN]),
    ("closed, and prices moved the others as far", [(1.0, 0.0), (1.0, 0.9), (1.0, 0.0)], [KNOWN]),
    ("closed while prices moved the others as far", [(1.0, 0.9), (1.0, 0.9), (1.0, 0.0)], [KNOWN]),
]


@pytest.mark.parametrize("kept_in", ["log", "series"])
@pytest.mark.parametrize("case", UNSEEN, ids=lambda case: str(case[0]))
def test_a_close_that_nobody_saw_has_left_its_trace(case: Any, kept_in: str, open_desk: Callable[..., Desk]) -> None:
    """In the loops that were written while no page was open."""
    _, unseen, claims = case
    desk = open_desk(kept_in=kept_in, fresh=True, equity=False)
    left = desk.pnl_of(desk.rows[1:])
    lost = desk.whole - left
    for share, others in unseen:
        desk.loops += 1
        desk.points.append((LOOP_AT + 60.0 * desk.loops, NAV + share * lost, left + others * lost))
        shift(desk.world, 60.0)
    for _ in range(2):
        assert wrong(desk.loop(4, NAV + unseen[-1][0] * lost), claims) == []


NOT_LIVE: list[tuple[str, Changes]] = [
    ("the exchange is down", {"nav.json nav_detail.source": "cache", "nav.json nav_detail.fresh": False}),
    (
        "another file has rows",
        {"synced_state.json items": [{"symbol": "BTCUSDT", "positionSide": "LONG", "qty": 0.042}]},
    ),
]


@pytest.mark.parametrize("case", NOT_LIVE, ids=lambda case: str(case[0]))
def test_an_empty_book_is_flat_only_with_evidence(case: Any, tmp_path: Path) -> None:
    """A desk that is flat, and one reason to doubt it."""
    world = World(tmp_path / "state", scenario="v7.1/flat_book")
    assert wrong(world.load(), [KNOWN]) == []
    assert wrong(change(world, case[1]).load(), [POSITIONS, GROSS]) == []
