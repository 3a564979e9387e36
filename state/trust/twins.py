"""Blocks that a loop writes twice, in one file or in two: every figure and word of them is the same."""

from collections.abc import Iterator
from typing import NamedTuple

from state.facts.kpis_shape import is_nested
from state.facts.sources import Sources
from state.files.stamps import SAME_LOOP_S, STAMP_KEYS, content_stamp, parse_stamp
from state.files.surfaces import BY_NAME, EXECUTION_HEALTH, KPIS, NAV, NAV_STATE, RISK_SNAPSHOT, SYNCED_STATE
from state.files.values import JsonDict, dicts, mapping, number, text
from state.formatting import fmt_number
from state.sentences import Part, amount

FILES = (NAV_STATE, NAV, SYNCED_STATE, KPIS, RISK_SNAPSHOT, EXECUTION_HEALTH)
# Ages and times of the writing itself: a moment may lie between the two.
MOMENTS = frozenset({*STAMP_KEYS, "age_s", "nav_cache_age", "peak_state_age"})
SYMBOL_BLOCKS = ("router", "risk", "vol")
MAX_DEPTH = 8
ROUNDING = 1e-9  # of a figure


class _Twins(NamedTuple):
    """File and dotted path of a block, and of the same block elsewhere."""

    file: str
    path: str
    other_file: str
    other_path: str


TWINS = (
    _Twins(KPIS, "", RISK_SNAPSHOT, "kpis_v7"),
    _Twins(NAV, "nav_detail", SYNCED_STATE, "nav_snapshot"),
    _Twins(NAV_STATE, "nav_detail", NAV, "nav_detail"),
    _Twins(NAV, "aum", NAV, "nav_detail.aum"),
    _Twins(NAV, "assets", NAV, "nav_detail.assets"),
    _Twins(NAV, "nav_detail.asset_breakdown", NAV, "nav_detail.assets"),
    _Twins(SYNCED_STATE, "nav_snapshot.asset_breakdown", SYNCED_STATE, "nav_snapshot.assets"),
    _Twins(RISK_SNAPSHOT, "dd_state.drawdown", RISK_SNAPSHOT, "kpis_v7.drawdown"),
    _Twins(RISK_SNAPSHOT, "nav_health", RISK_SNAPSHOT, "dd_state.drawdown.nav_health"),
    _Twins(RISK_SNAPSHOT, "atr", RISK_SNAPSHOT, "kpis_v7.atr"),
)


def find_unlike_twins(sources: Sources) -> list[list[Part]]:
    """What differs, in words."""
    return [*sources.derive(_find_unlike_blocks, *FILES), *_unlike_stamps(sources)]


def _find_unlike_blocks(*contents: JsonDict) -> list[list[Part]]:
    files = dict(zip(FILES, contents, strict=True))
    found = [words for twins in TWINS for words in _unlike(files, twins)]
    for name in (RISK_SNAPSHOT, EXECUTION_HEALTH):
        found += _unlike_components(name, files[name])
    return found


def _unlike_stamps(sources: Sources) -> Iterator[list[Part]]:
    """A file that is stamped under several keys says one time."""
    payloads = [(name, sources.data(name)) for name in BY_NAME]
    payloads.append((f"{RISK_SNAPSHOT} kpis_v7", mapping(sources.data(RISK_SNAPSHOT).get("kpis_v7"))))
    for name, data in payloads:
        written = {key: parse_stamp(data[key]) for key in STAMP_KEYS if data.get(key) is not None}
        stamp = content_stamp(data)
        wrong = [key for key, at in written.items() if at is None or (stamp and abs(at - stamp) > SAME_LOOP_S)]
        if stamp is not None and wrong:
            yield [f"{name} has another time under {', '.join(wrong)}"]


def _unlike(files: dict[str, JsonDict], twins: _Twins) -> Iterator[list[Part]]:
    left, right = _block(files[twins.file], twins.path), _block(files[twins.other_file], twins.other_path)
    if not left or not right or is_nested(left) or not _is_of_one_loop(files, twins):
        return
    for path, first, second in _leaves(left, right, ()):
        where = f"{twins.file} {_join(twins.path, path)} ", f", {twins.other_file} {_join(twins.other_path, path)} "
        yield [where[0], _shown(first), where[1], _shown(second)]


def _is_of_one_loop(files: dict[str, JsonDict], twins: _Twins) -> bool:
    if twins.file == twins.other_file:
        return True
    payload = _block(files[twins.other_file], twins.other_path)
    stamps = content_stamp(files[twins.file]), content_stamp(payload) or content_stamp(files[twins.other_file])
    return stamps[0] is not None and stamps[1] is not None and abs(stamps[0] - stamps[1]) <= SAME_LOOP_S


def _unlike_components(name: str, data: JsonDict) -> Iterator[list[Part]]:
    """Each symbol's figures stand at the top of its row, and once more under `components`."""
    for row in dicts(data.get("symbols")):
        components = mapping(row.get("components"))
        for block in SYMBOL_BLOCKS:
            for path, first, second in _leaves(mapping(row.get(block)), mapping(components.get(block)), (block,)):
                where = f"{name} {text(row.get('symbol')) or '?'} {'.'.join(path)} "
                yield [where, _shown(first), ", in its components ", _shown(second)]


def _leaves(left: object, right: object, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], object, object]]:
    """The values under the same path that differ; what only one side has is no difference."""
    found: list[tuple[tuple[str, ...], object, object]] = []
    if len(path) > MAX_DEPTH:
        return found
    for key, first, second in _pairs(left, right):
        if first == second:
            continue
        if isinstance(first, dict | list):
            found += _leaves(first, second, (*path, key))
        elif _differ(first, second):
            found.append(((*path, key), first, second))
    return found


def _pairs(left: object, right: object) -> Iterator[tuple[str, object, object]]:
    """What two blocks, or two lists, have under the same key."""
    if isinstance(left, dict) and isinstance(right, dict):
        return ((key, left[key], right[key]) for key in left if key in right and key not in MOMENTS)
    if isinstance(left, list) and isinstance(right, list):
        return ((str(index), *pair) for index, pair in enumerate(zip(left, right, strict=False)))
    return iter(())


def _differ(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return type(left) is type(right) and left is not right
    first, second = number(left), number(right)
    if first is not None and second is not None:
        return abs(first - second) > ROUNDING * max(abs(first), abs(second))
    return isinstance(left, str) and isinstance(right, str) and left != right


def _block(data: JsonDict, path: str) -> JsonDict:
    for key in path.split(".") if path else ():
        data = mapping(data.get(key))
    return data


def _join(base: str, path: tuple[str, ...]) -> str:
    return ".".join((base, *path) if base else path)


def _shown(value: object) -> Part:
    """A number as an amount: it may be one of money."""
    figure = None if isinstance(value, bool) else number(value)
    if figure is not None:
        return amount(figure, lambda shown: fmt_number(shown, 4))
    return (text(value) or str(value))[:40]
