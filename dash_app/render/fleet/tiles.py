"""One tile a desk, the worst first: its worst trouble, NAV and PnL, drawdown and stops, and how old all that is."""

from typing import Any

import dash_bootstrap_components as dbc

from dash_app.figures.sparkline import build_sparkline
from dash_app.render import html, text
from dash_app.render.components import REACHABLE, TROUBLE, Child, block, field, sign, span, told
from dash_app.render.header import badge, desk_link
from dash_app.render.readings import (
    StateDict,
    fmt_upper,
    is_number,
    number_at,
    reason_at,
    rows_at,
    stale_at,
    text_at,
    value_at,
)
from dash_app.render.theme import tone_of, tone_of_amount
from state.desks.overview import MOST_TILES
from state.files.fleet_files import BEAT_LATE_S, BEAT_SILENT_S
from state.formatting import fmt_age, fmt_pct, fmt_signed, fmt_usd

STOP_ALERTS = ("stops_missing", "stops_missing_in_trouble", "exits_mismatch")
LIVE_KIND = "live"


def render_tiles(state: StateDict) -> list[html.Element]:
    """The grid; how many columns it has on a wall that is wide and on one that is tall goes with the count."""
    count = min(len(rows_at(state, "desks")), MOST_TILES)
    marks = {"data-columns": str(_columns(count)), "data-columns-tall": str(1 if count < 4 else 2 if count < 9 else 3)}
    return [block([_tile(state, f"desks.{index}") for index in range(count)], "tiles", **marks)]


def _columns(count: int) -> int:
    """In one row up to four, then two, three and four rows."""
    rows = 1 if count <= 4 else 2 if count <= 8 else 3 if count <= 15 else 4
    return max(-(-count // rows), 1)


def _tile(state: StateDict, path: str) -> html.Element:
    severity = text_at(state, f"{path}.severity")
    edge = f" edge {severity}" if severity in TROUBLE else ""
    skew_s = number_at(state, f"{path}.skew_s") or 0.0
    parts = [
        block([html.H2(_name(state, path)), _badge(state, path)], "tile-head"),
        _trouble(state, path, severity),
        block(_nav(state, path), "tile-nav"),
        *_line(state, path),
        block([_pnl(state, path), _drawdown(state, path), *_stops(state, path)], "tile-figures"),
        block([_confirmed(state, path), *_beat(state, path)], "tile-foot"),
    ]
    # Stamps of a tile are of the desk's clock, and its ages are counted on that.
    return block(parts, f"card tile{edge}", **({"data-skew": str(skew_s)} if skew_s else {}))


def _name(state: StateDict, path: str) -> html.Element | str:
    name = text_at(state, f"{path}.name")
    return name if value_at(state, f"{path}.kind") is None else desk_link(state, name, name, "stretched-link")


def _badge(state: StateDict, path: str) -> dbc.Badge:
    if value_at(state, f"{path}.testnet") is True:
        return badge(span("TESTNET", **{"data-field": f"{path}.testnet"}), "testnet")
    kind = "known" if text_at(state, f"{path}.kind") == LIVE_KIND else "unknown"
    return badge(field(state, f"{path}.environment", fmt_upper, default=text.DEFAULT_ENVIRONMENT), kind)


def _trouble(state: StateDict, path: str, severity: str) -> html.Element:
    """The worst alert, for how long, and how many more there are."""
    alerts = rows_at(state, f"{path}.alerts")
    if not alerts or severity not in TROUBLE:
        return block([*sign("ok"), text.ALL_QUIET], "tile-trouble ok")
    worst, count = alerts[0], number_at(state, f"{path}.alert_count") or 1
    since, skew_s = worst.get("since"), number_at(state, f"{path}.skew_s") or 0.0
    # The moments of alerts are of the wall's clock.
    duration = _age(state, path, float(since) + skew_s) if is_number(since) and since is not None else None
    lasting: list[Child] = [" for ", duration] if duration else []
    title: list[Child] = [*sign(severity), text_at(worst, "title"), *lasting]
    further: list[Child] = [f" · {count - 1:.0f} more"] if count > 1 else []
    words = [text_at(worst, "text"), *(text_at(other, "title") for other in alerts[1:])]
    marks = told(". ".join(word for word in words if word))
    return block([span([*title, *further], "alert-text", **marks)], f"tile-trouble {severity}")


def _nav(state: StateDict, path: str) -> list[Child]:
    """The figure, grey where it is not of now, and the change of a day or why it is not of now."""
    kept, frozen = text_at(state, f"{path}.kept"), value_at(state, f"{path}.frozen") is True
    known = value_at(state, f"{path}.nav_usd") is not None and not reason_at(state, f"{path}.nav_usd")
    bound: list[Child] = ["≥ "] if value_at(state, f"{path}.nav_is_lower_bound") is True else []
    unit = " USD last known" if kept else " USD frozen" if frozen else " USD"
    figure = [*bound, field(state, f"{path}.nav_usd", fmt_usd), *([span(unit, "unit")] if known else [])]
    change_path = f"{path}.change_24h_pct"
    change = field(state, change_path, fmt_signed, class_name=tone_of_amount(number_at(state, change_path)))
    percent = [" %"] if number_at(state, change_path) is not None else []
    figure_class = f"figure{' frozen' if kept or frozen else ''}"
    below = block(kept, "caption tile-kept") if kept else block(["NAV 24 h ", change, *percent], "caption")
    return [html.Div(figure, className=figure_class), below]


def _line(state: StateDict, path: str) -> list[html.Element]:
    points = [(row[0], row[1]) for row in _pairs(value_at(state, f"{path}.series"))]
    is_old = bool(text_at(state, f"{path}.kept")) or value_at(state, f"{path}.frozen") is True
    picture = build_sparkline(points, _pairs(value_at(state, f"{path}.gaps")), is_old=is_old)
    return [html.Img(src=picture, alt="", className="tile-line")] if picture else []


def _pairs(value: Any) -> list[list[float]]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, list) and len(row) == 2 and all(map(is_number, row))]


