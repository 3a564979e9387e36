"""The account's value and the surfaces that show it: nav.json, nav_state.json and the log of points between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from execution.storage.reading import read_json
from execution.utils.numbers import describe, finite_number, read_amount
from execution.utils.timestamps import EPOCH_RANGE_S, format_iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from execution.surfaces.positions import Exposure
    from execution.utils.metrics import Drawdown

NAV_LOG_POINTS = 720
SERIES_POINTS = 500
FRESH_FOR_S = 90.0


@dataclass(frozen=True, slots=True)
class Fx:
    """ZAR per USD and the epoch seconds it was taken at; None without a rate."""

    usd_zar: float | None = None
    at_s: float | None = None

    def as_block(self) -> dict[str, float | None]:
        """The `fx` block of the surfaces."""
        return {"usd_zar": self.usd_zar, "ts": self.at_s}


@dataclass(frozen=True, slots=True)
class ExchangeContact:
    """When the exchange last really answered (epoch seconds), whether it answers now, and in words why not."""

    confirmed_at_s: float
    reachable: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NavPoint:
    """One point of nav_log.json, USD; some writers leave the open PnL out."""

    at_s: float
    nav_usd: float
    unrealized_usd: float | None = None


class NavLog(NamedTuple):
    """The points of a nav_log.json, oldest first, and a sentence about those that were left out."""

    points: list[NavPoint]
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The account as the exchange tells it, USD: NAV = cash + unrealized."""

    cash_usd: float
    unrealized_usd: float

    @property
    def nav_usd(self) -> float:
        """Cash and open PnL."""
        return self.cash_usd + self.unrealized_usd


def build_nav_health(contact: ExchangeContact, nav_usd: float, now_s: float) -> dict[str, Any]:
    """The `nav_health` block: `sources_ok` is false as soon as the exchange does not answer."""
    age_s = max(0.0, now_s - contact.confirmed_at_s)
    fresh = contact.reachable and age_s <= FRESH_FOR_S
    return {
        "age_s": age_s,
        "sources_ok": contact.reachable,
        # True means stale; the name is the old one.
        "stale_flags": {"balances_ok": not fresh},
        "fresh": fresh,
        "threshold_s": FRESH_FOR_S,
        "cache_ts": contact.confirmed_at_s,
        "nav_total": nav_usd,
    }


def build_nav(
    account: Account, contact: ExchangeContact, aum: Mapping[str, Any], fx: Fx, now_s: float
) -> dict[str, Any]:
    """The payload of nav.json; while the exchange is down `account` is the last one it confirmed."""
    nav_usd, health = account.nav_usd, build_nav_health(contact, account.nav_usd, now_s)
    detail = {
        "source": "live" if contact.reachable else "cache",
        "fresh": health["fresh"],
        "nav_mode": "live_wallet",
        "nav": nav_usd,
        "nav_usd": nav_usd,
        "total_nav": nav_usd,
        "cash_usd": account.cash_usd,
        "unrealized_usd": account.unrealized_usd,
        "asset_breakdown": {"USDT": nav_usd},
        "nav_health": health,
        **({"reason": contact.reason} if contact.reason else {}),
    }
    return {
        "nav": nav_usd,
        "nav_usd": nav_usd,
        "updated_ts": now_s,
        "nav_mode": "live_wallet",
        "nav_detail": detail,
        "aum": dict(aum),
        "fx": fx.as_block(),
    }


@dataclass(frozen=True, slots=True)
class NavFigures:
    """What nav_state.json shows beside the series; USD unless the name says otherwise."""

    drawdown: Drawdown | None
    exposure: Exposure
    realized_today_usd: float | None
    aum: Mapping[str, Any]
    fx: Fx
    sources_ok: bool | None


