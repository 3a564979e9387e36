"""What an operator has to know at once, worst first, in the same words wherever it is said."""

from collections.abc import Iterator
from typing import NamedTuple

from state.facts.aum import FUTURES
from state.facts.book import Book
from state.facts.drawdown import Drawdown
from state.facts.exchange import REPEATING_SOURCES, Exchange
from state.facts.executor_word import Word
from state.facts.nav_files import NO_NAV, REPEATED, SAYS_ZERO, UNTIL_ITS_NEXT_CYCLE, Nav
from state.files.values import NOT_A_NUMBER
from state.formatting import fmt_moment
from state.sentences import amount
from state.trust.executor_alerts import executor_alerts
from state.trust.market_alerts import market_alerts
from state.trust.severity import rank_of
from state.trust.surface_alerts import Alert, State, alert, present, silent_writers, troubled_files

# What a living file says that is no figure, or none of now: another one's is not put in its place in silence.
SAYS_NOTHING = (f" {SAYS_ZERO}", NOT_A_NUMBER, NO_NAV, REPEATED)


class Evidence(NamedTuple):
    """What the alerts rest on beside the state itself."""

    exchange: Exchange
    nav: Nav
    drawdown: Drawdown
    word: Word
    book: Book
    history: str | None
    directory_fault: str | None


def build_alerts(state: State, evidence: Evidence) -> list[Alert]:
    """Alerts of a normalized state, the cause before its effects. `since` is an epoch where an alert has a duration."""
    exchange = evidence.exchange
    found = [
        *_no_files(state, evidence.directory_fault),
        *executor_alerts(state, evidence.word, evidence.drawdown),
        *_exchange_unreachable(state, exchange),
        *silent_writers(state),
        *_nav_not_confirmed(state, exchange),
        *_nav_unknown(state, exchange),
        *_nav_in_doubt(state, evidence.nav),
        *_drawdown_in_doubt(evidence.drawdown),
        *_positions(evidence.book),
        *_rows(state, evidence.book),
        *troubled_files(state),
        *_checks(state),
        *market_alerts(state),
        *_no_price(state),
        *_history(evidence.history),
        *_drift(state),
    ]
    return sorted(found, key=lambda alert: rank_of(alert["kind"]))


def _no_files(state: State, directory_fault: str | None) -> Iterator[Alert]:
    if not present(state):
        text = directory_fault or f"nothing to read in {state['meta']['state_dir']}"
        yield alert("no_files", "NO STATE FILES", text, about=state["meta"]["surfaces"])


def _exchange_unreachable(state: State, exchange: Exchange) -> Iterator[Alert]:
    if exchange.frozen and _repeats(exchange):
        yield alert(
            "exchange_unreachable", "EXCHANGE UNREACHABLE", _frozen_words(state, exchange), since=exchange.confirmed_at
        )


def _nav_not_confirmed(state: State, exchange: Exchange) -> Iterator[Alert]:
    if exchange.frozen and not _repeats(exchange):
        yield alert(
            "nav_not_confirmed", "NAV NOT CONFIRMED", _frozen_words(state, exchange), since=exchange.confirmed_at
        )


def _nav_unknown(state: State, exchange: Exchange) -> Iterator[Alert]:
    if not present(state):
        return
    if state["nav"].get("nav_usd") is None:
        yield alert("nav_unknown", "NAV UNKNOWN", state["meta"]["unknown"]["nav.nav_usd"])
    elif exchange.frozen is None:
        yield alert("nav_not_known_live", "NAV NOT KNOWN TO BE LIVE", "nothing says whether the NAV is live")


def _nav_in_doubt(state: State, nav: Nav) -> Iterator[Alert]:
    """A living NAV that is not the first that was asked for, is below zero, or misses something."""
    if nav.usd is not None and nav.usd < 0:
        yield alert("nav_below_zero", "NAV BELOW ZERO", amount(nav.usd), f" USD in {nav.file}")
    if nav.unpriced:
        coins, owed = ", ".join(nav.unpriced), not state["nav"]["is_lower_bound"]
        bound = "a debt among them is not taken off the NAV" if owed else "NAV and AUM are lower bounds"
        yield alert("nav_lacks_coins", f"NAV LACKS {coins}", f"in the wallet, but without a price: {bound}")
    silent = SAYS_NOTHING if nav.stale is None else SAYS_NOTHING[:-1]  # an old NAV has a line of its own
    told = [reason for reason in nav.passed if UNTIL_ITS_NEXT_CYCLE not in reason]
    contradicted = [reason for reason in told if any(word in reason for word in silent)]
    if contradicted and nav.usd is not None:
        yield alert("nav_of_another_file", "NAV of another file", f"{'; '.join(contradicted)}; shown is {nav.file}")
    if nav.stale is not None:
        yield alert("nav_old", "NAV is old", nav.stale)
    zeros = state["nav"].get("history_zeros_since")
    if zeros is not None:
        at = fmt_moment(zeros, state["meta"]["loaded_at"])
        yield alert(
            "history_ends_early",
            "NAV history ends early",
            f"its points say 0.00 since {at}, which the writers also put for nothing",
        )
    ended = state["meta"]["stale"].get("nav.series")
    if ended is not None:
        yield alert("history_ends_early", "NAV history ends early", ended)


