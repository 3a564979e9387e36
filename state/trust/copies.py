"""One figure written in several places of one file: the copies are held against the first of them."""

from collections.abc import Callable, Iterator

from state.facts.sources import Sources
from state.files.surfaces import KPIS, NAV, NAV_STATE, RISK_SNAPSHOT, SYNCED_STATE
from state.files.values import JsonDict, mapping, number
from state.sentences import Part
from state.trust.comparison import Check, all_agree, differ, plain, usd
from state.trust.symbol_copies import find_unlike_symbols
from state.trust.twins import find_unlike_twins

_DETAIL = ("total_nav", "nav", "nav_usd", "nav_health.nav_total")
# The drawdown block of the executor, by figure.
_BLOCK: dict[str, tuple[str, ...]] = {
    "NAV": ("nav", "drawdown.nav", "nav_health.nav_total", "daily_loss.nav"),
    "peak": ("peak", "drawdown.peak_nav"),
    "drawdown %": ("dd_pct", "drawdown.pct"),
    "drawdown": ("dd_abs", "drawdown.abs"),
}


def _of_block(file: str, prefix: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(file, figure, tuple(f"{prefix}.{path}" for path in paths)) for figure, paths in _BLOCK.items()]


def _of_fees(file: str, prefix: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """The two sides of the executor's ratio, and the ratio."""
    figures = (("fee / PnL", "fee_pnl_ratio"), ("fees", "fees"), ("realised PnL", "pnl"))
    return [(file, figure, (f"{prefix}fee_pnl.{key}", f"{prefix}{key}")) for figure, key in figures]


# File, figure, and the dotted paths under which it stands.
COPIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (NAV_STATE, "NAV", ("total_equity", "nav", "nav_usd")),
    (NAV_STATE, "drawdown %", ("drawdown_pct", "drawdown")),
    (NAV, "NAV", ("nav", "nav_usd", *(f"nav_detail.{path}" for path in _DETAIL))),
    (SYNCED_STATE, "NAV", ("nav", *(f"nav_snapshot.{path}" for path in _DETAIL))),
    (KPIS, "fee / PnL", ("risk.fee_pnl_ratio", "fee_pnl_ratio")),
    (KPIS, "ATR ratio", ("risk.atr_ratio", "atr.atr_ratio")),
    (KPIS, "fallback ratio", ("router.fallback_ratio", "router_stats.fallback_ratio")),
    (RISK_SNAPSHOT, "NAV", ("dd_state.drawdown.nav", "nav_health.nav_total")),
    (RISK_SNAPSHOT, "fee / PnL", ("fee_pnl.fee_pnl_ratio", "fee_pnl_ratio")),
    *_of_fees(KPIS, ""),
    *_of_fees(RISK_SNAPSHOT, "kpis_v7."),
    *_of_block(KPIS, "drawdown"),
    *_of_block(RISK_SNAPSHOT, "dd_state.drawdown"),
    *_of_block(RISK_SNAPSHOT, "kpis_v7.drawdown"),
)
# Portfolio words that stand twice in one file.
WORDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (KPIS, "drawdown state", ("risk.dd_state", "dd_state")),
    (KPIS, "ATR regime", ("risk.atr_regime", "atr_regime", "atr.atr_regime")),
    (KPIS, "router quality", ("router_quality", "router_stats.quality")),
    (RISK_SNAPSHOT, "ATR regime", ("atr_regime", "atr.atr_regime")),
    (RISK_SNAPSHOT, "ATR regime", ("kpis_v7.atr_regime", "kpis_v7.atr.atr_regime")),
)


def check_copies(sources: Sources) -> Check:
    """Every figure and word that a file has twice, against the first place."""
    differences: list[list[Part]] = []
    compared = False
    for name in dict.fromkeys(file for file, _, _ in (*COPIES, *WORDS)):
        found, pairs = sources.derive(_READERS[name], name)
        differences += found
        compared = compared or pairs > 0
    differences += [*find_unlike_twins(sources), *find_unlike_symbols(sources)]
    return all_agree("copies", differences, ["figures that a file has twice are the same"], compared)


def _reader(name: str) -> Callable[[JsonDict], tuple[list[list[Part]], int]]:
    """The reader of one file: the same function each time, since what it finds is kept by it."""

    def read(data: JsonDict) -> tuple[list[list[Part]], int]:
        found = [*_differing_figures(name, data), *_differing_words(name, data)]
        return [parts for parts in found if parts], len(found)

    return read


def _differing_figures(name: str, data: JsonDict) -> Iterator[list[Part]]:
    """One entry a pair: what differs in words, or nothing."""
    for file, figure, paths in COPIES:
        found = [(path, number(_at(data, path))) for path in paths if file == name]
        # A NAV of zero was not written.
        written = [(path, value) for path, value in found if value is not None and (value or figure != "NAV")]
        for path, value in written[1:]:
            first_path, first = written[0]
            show = plain if "%" in figure or "/" in figure or "ratio" in figure else usd
            parts: list[Part] = [f"{figure} in {name}: {first_path} ", show(first), f", {path} ", show(value)]
            yield parts if differ(first, value) else []


def _differing_words(name: str, data: JsonDict) -> Iterator[list[Part]]:
    for file, figure, paths in WORDS:
        written = [(path, value) for path in paths if file == name and isinstance(value := _at(data, path), str)]
        for path, value in written[1:]:
            first_path, first = written[0]
            yield [f"{figure} in {name}: {first_path} {first}, {path} {value}"] if first != value else []


def _at(data: JsonDict, path: str) -> object:
    block, _, key = path.rpartition(".")
    for part in block.split(".") if block else ():
        data = mapping(data.get(part))
    return data.get(key)


_READERS = {name: _reader(name) for name in (NAV_STATE, NAV, SYNCED_STATE, KPIS, RISK_SNAPSHOT)}