def build_nav_state(series: Sequence[NavPoint], figures: NavFigures, now_s: float) -> dict[str, Any]:
    """The payload of nav_state.json; the NAV is the last point of the series, and `age_s` is the age of that point."""
    last, drawdown, exposure = series[-1], figures.drawdown, figures.exposure
    return {
        "series": [_build_point(point) for point in series[-SERIES_POINTS:]],
        "total_equity": last.nav_usd,
        "peak_equity": drawdown.peak_usd if drawdown else None,
        "drawdown_pct": drawdown.pct if drawdown else None,
        "drawdown": drawdown.pct if drawdown else None,
        "drawdown_abs": drawdown.abs_usd if drawdown else None,
        "drawdown_snapshot_at": format_iso(last.at_s),
        "realized_pnl_today": figures.realized_today_usd,
        "realized_pnl": figures.realized_today_usd,
        "unrealized_pnl": exposure.unrealized_usd,
        "gross_exposure": exposure.gross_usd,
        "net_exposure": exposure.net_usd,
        "largest_position_value": exposure.largest_usd,
        "aum": dict(figures.aum),
        "fx": figures.fx.as_block(),
        "sources_ok": figures.sources_ok,
        "updated_at": now_s,
        "age_s": max(0.0, now_s - last.at_s),
    }


def build_nav_log(points: Sequence[NavPoint]) -> list[dict[str, float]]:
    """The content of nav_log.json: the newest 720 points, oldest first."""
    return [{"t": point.at_s, "nav": point.nav_usd, **_open_pnl(point)} for point in points[-NAV_LOG_POINTS:]]


def read_nav_log(content: object) -> list[NavPoint]:
    """Points of a nav_log.json, oldest first; points without a positive NAV are left out."""
    return parse_nav_log(content, (0.0, EPOCH_RANGE_S[1])).points if isinstance(content, list) else []


def load_nav_log(path: Path) -> NavLog:
    """The log at `path`; no points when it is not there.

    Raises:
        OSError, ValueError: the file cannot be read, or holds no list.
    """
    try:
        content = read_json(path)
    except FileNotFoundError:
        return NavLog([])
    if not isinstance(content, list):
        raise ValueError(f"{path} holds {describe(content)}; expected a list of points")
    return parse_nav_log(content)


def parse_nav_log(content: Sequence[object], epoch_range_s: tuple[float, float] = EPOCH_RANGE_S) -> NavLog:
    """The points of a nav_log.json whose time is in the range; zeros are what writers put for nothing."""
    points, fault = [], None
    for row in content:
        point = _read_point(row, epoch_range_s)
        if point is not None:
            points.append(point)
        elif fault is None and not (isinstance(row, dict) and finite_number(row.get("nav")) == 0):
            fault = f"nav_log.json has points that are left out, as one of {_describe_point(row)}"
    return NavLog(sorted(points, key=lambda point: point.at_s), fault)


def _read_point(row: object, epoch_range_s: tuple[float, float]) -> NavPoint | None:
    if not isinstance(row, dict):
        return None
    at_s, nav_usd = finite_number(row.get("t")), read_amount(row.get("nav"))
    earliest_s, latest_s = epoch_range_s
    if at_s is None or nav_usd is None or nav_usd == 0 or not earliest_s <= at_s <= latest_s:
        return None
    return NavPoint(at_s, nav_usd, read_amount(row.get("unrealized_pnl")))


def _describe_point(row: object) -> str:
    if not isinstance(row, dict):
        return describe(row)
    return f"t {describe(row.get('t'))}, NAV {describe(row.get('nav'))}"


def _build_point(point: NavPoint) -> dict[str, Any]:
    return {
        "nav": point.nav_usd,
        "t": format_iso(point.at_s),
        **_open_pnl(point),
        "equity": point.nav_usd,
        "total_equity": point.nav_usd,
    }


def _open_pnl(point: NavPoint) -> dict[str, float]:
    return {} if point.unrealized_usd is None else {"unrealized_pnl": point.unrealized_usd}
