"""Figures of one symbol that a writer has put in several places of the same loop."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from state.facts.kpis_shape import is_nested
from state.facts.sources import Sources
from state.facts.symbols import WHY, Reader, read_risk, rows_by_symbol, symbol_parts
from state.files.stamps import SAME_LOOP_S, content_stamp, parse_stamp
from state.files.surfaces import EXECUTION_HEALTH, KPIS, POSITIONS_STATE, RISK_SNAPSHOT, ROUTER_HEALTH
from state.files.values import JsonDict, mapping
from state.formatting import fmt_number
from state.sentences import Part
from state.trust.comparison import differ
from state.trust.one_loop import Writing, is_of_one_loop

FILES = (KPIS, RISK_SNAPSHOT, ROUTER_HEALTH, EXECUTION_HEALTH, POSITIONS_STATE)

Figures = dict[str, Any]


class _Place(NamedTuple):
    """Where figures by symbol stand; `daemon`: whether the sync daemon wrote them, which reads the executor's."""

    file: str
    part: str
    daemon: bool
    stamp: float | None
    rows: dict[str, Figures]

    @property
    def name(self) -> str:
        return f"{self.file} {self.part}"

    @property
    def writing(self) -> Writing:
        return Writing(self.file, self.daemon, self.stamp)


def find_unlike_symbols(sources: Sources) -> list[list[Part]]:
    """What differs, in words."""
    return sources.derive(_find_unlike, *FILES)


def _find_unlike(*contents: JsonDict) -> list[list[Part]]:
    places = list(_places(dict(zip(FILES, contents, strict=True))))
    found: list[list[Part]] = []
    for index, place in enumerate(places):
        for reference in places[:index]:
            if reference.file == place.file or is_of_one_loop(reference.writing, place.writing):
                found += _differences(reference, place)
    return [*found, *_unlike_errors(contents[1], contents[3])]


def _unlike_errors(snapshot: JsonDict, health: JsonDict) -> Iterator[list[Part]]:
    """The last exchange error of a symbol: of one time it is one error, and none is later than its file."""
    known: dict[tuple[str, str, float], object] = {}
    for file, data in ((RISK_SNAPSHOT, snapshot), (EXECUTION_HEALTH, health)):
        written_at = content_stamp(data)
        for symbol, row in rows_by_symbol(data.get("symbols")).items():
            for component, block in mapping(row.get("errors")).items():
                last = mapping(mapping(block).get("last_error"))
                at, code = parse_stamp(last.get("ts")), mapping(last.get("classification")).get("code")
                if last and (at is None or (written_at is not None and at > written_at + SAME_LOOP_S)):
                    yield [f"the last error of {symbol} in {file} has no time, or one after it was written"]
                elif at is not None and known.setdefault((symbol, str(component), at), code) != code:
                    yield [f"{RISK_SNAPSHOT} and {file} have another code of the last error of {symbol}"]


def _places(files: dict[str, JsonDict]) -> Iterator[_Place]:
    kpis, book = files[KPIS], files[POSITIONS_STATE]
    nested = is_nested(kpis)
    passed_through = rows_by_symbol(kpis.get("symbols")) if nested else {}
    for name, part, read, entries in symbol_parts(files, passed_through):
        yield _place(files[name], (name, part, nested and name == KPIS), read, entries)
    if nested:
        rows = rows_by_symbol(mapping(kpis.get("atr")).get("symbols"))
        yield _place(kpis, (KPIS, "atr.symbols", True), read_risk, rows)
    yield _place(book, (POSITIONS_STATE, "items", True), read_risk, rows_by_symbol(book.get("items")))


def _differences(left: _Place, right: _Place) -> Iterator[list[Part]]:
    """Figures and words of the symbols that both know; in one file both know the same symbols."""
    if left.rows and right.rows and left.file == right.file and left.daemon:
        for symbol in sorted(left.rows.keys() ^ right.rows.keys()):
            yield [f"{symbol} stands only in one of {left.name} and {right.name}"]
    # In the order of the files: that of a set is another one in each process.
    for symbol in (name for name in left.rows if name in right.rows):
        figures, others = left.rows[symbol], right.rows[symbol]
        for key in (field for field in figures if field in others):
            first, second = figures[key], others[key]
            if first is not None and second is not None and not key.startswith(WHY) and _unlike(first, second):
                yield [f"{key} of {symbol}: {left.name} {_shown(first)}, {right.name} {_shown(second)}"]


def _unlike(first: float | str, second: float | str) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return first != second
    return differ(first, second)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else fmt_number(value, 4)


def _place(data: JsonDict, where: tuple[str, str, bool], read: Reader, entries: dict[str, JsonDict]) -> _Place:
    rows = {symbol: read(entry) for symbol, entry in entries.items()}
    return _Place(*where, content_stamp(data), rows)
