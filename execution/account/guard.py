"""A client of ccxt that can only read, and that in two layers which know nothing of each other.

Before anything is signed each request is looked up in the venue's list; what then goes onto the wire is held against
host, method and path once more, and no redirect is followed.
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import ccxt
import requests
from requests.adapters import HTTPAdapter

from execution.account.answers import NotUnderstoodError
from execution.utils.numbers import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from execution.account.credentials import Credentials
    from execution.account.venues.venue import Read, Venue

TIMEOUT_MS = 8000
MOST_ANSWER_BYTES = 64_000_000
CHUNK_BYTES = 65_536
_ORIGIN = re.compile(r"^https?://[^/]+")


class NotReadOnlyError(PermissionError):
    """Something other than a listed read was about to be sent; nothing has left this process."""


class ReadOnlyAdapter(HTTPAdapter):
    """Sends what is on the list of (host, method, path), and nothing else."""

    def __init__(self, hosts: Iterable[str], reads: Iterable[Read]) -> None:
        """`hosts` with their ports, as the address has them."""
        super().__init__(max_retries=0)
        self.hosts = frozenset(hosts)
        self.reads = {(read.method, read.wire): read.types for read in reads}
        self.longest_bytes = MOST_ANSWER_BYTES
        self.status: int | None = None
        self.headers: dict[str, str] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """As usual, once it is known to be a read.

        Raises:
            NotReadOnlyError: it is none.
        """
        self._check(request)
        self.status, self.headers = None, {}
        answer = super().send(request, *args, **kwargs | {"stream": True})
        self.status, self.headers = answer.status_code, dict(answer.headers)
        if "location" in answer.headers:
            answer.close()
            raise requests.exceptions.TooManyRedirects("the answer leads elsewhere")
        _read_body(answer, self.longest_bytes)
        return answer

    def _check(self, request: requests.PreparedRequest) -> None:
        found = urlsplit(request.url or "")
        types = self.reads.get((str(request.method), found.path))
        if types is None or found.netloc not in self.hosts:
            _refuse(str(request.method), found.path)
        if request.method == "GET" and request.body:
            _refuse("GET with a body", found.path)
        if request.method != "GET" and _type_of(request.body) not in types:
            _refuse(str(request.method), found.path)


def build_client(
    venue: Venue, credentials: Credentials, environment: str, fake_url: str | None = None, *, paced: bool = True
) -> Any:
    """A client for one account. With `fake_url` every address is on that host instead.

    Raises:
        ccxt.NotSupported: the exchange has no such environment.
    """
    _silence()
    base = getattr(ccxt, venue.name)
    allowed = (*venue.reads, *venue.market_reads)
    client = _read_only(base, allowed)(
        {
            **credentials.for_ccxt(),
            "enableRateLimit": paced,
            "timeout": TIMEOUT_MS,
            "maxRetriesOnFailure": 0,
            "options": {**venue.options, "maxRetriesOnFailure": 0},
        }
    )
    client.has["fetchCurrencies"] = False
    # Coins have the names of their exchange: ccxt has others for some, under which no position is found again.
    client.commonCurrencies = {}
    if environment == "testnet":
        client.set_sandbox_mode(True)
    elif environment == "demo":
        client.enable_demo_trading(True)
    if fake_url:
        client.urls["api"] = _moved(client.urls["api"], fake_url.rstrip("/"))
    client.session = requests.Session()
    client.session.trust_env = False
    adapter = ReadOnlyAdapter(_hosts(client.urls["api"], str(client.hostname)), allowed)
    client.session.adapters.clear()
    client.session.mount("https://" if not fake_url else "http://", adapter)
    return client


def _silence() -> None:
    """Whatever level the program logs at: what these log has addresses and headers with keys and signatures in them."""
    for name in ("ccxt", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _read_only(base: Any, allowed: Iterable[Read]) -> Any:
    """The exchange's class of ccxt, whose one way to the network is closed to everything but the reads."""
    reads = {(read.api, read.path, read.method): read for read in allowed}

    def fetch2(  # noqa: PLR0913, PLR0917 - as ccxt calls it
        self: Any,
        path: str,
        api: Any = ("public",),
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> Any:
        read = reads.get(((api,) if isinstance(api, str) else tuple(api), path, method))
        if read is None:
            _refuse(method, path)
        if read.types and (params or {}).get("type") not in read.types:
            _refuse(method, path)
        answer = base.fetch2(self, path, list(read.api), method, dict(params or {}), dict(config or {}))
        check_shape(read, answer)
        return answer

    return type(f"ReadOnly{base.__name__}", (base,), {"fetch2": fetch2})


def check_shape(read: Read, answer: object) -> None:
    """See that an answer is what this question gets: ccxt makes an empty account out of anything else.

    Raises:
        NotUnderstoodError: it is not.
    """
    if read.types:
        return
    if read.many != isinstance(answer, list) or not isinstance(answer, list | dict):
        expected = "a list" if read.many else "an object"
        raise NotUnderstoodError(f"{read.wire} answers {describe_kind(answer)}; expected {expected}")
    for item in answer if isinstance(answer, list) else [answer]:
        missing = next((key for key in read.keys if not _has(item, key, may_be_null=read.may_be_null)), None)
        if missing is not None:
            raise NotUnderstoodError(f"{read.wire} answers without {missing}")


def describe_kind(answer: object) -> str:
    """What an answer is, never what is in it."""
    return "text that is no JSON" if isinstance(answer, str) else describe(answer)[:20]


def _has(item: object, path: str, *, may_be_null: bool) -> bool:
    *outer, last = path.split(".")
    for key in outer:
        item = item.get(key) if isinstance(item, dict) else None
    return isinstance(item, dict) and last in item and (may_be_null or item[last] is not None)


def _read_body(answer: requests.Response, longest_bytes: int) -> None:
    """Take the content as far as it may be long, before anything makes a text of it.

    Raises:
        NotUnderstoodError: it is longer.
    """
    content = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        content += chunk
        if len(content) > longest_bytes:
            answer.close()
            raise NotUnderstoodError(f"an answer has more than {longest_bytes:,} bytes")
    answer._content = bytes(content)  # where requests keeps what it has read


def _refuse(method: str, path: str) -> NoReturn:
    raise NotReadOnlyError(f"{method} {path} is no read of this account; nothing was sent")


def _type_of(body: object) -> str | None:
    try:
        content = json.loads(body) if isinstance(body, str | bytes) else None
    except ValueError:
        return None
    return str(content.get("type")) if isinstance(content, dict) else None


def _moved(urls: Any, fake_url: str) -> Any:
    if isinstance(urls, dict):
        return {name: _moved(url, fake_url) for name, url in urls.items()}
    return _ORIGIN.sub(fake_url, urls) if isinstance(urls, str) else urls


def _hosts(urls: Any, hostname: str) -> set[str]:
    if isinstance(urls, dict):
        return set().union(*(_hosts(url, hostname) for url in urls.values()))
    return {urlsplit(urls.replace("{hostname}", hostname)).netloc} if isinstance(urls, str) else set()
