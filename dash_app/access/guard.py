"""Nothing but /healthz and the sign-in page is answered to a stranger; where anybody could come, nothing is served."""

import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import Flask, Response, has_request_context, request
from flask.testing import FlaskClient

from dash_app.access.peers import is_local, is_own_host
from dash_app.access.tokens import NAME, TokenFile
from dash_app.settings import Settings

VISITOR = "hedge.visitor"  # in the WSGI environment: no header can set it, since those of a client begin with HTTP_
HEALTH = "/healthz"
SIGN_IN = "/login"
SIGN_OUT = "/logout"
PUBLIC_PATHS = frozenset({SIGN_IN, SIGN_OUT, f"{SIGN_IN}/page.css", f"{SIGN_IN}/tokens.css"})
TOKEN_PARAMETERS = ("token", "key")  # how the address of a wall's first visit calls its token
DAY_S = 86400
COOKIE_LIFE_S = 400 * DAY_S  # the longest a browser keeps one; sent anew once a day
LONGEST_VIEW = 500
ADVICE = (
    "Set HEDGE_TOKENS_FILE (docs/security.md says how), or listen on this machine alone with HEDGE_BIND=127.0.0.1:8050."
)
NOT_HELD_OFF = "a client that sends or reads slowly holds a thread, and some dozens of them hold the wall"


class Visitor(NamedTuple):
    """Whoever has been let in; `cookie` is what the browser has shown, if that was how."""

    name: str
    private: bool = False
    cookie: str = ""


def must_mask() -> bool:
    """Whether the request at hand may have no amounts, whatever its address says."""
    visitor = request.environ.get(VISITOR) if has_request_context() else None
    return isinstance(visitor, Visitor) and visitor.private


def internal_client(server: Flask) -> FlaskClient:
    """A client of the server itself, such as its warm-up, that needs no token."""
    client: FlaskClient = server.test_client()
    client.environ_base = {**client.environ_base, VISITOR: Visitor("the server itself")}  # type: ignore[dict-item]
    return client


