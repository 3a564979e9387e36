"""Nothing but reads leaves the process: every call of ccxt that could change something is tried against a listener."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ccxt
import pytest
import requests
from pretended import FAKE_KEYS, Pretended

from execution.account.credentials import Credentials
from execution.account.failures import Failure
from execution.account.guard import NotReadOnlyError, ReadOnlyAdapter, build_client
from execution.account.link import Link
from execution.account.venues.table import VENUES
from execution.account.venues.venue import Venue

if TYPE_CHECKING:
    from collections.abc import Callable

MUTATING = (
    "create", "cancel", "edit", "set_leverage", "set_margin", "set_position", "add_margin", "reduce_margin", "close_",
    "withdraw", "transfer", "borrow", "repay", "deposit", "close", "redeem", "sign_in", "approve", "futures_transfer",
)  # fmt: skip
# They only build something in memory, or close the client.
HARMLESS = ("create_safe_dictionary", "create_expired_option_market", "close")
ADDRESS = "0x" + "ab" * 20
ARGUMENTS: dict[str, Any] = {
    "symbol": "BTC/USDT:USDT",
    "symbols": ["BTC/USDT:USDT"],
    "code": "USDT",
    "type": "limit",
    "side": "buy",
    "amount": 0.01,
    "price": 50_000.0,
    "id": "1",
    "ids": ["1"],
    "orders": [{"symbol": "BTC/USDT:USDT", "type": "limit", "side": "buy", "amount": 0.01, "price": 50_000.0}],
    "leverage": 3,
    "marginMode": "cross",
    "hedged": True,
    "address": ADDRESS,
    "fromAccount": "spot",
    "toAccount": "future",
    "tag": None,
    "params": {},
}

TRADER_KEYS = {"password": "p", "privateKey": "0x" + "11" * 32, "walletAddress": ADDRESS}


def client_of(name: str, exchange: Pretended) -> Any:
    """A guarded client that has everything it would need to trade."""
    client = build_client(VENUES[name](), FAKE_KEYS, "live", exchange.url, paced=False)
    for key, value in TRADER_KEYS.items():
        setattr(client, key, value)
    market = {
        "id": "BTCUSDT", "symbol": "BTC/USDT:USDT", "base": "BTC", "quote": "USDT", "settle": "USDT", "type": "swap",
        "swap": True, "spot": False, "contract": True, "linear": True, "inverse": False, "option": False,
        "future": False, "margin": False, "contractSize": 1.0, "baseId": "0", "baseName": "BTC",
        "quoteId": "USDT", "settleId": "usdt",
        "active": True, "precision": {"amount": 0.001, "price": 0.1}, "info": {},
        "limits": {"amount": {"min": 0.0}, "cost": {}, "price": {}},
    }  # fmt: skip
    client.set_markets(
        [market], {"USDT": {"id": "USDT", "code": "USDT", "precision": 1e-8, "networks": {}, "info": {}}}
    )
    return client


def mutating_methods() -> list[str]:
    """Of ccxt's unified interface, by the beginning of their names."""
    names = [name for name, _ in inspect.getmembers(ccxt.Exchange, inspect.isfunction)]
    return [name for name in names if name.startswith(MUTATING) and name not in HARMLESS and not name.endswith("_ws")]


def arguments_for(method: Callable[..., Any]) -> dict[str, Any]:
    """Something for each parameter."""
    found = inspect.signature(method).parameters.values()
    return {item.name: ARGUMENTS.get(item.name, 1) for item in found if item.kind is item.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize("name", VENUES)
def test_no_mutating_method_reaches_the_exchange(name: str, exchange: Pretended) -> None:
    """Whatever ccxt makes of them, none is answered and the listener hears of no order."""
    methods, client = mutating_methods(), client_of(name, exchange)
    assert len(methods) > 60
    refused = 0
    for method in methods:
        call = getattr(client, method)
        try:
            made = call(**arguments_for(call))
        except NotReadOnlyError:
            refused += 1
        except (ccxt.BaseError, TypeError, KeyError, ValueError, AttributeError, IndexError, ArithmeticError):
            continue
        else:
            # What a client makes up by itself is no order: requests that build a body only.
            assert method.endswith(("_request", "_args")) or made is None or isinstance(made, dict | list), method
    assert refused >= 5
    changes = {what for what in exchange.asked() if what.split(" ")[0] in ("POST", "PUT", "DELETE", "PATCH")}
    # Hyperliquid's questions are posted; what they may ask is tried below.
    assert changes <= {"POST /fake/control", "POST /info"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("name", VENUES)
def test_raw_requests_are_refused_by_each_layer_alone(name: str, method: str, exchange: Pretended) -> None:
    """Through ccxt before anything is signed; and below it on the wire, where ccxt was gone around."""
    client, asked = client_of(name, exchange), exchange.asked()
    for read in VENUES[name].reads:
        if read.method == method:
            continue
        with pytest.raises(NotReadOnlyError, match="nothing was sent"):
            client.request(read.path, list(read.api), method, {})
        with pytest.raises(NotReadOnlyError, match="nothing was sent"):
            client.fetch(f"{exchange.url}{read.wire}", method, {}, "{}")
        with pytest.raises(NotReadOnlyError, match="nothing was sent"):
            client.session.request(method, f"{exchange.url}{read.wire}")
    assert exchange.asked() == asked


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "{url}/fapi/v1/order", None),
        ("GET", "{url}/fapi/v3/account/../../v1/order", None),
        ("GET", "{url}/fapi/v3/account", '{"side": "BUY"}'),
        ("GET", "http://127.0.0.1:1/fapi/v3/account", None),
        ("GET", "http://example.org/fapi/v3/account", None),
        ("get", "{url}/fapi/v3/order", None),
    ],
)
def test_other_paths_hosts_and_bodies_are_refused(method: str, url: str, body: str | None, exchange: Pretended) -> None:
    """A read is host, method and path together."""
    client, asked = client_of("binanceusdm", exchange), exchange.asked()
    with pytest.raises(NotReadOnlyError):
        client.session.request(method, url.format(url=exchange.url), data=body)
    assert exchange.asked() == asked


