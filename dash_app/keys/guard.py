"""Nothing but /healthz and the sign-in page is answered without a key."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import Flask, Response, request

from dash_app.keys.binding import ADVICE
from dash_app.keys.cookies import WALL_LIFE_S, Jar, Ticket, issue_user, issue_wall, read_user, read_wall
from dash_app.keys.keyring import NAME_ONLY, Keyholder, Keyring
from dash_app.keys.peers import is_local, is_secure
from dash_app.keys.visitors import VISITOR, Visitor, is_inside
from dash_app.settings import Settings

Clock = Callable[[], float]

HEALTH = "/healthz"
SIGN_IN = "/login"
OPEN = frozenset({HEALTH, SIGN_IN, f"{SIGN_IN}/page.css", f"{SIGN_IN}/tokens.css", "/logout"})
TICKET = "hedge.ticket"
KEEP_CHECKED_S = 60.0
MOST_CHECKED = 1024
LONGEST_VIEW = 500
SESSION = ("X-Hedge-Session", "user")  # a page of somebody who can sign out


class Checked(NamedTuple):
    """What a Cookie header was found to be."""

    ticket: Ticket
    until: float
    keyring: Keyring

    def holds(self, keyring: Keyring, now: float) -> bool:
        """Whether that is still so: found with the keys of now, within the last minute by whatever clock."""
        return self.keyring is keyring and self.until - KEEP_CHECKED_S <= now < self.until


class Guard:
    """Finds out who a request is from, and refuses it when nobody can tell."""

    def __init__(self, settings: Settings, clock: Clock = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._keyholder = Keyholder(settings)
        self._header = "HTTP_" + settings.user_header.upper().replace("-", "_") if settings.user_header else None
        self._checked: dict[tuple[bool, str], Checked] = {}

    def keyring(self) -> Keyring:
        """The keys as of now."""
        return self._keyholder.current()

    def now(self) -> float:
        """Epoch seconds, which the cookies count in."""
        return self._clock()

    def jar(self) -> Jar:
        """The cookies of this request."""
        secure = is_secure(request.environ, self._settings.trusted_proxies)
        return Jar(self._settings.bind.rpartition(":")[2], self._settings.prefix, secure)

    def admit(self) -> Response | None:
        """Before each request: None when it may go on."""
        environ = request.environ
        if is_inside(environ):
            return None
        visitor = self._recognize()
        if visitor is not None:
            environ[VISITOR] = visitor
        if request.path == "/" and "key" in request.args:
            return self._take_key(visitor)
        if visitor is not None or (
            request.path in OPEN and (request.path != HEALTH or request.method in ("GET", "HEAD"))
        ):
            return None
        return self._refuse()

    def recall(self, environ: dict[str, Any]) -> list[tuple[str, str]] | None:
        """What an answer says of its visitor whose cookies, byte for byte, are known to be good; None for all others.

        Whatever else there is to look at, and a cookie that has to be sent anew, is for `admit` and `renew`.
        """
        header = environ.get("HTTP_COOKIE", "")
        if self._header or "HTTP_AUTHORIZATION" in environ:
            return None
        checked = self._checked.get((is_secure(environ, self._settings.trusted_proxies), header))
        now = self._clock()
        if checked is None or not checked.holds(self.keyring(), now) or now >= checked.ticket.renew_at:
            return None
        environ[VISITOR] = checked.ticket.visitor
        return [SESSION] if checked.ticket.visitor.kind == "user" else []

    def _recognize(self) -> Visitor | None:
        """A proxy's word, else a token in the Authorization header, else a cookie."""
        environ = request.environ
        if self._header and environ.get("REMOTE_ADDR", "") in self._settings.trusted_proxies:
            name = environ.get(self._header, "")
            if NAME_ONLY.fullmatch(name):  # two names, as of a client and of the proxy, are none
                return Visitor("proxy", name)
        authorization: str = environ.get("HTTP_AUTHORIZATION", "")
        if authorization[:7].lower() == "bearer ":
            token = self.keyring().find_token(authorization[7:].strip())
            return Visitor("program", token.name, token.private) if token else None
        ticket = self._check_cookies(environ.get("HTTP_COOKIE", ""))
        if ticket is None:
            return None
        environ[TICKET] = ticket
        return ticket.visitor

    def _check_cookies(self, header: str) -> Ticket | None:
        """Whose cookies these are. Signatures are checked once a minute, and again when a key has changed."""
        if not header:
            return None
        keyring, now = self.keyring(), self._clock()
        key = (is_secure(request.environ, self._settings.trusted_proxies), header)
        checked = self._checked.get(key)
        if checked is not None and checked.holds(keyring, now):
            return checked.ticket
        ticket = self._read_cookies(keyring, now)
        if ticket is not None:
            self._remember(key, Checked(ticket, min(now + KEEP_CHECKED_S, ticket.expires_at), keyring))
        return ticket

    def _read_cookies(self, keyring: Keyring, now: float) -> Ticket | None:
        jar, cookies = self.jar(), request.cookies
        user, wall = cookies.get(jar.name("user")), cookies.get(jar.name("wall"))
        ticket = read_user(user, keyring, now) if user else None
        return ticket or (read_wall(wall, keyring, now) if wall else None)

    def _remember(self, key: tuple[bool, str], checked: Checked) -> None:
        if len(self._checked) >= MOST_CHECKED:
            self._checked = {}
        self._checked[key] = checked

    def _take_key(self, visitor: Visitor | None) -> Response | None:
        """`/?kiosk=1&key=...`, once: the key moves from the address into a cookie."""
        token = self.keyring().find_token(request.args["key"])
        if token is None and visitor is None:
            return self.redirect(SIGN_IN, wrong="key")
        response = self.redirect("/", **view_of(request.query_string.decode("latin-1")))
        if token is not None:
            self.jar().put(response, "wall", issue_wall(token, self._clock()), WALL_LIFE_S)
        return response

    def _refuse(self) -> Response:
        """The sign-in page for a person, one line for a program."""
        accepts_page = "text/html" in request.headers.get("Accept", "")
        is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
        if request.method in ("GET", "HEAD") and accepts_page and is_page:
            asked = view_of(request.query_string.decode("latin-1")) if request.path == "/" else {}
            return self.redirect(SIGN_IN, **({"view": urlencode(asked)} if asked else {}))
        refused = Response(json.dumps({"error": "a key is needed"}), 401, content_type="application/json")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="hedge"'
        return refused

    def redirect(self, path: str, **query: str) -> Response:
        """To a path of this server, as the browser has to ask for it."""
        asked = f"?{urlencode(query)}" if query else ""
        return Response(status=303, headers={"Location": self._settings.prefix + path.lstrip("/") + asked})

    def renew(self, response: Response) -> Response:
        """After each request: a cookie that is used does not end (a user's at latest a day after signing in)."""
        ticket: Ticket | None = request.environ.get(TICKET)
        if ticket is None:
            return response
        if ticket.visitor.kind == "user":
            response.headers.add(*SESSION)
        now = self._clock()
        if now >= ticket.renew_at and "Set-Cookie" not in response.headers:
            self._send_anew(response, ticket, now)
        return response

    def _send_anew(self, response: Response, ticket: Ticket, now: float) -> None:
        keyring, (kind, name, _) = self.keyring(), ticket.visitor
        if kind == "user" and name in keyring.users:
            self.jar().put(response, "user", issue_user(name, keyring, now, ticket.born_at), None)
        for token in keyring.tokens.values():
            if kind == "wall" and token.name == name:
                self.jar().put(response, "wall", issue_wall(token, now), WALL_LIFE_S)


def view_of(query: str) -> dict[str, str]:
    """What an address asks of the page, such as kiosk=1, without a key; nothing when that is beyond reason."""
    try:
        asked = parse_qsl(query[: LONGEST_VIEW + 1], keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: value for name, value in asked if name != "key"} if len(query) <= LONGEST_VIEW else {}


def recall_nobody(environ: dict[str, Any]) -> list[tuple[str, str]] | None:
    """Without any key there is nothing to say of whoever is on this machine; None for all others."""
    return [] if is_local(environ.get("REMOTE_ADDR", "")) else None


def refuse_strangers() -> Response | None:
    """Without any key, whoever is not on this machine gets nothing, whatever the server was told to listen on."""
    if is_local(request.environ.get("REMOTE_ADDR", "")) or request.path == HEALTH:
        return None
    return Response(
        f"No key is needed to see the desk, so only this machine may. {ADVICE}\n", 403, mimetype="text/plain"
    )


def guard_first(server: Flask, check: Callable[[], Response | None]) -> None:
    """Ahead of everything else that looks at a request."""
    server.before_request_funcs.setdefault(None, []).insert(0, check)