class Guard:
    """Finds out who a request is from, and refuses it when nobody can tell."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = TokenFile(settings.tokens_file)
        self._header = "HTTP_" + settings.user_header.upper().replace("-", "_") if settings.user_header else ""

    def authenticate(self) -> Response | None:
        """Before each request: None when it may go on."""
        environ = request.environ
        if isinstance(environ.get(VISITOR), Visitor) or is_health():
            return None
        visitor = self._identify(environ)
        if visitor is not None:
            environ[VISITOR] = visitor
        if request.path == "/" and any(name in request.args for name in TOKEN_PARAMETERS):
            return self._exchange_token(visitor)
        return None if visitor is not None or request.path in PUBLIC_PATHS else self._refuse()

    def _identify(self, environ: dict[str, Any]) -> Visitor | None:
        """A proxy's word, else a token in the Authorization header, else one in a cookie."""
        if self._header and environ.get("REMOTE_ADDR", "") in self._settings.trusted_proxies:
            name = environ.get(self._header, "")
            if NAME.fullmatch(name):  # two names, as of a client and of the proxy, are none
                return Visitor(name)
        authorization: str = environ.get("HTTP_AUTHORIZATION", "")
        if authorization[:7].lower() == "bearer ":
            token = self._file.find(authorization[7:].strip())
            return Visitor(token.name, token.private) if token else None
        cookie = request.cookies.get(self._cookie_name(), "")
        token = self._file.find(cookie.partition(".")[0])
        return Visitor(token.name, token.private, cookie) if token else None

    def _exchange_token(self, visitor: Visitor | None) -> Response:
        """`/?kiosk=1&token=...`, once: the token moves from the address into a cookie."""
        view = view_of(request.query_string.decode("latin-1"))
        response = self.sign_in(next(request.args[name] for name in TOKEN_PARAMETERS if name in request.args), view)
        if response is not None:
            return response
        return self.redirect("/", view) if visitor is not None else self._ask_to_sign_in(view, wrong="token")

    def sign_in(self, token: str, view: dict[str, str]) -> Response | None:
        """To the page, with the token in a cookie; None when it is none."""
        if self._file.find(token) is None:
            return None
        response = self.redirect("/", view)
        self.put_cookie(response, token)
        return response

    def _refuse(self) -> Response:
        """The sign-in page for a person, one line for a program."""
        accepts_page = "text/html" in request.headers.get("Accept", "")
        is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
        if request.method in ("GET", "HEAD") and accepts_page and is_page:
            return self._ask_to_sign_in(view_of(request.query_string.decode("latin-1")) if request.path == "/" else {})
        refused = Response(json.dumps({"error": "a token is needed"}), 401, content_type="application/json")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="hedge"'
        return refused

    def _ask_to_sign_in(self, view: dict[str, str], **said: str) -> Response:
        return self.redirect(SIGN_IN, said | ({"view": urlencode(view)} if view else {}))

    def redirect(self, path: str, query: dict[str, str]) -> Response:
        """To a path of this server, as the browser has to ask for it."""
        asked = f"?{urlencode(query)}" if query else ""
        return Response(status=303, headers={"Location": self._settings.prefix + path.lstrip("/") + asked})

    def renew(self, response: Response) -> Response:
        """After each request: a browser with a cookie may sign out, and its cookie lives on by use."""
        visitor = request.environ.get(VISITOR)
        if not isinstance(visitor, Visitor) or not visitor.cookie:
            return response
        response.headers["X-Hedge-Session"] = "token"
        token, _, sent_at = visitor.cookie.partition(".")
        is_recent = sent_at.isdecimal() and 0 <= time.time() - int(sent_at[:12]) < DAY_S
        if not is_recent and "Set-Cookie" not in response.headers:
            self.put_cookie(response, token)
        return response

    def put_cookie(self, response: Response, token: str) -> None:
        """Send a token, with the time for `renew`, or take it back (""). Lax, since a link to the page has to work."""
        response.set_cookie(
            self._cookie_name(),
            f"{token}.{int(time.time())}" if token else "",
            max_age=COOKIE_LIFE_S if token else 0,
            path=self._settings.prefix,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _cookie_name(self) -> str:
        """The prefix makes a browser hold us to Secure and path; the port keeps two dashboards of one host apart."""
        prefix = ("__Host-" if self._settings.prefix == "/" else "__Secure-") if request.is_secure else ""
        return f"{prefix}hedge-{self._settings.bind.rpartition(':')[2]}"


def view_of(query: str) -> dict[str, str]:
    """What an address asks of the page, such as kiosk=1, without a token; nothing when that is beyond reason."""
    try:
        asked = parse_qsl(query[: LONGEST_VIEW + 1], keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: value for name, value in asked if name not in TOKEN_PARAMETERS} if len(query) <= LONGEST_VIEW else {}


def is_health() -> bool:
    """Whether somebody asks for the sign of life, which waits for no file."""
    return request.path == HEALTH and request.method in ("GET", "HEAD")


def require_local(settings: Settings) -> Callable[[], Response | None]:
    """Without tokens, what is not of this machine gets nothing, whatever the server was told to listen on.

    A proxy that is named as trusted decides itself whose pages it passes on.
    """

    def check() -> Response | None:
        environ = request.environ
        if is_health():
            return None
        own = settings.trusted_proxies or is_own_host(environ.get("HTTP_HOST", ""), settings.bind)
        if own and is_local(environ.get("REMOTE_ADDR", "")):
            return None
        words = f"No token is needed to see the desk, so only this machine may, by its own name. {ADVICE}\n"
        return Response(words, 403, mimetype="text/plain")

    return check


def refuse_public_bind(settings: Settings, addresses: Iterable[Any]) -> str | None:
    """End the process when others can reach one of its addresses and it is not made for that.

    Args:
        addresses: as sockets have them: (host, port, ...), or the path of a unix socket.

    Returns:
        What to warn of where it serves others without a proxy.
    """
    public = [address for address in addresses if not is_private(address)]
    if not public:
        return None
    reached = "Others can reach " + " and ".join(f"{address[0] or '*'}:{address[1]}" for address in public)
    if not settings.has_access:
        raise SystemExit(f"{reached}, and no token is needed to see the desk there. {ADVICE}")
    if settings.direct:
        return f"{reached} without a proxy (HEDGE_DIRECT=1): {NOT_HELD_OFF}."
    if not settings.trusted_proxies:
        raise SystemExit(
            f"{reached} without a proxy: {NOT_HELD_OFF}. Put nginx in front (deploy/nginx/hedge.conf) and name its "
            "address in HEDGE_TRUSTED_PROXIES, or take it as it is with HEDGE_DIRECT=1."
        )
    return None


def is_private(address: Any) -> bool:
    """Whether nobody but this machine can reach a socket address; a name counts for all that it stands for."""
    if not isinstance(address, tuple):
        return True  # a unix socket; a file descriptor is looked at once it is a socket
    try:
        found = socket.getaddrinfo(address[0] or None, address[1], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return all(is_local(str(entry[4][0])) for entry in found)
