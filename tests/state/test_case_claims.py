"""The claims of the cases themselves: what is not so must fail, else a case would pass whatever the reader says."""

import json
from typing import Any

import pytest
from case_claims import Claim, holds
from worlds import State


def reading(**nav: Any) -> State:
    """A small state to hold claims against."""
    return {
        "nav": {"nav_usd": 10.0, "nav_zar": 0.0, "source": "nav.json", "series": [[1, 5.0], [2, 6.0], [3, 7.0]], **nav},
        "aum": {"slices": [{"label": "BTC 2", "usd": 3.0}, {"label": "USDC", "usd": None}]},
        "positions": [
            {"symbol": "BTCUSDT", "side": "LONG", "qty": 0.1},
            {"symbol": "BTCUSDT", "side": "SHORT", "qty": -0.3},
        ],
        "meta": {
            "testnet": True,
            "unknown": {"nav.nav_zar": "no rate", "aum.slices.1.usd": "no price", "kpis": "torn"},
            "surfaces": [{"name": "nav.json", "status": "ok"}],
            "alerts": [{"severity": "warn", "title": "Drawdown cautious", "text": "3.00 %\nbelow"}],
            "checks": [
                {
                    "name": "nav",
                    "label": "NAV agrees",
                    "status": "ok",
                    "detail": "12 apart",
                    "left": {"label": "nav.json"},
                    "right": {"label": "KPIs"},
                }
            ],
        },
    }


BTC, USDC = {"position": "BTCUSDT"}, {"slice": "USDC", "field": "usd"}

TRUE_CLAIMS: list[Claim] = [
    {"path": "nav.nav_usd", "near": 10.0009},
    {"path": "nav.nav_usd", "is": 10},
    {"path": "nav.nav_usd", "in": [9.0, 10.0]},
    {"path": "nav.nav_usd", "above": 9.9, "below": 10.1},
    {"path": "nav.source", "matches": "^NAV"},
    {"path": "nav.series.-1.1", "is": 7.0},
    {"path": "nav.none", "exists": False},
    {"path": "nav.nav_zar", "unknown": True, "reason": "rate"},
    {"path": "kpis.risk.dd_state", "unknown": True, "reason": "torn"},
    {"path": "nav.nav_usd", "unknown": False},
    {**BTC, "field": "qty", "is": -0.3},
    {**BTC, "field": "qty", "sum": -0.2},
    {"position": "BTCUSDT LONG", "field": "qty", "is": 0.1},
    {"position": "ETHUSDT", "absent": True},
    {"slice": "BTC", "field": "usd", "is": 3.0},
    {**USDC, "unknown": True},
    {"surface": "nav.json", "field": "status", "is": "ok"},
    {"alert": "caut.*below", "severity": ["warn", "fail"]},
    {"no_alert": "drawdown", "severity": "fail"},
    {"check": "*", "status": ["ok"], "about": "kpis"},
    {"said": "no price", "under": "aum"},
    {"series": [1, 3], "count": 1},
    {"series": [0, 4], "at_least": 3},
    {"same": "nav.source"},
    {"same": "nav.nav_usd", "abs": 2.0},
    {"any": [[{"path": "nav.nav_usd", "is": 1}], [{"path": "nav.source", "is": "nav.json"}]]},
    {"all": [{"no_alert": "frozen"}, {"path": "meta.testnet", "is": True}]},
    {"not": {"path": "nav.nav_usd", "is": 1}},
]

FALSE_CLAIMS: list[Claim] = [
    {"path": "nav.nav_usd", "near": 10.0011},
    {"path": "nav.none", "near": 0.0, "abs": 1.0},
    {"path": "meta.testnet", "is": 1},
    {"path": "nav.none", "is": None},
    {"path": "meta.testnet", "in": [1, "True"]},
    {"path": "nav.nav_usd", "above": 9.9, "below": 10.0},
    {"path": "nav.source", "above": 1},
    {"path": "nav.nav_usd", "matches": "10"},
    {"path": "nav.series.3.1", "exists": True},
    {"path": "nav.nav_usd", "exists": False},
    {"path": "nav.nav_usd", "unknown": True},
    {"path": "nav.none", "unknown": True},
    {"path": "aum.slices.0.usd", "unknown": True},
    {"path": "nav.nav_zar", "reason": "price"},
    {"path": "nav.nav_usd", "reason": ""},
    {**BTC, "field": "qty", "is": 0.3},
    {**BTC, "field": "qty", "sum": 0.4},
    {"position": "ETHUSDT", "field": "qty", "sum": 0.0},
    {"position": "ETHUSDT", "field": "qty", "exists": False},
    {"position": "BTCUSDT SHORT", "field": "qty", "is": 0.1},
    {**BTC, "absent": True},
    {"slice": "BT", "field": "usd", "is": 3.0},
    {**USDC, "sum": 0.0},
    {"surface": "kpis_v7.json", "field": "status", "is": "ok"},
    {"alert": "cautious", "severity": "fail"},
    {"no_alert": "below$"},
    {"check": "nav", "status": ["warn", "fail"]},
    {"check": "aum", "status": ["ok"]},
    {"check": "nav", "status": ["ok"], "about": "exposure"},
    {"said": "apart"},
    {"said": "no price", "under": "nav"},
    {"series": [1, 3], "count": 3},
    {"series": [1, 3], "at_least": 2},
    {"same": "nav.nav_usd"},
    {"same": "nav.none"},
    {"any": [[{"path": "nav.source", "is": "nav.json"}, {"path": "nav.nav_usd", "is": 1}]]},
    {"any": []},
    {"all": [{"no_alert": "frozen"}, {"path": "meta.testnet", "is": False}]},
    {"not": {"path": "nav.source", "is": "nav.json"}},
]

NO_CLAIMS: list[Claim] = [{}, {"path": "nav"}, {"path": "nav", "near": 1, "tolerance": 2}, {"alerts": "x"}]


@pytest.mark.parametrize("claim", TRUE_CLAIMS, ids=json.dumps)
def test_a_claim_that_is_so_holds(claim: Claim) -> None:
    """Of two states that differ in their NAV."""
    assert holds(claim, [reading(nav_usd=11.0), reading()])


@pytest.mark.parametrize("claim", FALSE_CLAIMS, ids=json.dumps)
def test_a_claim_that_is_not_so_fails(claim: Claim) -> None:
    """Else a case would pass whatever the reader says."""
    assert not holds(claim, [reading(nav_usd=11.0), reading()])


@pytest.mark.parametrize("claim", NO_CLAIMS, ids=json.dumps)
def test_what_claims_nothing_is_refused(claim: Claim) -> None:
    """A misspelt key must not pass in silence."""
    with pytest.raises(ValueError, match=r"claim"):
        holds(claim, [reading()])