def _pnl(state: StateDict, path: str) -> html.Element:
    at = f"{path}.pnl_today_usd"
    return _figure([text.PNL_TODAY], field(state, at, fmt_signed, class_name=tone_of_amount(number_at(state, at))))


def _drawdown(state: StateDict, path: str) -> html.Element:
    at = f"{path}.dd_state"
    tone = "" if reason_at(state, at) or stale_at(state, at) else tone_of(text_at(state, at))
    word = field(state, at, default=text.DEFAULT_DD_STATE, class_name=tone)
    return _figure(["drawdown ", field(state, f"{path}.drawdown_pct", fmt_pct)], *sign(tone), word)


def _stops(state: StateDict, path: str) -> list[html.Element]:
    """How many positions have one, as bad as the alert about it; nothing where no file tells."""
    held, of = (number_at(state, f"{path}.stops.{name}") for name in ("held", "of"))
    if held is None or of is None:
        return []
    alerts = rows_at(state, f"{path}.alerts")
    tone = next((text_at(row, "severity") for row in alerts if row.get("kind") in STOP_ALERTS), "")
    return [_figure(["stops"], *sign(tone), span(f"{held:.0f} of {of:.0f}", tone, **{"data-field": f"{path}.stops"}))]


def _figure(caption: list[Child], *value: Child) -> html.Element:
    return block([block(caption, "caption"), block(list(value), "tile-value")], "tile-figure")


def _confirmed(state: StateDict, path: str) -> html.Element:
    """When the exchange last confirmed the NAV; a file that is written proves nothing of it."""
    age = _age(state, path, value_at(state, f"{path}.confirmed_at"))
    if age is None:
        reason = reason_at(state, f"{path}.confirmed_at") or "no file says when the exchange confirmed the NAV"
        return span("exchange n/a", "unknown", **{"data-unknown": reason, **REACHABLE})
    if value_at(state, f"{path}.frozen") is True:
        return span([*sign("fail"), "frozen, confirmed ", age, " ago"], "fail")
    return span([span("exchange ", "tile-more"), "confirmed ", age, " ago"])


def _beat(state: StateDict, path: str) -> list[html.Element]:
    """When a mirrored desk was last heard of; the browser goes on to late and to silent by itself."""
    seen_at, skew_s = number_at(state, f"{path}.beat_seen_at"), number_at(state, f"{path}.skew_s") or 0.0
    if text_at(state, f"{path}.beat") in ("", "local"):
        return []
    age = _age(state, path, None if seen_at is None else seen_at + skew_s)
    if age is None:
        return [span([*sign("fail"), "beat unknown"], "fail")]
    word = {"late": "late", "silent": "stale"}.get(text_at(state, f"{path}.beat"), "fresh")
    limits = {"data-late-after": str(BEAT_LATE_S), "data-stale-after": str(BEAT_SILENT_S)}
    return [span(["beat ", age, " ago"], f"beat {word}", **limits)]


def _age(state: StateDict, path: str, stamp: Any) -> html.Element | None:
    """The time since a stamp of the desk's clock."""
    now = number_at(state, "meta.loaded_at")
    if now is None or not is_number(stamp):
        return None
    seconds = now + (number_at(state, f"{path}.skew_s") or 0.0) - stamp
    return span(fmt_age(seconds), "age", **{"data-stamp": str(stamp), "data-age-format": "words"})
