"""What stands beside an empty book and says that positions are open: a file that disagrees makes it no flat one.

Most of these files follow the book: the daemon's by a cycle, the ledger and what is counted before the orders by a
loop. They are believed only of a moment at which the book had been empty for as long as that.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from state.facts.daemon_word import is_daemons
from state.facts.sources import Sources
from state.files.rows import read_rows
from state.files.stamps import COMPARABLE_S, SAME_LOOP_S, parse_stamp
from state.files.surfaces import (
    DIAGNOSTICS,
    NAV_STATE,
    POSITIONS_LEDGER,
    POSITIONS_STATE,
    POSITIONS_SYNC,
    RISK_SNAPSHOT,
)
from state.files.values import JsonDict, count, dicts, mapping, numeric
from state.formatting import fmt_usd

# Less open PnL or exposure than this is rounding.
CENT = 0.01


class Witness(NamedTuple):
    """A file that says positions are open, and of when that is (epoch). `words` end a sentence.

    `of_the_loop`: the executor writes it with the book. `follows`: only after it.
    """

    file: str
    words: str
    at: float
    follows: bool = True
    of_the_loop: bool = True


def find_dispute(sources: Sources, stamp: float, flat_since: float | None) -> str | None:
    """Why an empty book that was written at `stamp` is not a flat one; None where no file disagrees.

    `flat_since` is when the book became empty, as far as the NAV history tells; None where it tells nothing.
    """
    believed = (found for found in _witnesses(sources) if _is_believed(found, stamp, flat_since))
    return next((f"the files disagree: {found.file} {found.words}" for found in believed), None)


def _is_believed(found: Witness, stamp: float, flat_since: float | None) -> bool:
    if not found.follows:
        return found.at >= stamp - SAME_LOOP_S
    if flat_since is None:
        return found.at >= stamp - SAME_LOOP_S if found.of_the_loop else found.at > stamp + SAME_LOOP_S
    return found.at > flat_since + SAME_LOOP_S and found.at >= stamp - COMPARABLE_S


def _witnesses(sources: Sources) -> Iterator[Witness]:
    """The best evidence first."""
    for name, find in _FINDERS:
        at = sources.stamp(name)
        if at is not None and (found := find(name, sources.data(name), at)) is not None:
            yield found


def _of_positions_state(name: str, data: JsonDict, at: float) -> Witness | None:
    """The executor's own has the rows of the very loop; the daemon's mirror is a copy of what was there."""
    own = isinstance(data.get("positions"), list)
    return _of_rows(name, data, at, follows=not own, of_the_loop=own)


def _of_ledger(name: str, data: JsonDict, at: float) -> Witness | None:
    return _of_rows(name, {"rows": data.get("entries")}, at)


def _of_the_daemon(name: str, data: JsonDict, at: float) -> Witness | None:
    return _of_rows(name, data, at, of_the_loop=False)


def _of_rows(name: str, data: JsonDict, at: float, *, follows: bool = True, of_the_loop: bool = True) -> Witness | None:
    rows = read_rows(data)
    return Witness(name, f"still has {len(rows)} open", at, follows, of_the_loop) if rows else None


def _of_registry(name: str, data: JsonDict, at: float) -> Witness | None:
    counted = count(mapping(data.get("tp_sl_registry")).get("num_positions"))
    return Witness(name, f"counts {counted} open", at) if counted else None


def _of_exits(name: str, data: JsonDict, at: float) -> Witness | None:
    """The exits are gone through before the orders of the loop."""
    exits = mapping(mapping(data.get("runtime_diagnostics")).get("exit_pipeline"))
    counted, scanned_at = count(exits.get("open_positions_count")), parse_stamp(exits.get("last_exit_scan_ts"))
    return Witness(name, f"counts {counted} open", at if scanned_at is None else scanned_at) if counted else None


def _of_nav_state(name: str, data: JsonDict, at: float) -> Witness | None:
    """The daemon's sums over the rows; its open PnL is that of the last point of its series."""
    if not is_daemons(data):
        return None
    gross_usd, pnl_usd = numeric(data.get("gross_exposure")), numeric(data.get("unrealized_pnl"))
    if gross_usd is not None and gross_usd >= CENT:
        return Witness(name, f"still has a gross exposure of {fmt_usd(gross_usd)}", at, of_the_loop=False)
    if pnl_usd is None or abs(pnl_usd) < CENT:
        return None
    points = dicts(data.get("series"))
    logged_at = parse_stamp(points[-1].get("t")) if points else None
    said_at = at if logged_at is None else logged_at
    return Witness(name, f"still has an open PnL of {fmt_usd(pnl_usd)}", said_at, of_the_loop=False)


_FINDERS: tuple[tuple[str, Callable[[str, JsonDict, float], Witness | None]], ...] = (
    (POSITIONS_STATE, _of_positions_state),
    (POSITIONS_LEDGER, _of_ledger),
    (POSITIONS_SYNC, _of_the_daemon),
    (NAV_STATE, _of_nav_state),
    (RISK_SNAPSHOT, _of_registry),
    (DIAGNOSTICS, _of_exits),
)