def _drawdown_in_doubt(drawdown: Drawdown) -> Iterator[Alert]:
    """Figures that are no numbers, where another source's are shown."""
    claim = drawdown.choice.claim
    unread = [f"{item.name}: {flaw}" for item, flaw in drawdown.choice.passed if NOT_A_NUMBER in flaw]
    if unread and claim is not None:
        yield alert(
            "drawdown_of_another_file", "Drawdown of another file", f"{'; '.join(unread)}; shown is {claim.name}"
        )


def _positions(book: Book) -> Iterator[Alert]:
    """A book in doubt although the exchange answers; while it does not, the line above has said so."""
    if book.doubt and book.unknown is not None:
        yield alert("positions_unknown", "POSITIONS UNKNOWN", book.unknown)


def _rows(state: State, book: Book) -> Iterator[Alert]:
    """Legs that are missing, and rows of which nobody knows how much, or which side, they are."""
    if book.damage is not None and book.unknown is None:
        yield alert("positions_incomplete", "POSITIONS INCOMPLETE", book.damage)
    for row in state["positions"]:
        lost = [word for word, key in (("quantity", "qty"), ("side", "side")) if row[key] is None]
        if lost:
            title = f"{row['symbol']} without a known {' and '.join(lost)}"
            yield alert("row_incomplete", title, "what the file says of it is no number, missing or contradicts itself")


def _history(reason: str | None) -> Iterator[Alert]:
    if reason is not None:
        yield alert(
            "history_not_kept", "History is not kept", f"{reason}; what was seen before is known to this process alone"
        )


def _repeats(exchange: Exchange) -> bool:
    return exchange.source in REPEATING_SOURCES or exchange.fresh is False


def _frozen_words(state: State, exchange: Exchange) -> str:
    confirmed = fmt_moment(exchange.confirmed_at, state["meta"]["loaded_at"])
    at = f" of {confirmed}" if exchange.confirmed_at else ""
    book = " · positions unknown" if "positions" in state["meta"]["unknown"] else ""
    return f"NAV repeats the last confirmed value{at}{book}"


def _checks(state: State) -> Iterator[Alert]:
    for check in state["meta"]["checks"]:
        # A frozen NAV has its own, louder line.
        if check["status"] == "warn" or (check["status"] == "fail" and check["name"] != "nav_live"):
            yield alert("check", f"{check['label']} check", *check["parts"])


def _no_price(state: State) -> Iterator[Alert]:
    # A futures account has no price: its value is the NAV, which has a line of its own.
    spoken_of = {FUTURES, *state["nav"].get("unpriced", [])}
    unpriced = [label for label in state["aum"]["unpriced"] if label not in spoken_of]
    if unpriced:
        owed = not state["aum"]["total_usd_is_lower_bound"]
        yield alert("debt_unpriced" if owed else "no_price", *_no_price_words(state, unpriced, owed))
    elif state["aum"]["total_usd_is_lower_bound"] and not state["aum"]["unpriced"]:
        yield alert(
            "aum_lower_bound", "AUM IS A LOWER BOUND", "its writer says that holdings are missing from the total"
        )


def _no_price_words(state: State, unpriced: list[str], owed: bool) -> tuple[str, str]:
    names = ", ".join(unpriced)
    return ("A DEBT HAS NO PRICE", state["meta"]["unknown"]["aum.total_usd"]) if owed else ("No price", names)


def _drift(state: State) -> Iterator[Alert]:
    for item in state["meta"]["drift"]:
        since = fmt_moment(item["since"], state["meta"]["loaded_at"])
        kind = "field_gone" if item["path"] else "shape_unknown"
        yield alert(kind, item["text"], f"last published at {since}", since=item["since"])