@pytest.mark.parametrize("said", [{"type": "order"}, {"type": "updateLeverage"}, {}, [], "clearinghouseState"])
def test_a_post_that_reads_says_what(said: Any, exchange: Pretended) -> None:
    """Hyperliquid reads by POST /info, and by the types that are listed."""
    client, asked = client_of("hyperliquid", exchange), exchange.asked()
    with pytest.raises(NotReadOnlyError):
        client.session.request("POST", f"{exchange.url}/info", data=json.dumps(said))
    with pytest.raises(NotReadOnlyError):
        client.request("info", ["public"], "POST", said if isinstance(said, dict) else {})
    assert exchange.asked() == asked


def test_a_redirect_is_not_followed(exchange: Pretended) -> None:
    """Not even to a path that may be read."""
    link = exchange.link()
    exchange.control(faults=["redirect"])
    before = exchange.asked().get("GET /fapi/v1/time", 0)
    with pytest.raises(Exception, match="no answer"):
        link.venue.figures(link.ask)
    assert exchange.asked().get("GET /fapi/v1/time", 0) == before


def test_the_reader_has_no_way_to_order() -> None:
    """What the rest of the program gets can ask, and has no method besides."""
    public = {name for name, _ in inspect.getmembers(Link) if not name.startswith("_")}
    assert public == {"ask", "load_instruments", "sync_clock", "weight_per_minute"}
    for venue in VENUES.values():
        own = {name for name, _ in inspect.getmembers(venue, inspect.isfunction) if not name.startswith("_")}
        assert own == {name for name, _ in inspect.getmembers(Venue, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("name", VENUES)
def test_clients_know_the_hosts_of_their_exchange_alone(name: str) -> None:
    """Live as in the other environments; plain HTTP is for the fake exchange only."""
    for environment in VENUES[name].environments:
        client = build_client(VENUES[name](), Credentials("k", "s", "p", ADDRESS), environment)
        adapter = client.session.get_adapter("https://")
        assert isinstance(adapter, ReadOnlyAdapter)
        assert adapter.hosts
        with pytest.raises(requests.exceptions.InvalidSchema):
            client.session.get("http://127.0.0.1/")


@pytest.mark.parametrize("name", VENUES)
def test_each_read_goes_where_its_list_says(name: str) -> None:
    """Signed by ccxt for the live exchange, it is a path that the second layer lets through."""
    client = build_client(VENUES[name](), Credentials("k", "s", "p", ADDRESS), "live")
    adapter = client.session.get_adapter("https://")
    for read in (*VENUES[name].reads, *VENUES[name].market_reads):
        signed = client.sign(read.path, list(read.api), read.method, {"settle": "usdt", "type": "meta"})
        address = urlsplit(signed["url"])
        assert (signed["method"], address.path, address.netloc in adapter.hosts) == (read.method, read.wire, True)


@pytest.mark.parametrize("name", VENUES)
def test_ccxt_learns_the_markets_by_listed_reads(name: str, exchange: Pretended) -> None:
    """What it asks for by itself is on the list too; the fake exchange may not know the answer."""
    link = Link(VENUES[name](), build_client(VENUES[name](), FAKE_KEYS, "live", exchange.url, paced=False))
    try:
        markets = link.load_instruments()
    except Failure:
        assert name not in ("binanceusdm", "bybit")
    else:
        assert markets["BTCUSDT"].symbol == "BTCUSDT"


def test_an_answer_that_never_ends_is_left(exchange: Pretended) -> None:
    """It is not read into memory first, and one of the usual length is read whole."""
    link = exchange.link()
    adapter = next(iter(link._client.session.adapters.values()))
    assert link.venue.figures(link.ask).nav_usd > 0
    adapter.longest_bytes = 100
    with pytest.raises(Failure, match="an answer has more than 100 bytes"):
        link.venue.figures(link.ask)
