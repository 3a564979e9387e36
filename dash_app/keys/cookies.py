"""Signed cookies: who a browser is, without anything kept on the server.

A wall's cookie is signed with a key made of its token, so it lives exactly as long as the token. A user's names the
user and a digest of the password's hash, so that it ends when the password changes or the user's line goes.
"""

import hashlib
import hmac
from typing import NamedTuple

from flask import Response
from itsdangerous import BadSignature, Signer

from dash_app.keys.keyring import Keyring, Token
from dash_app.keys.visitors import Visitor

DAY_S = 86400
HOUR_S = 3600
WALL_LIFE_S = 400 * DAY_S  # the longest a browser keeps a cookie; renewed by use
WALL_RENEW_S = DAY_S
USER_LIFE_S = 24 * HOUR_S
USER_IDLE_S = 2 * HOUR_S
USER_RENEW_S = 300
CLOCK_SLACK_S = 300


class Ticket(NamedTuple):
    """A cookie that holds: whose it is, until when (epoch), and when to send it anew."""

    visitor: Visitor
    born_at: int
    expires_at: float
    renew_at: float


def issue_wall(token: Token, now: float) -> str:
    """The cookie of a wall, used now."""
    return _signer(token.key, b"wall").sign(f"{token.id}:{int(now)}").decode()


def read_wall(value: str, keyring: Keyring, now: float) -> Ticket | None:
    """Whose wall it is; None when the token is gone or the cookie is not one of ours."""
    token = keyring.tokens.get(value.partition(":")[0])
    payload = _unsign(token.key, b"wall", value) if token else None
    if not token or payload is None:
        return None
    used_at = int(payload.partition(":")[2])
    if now > used_at + WALL_LIFE_S:
        return None
    # A clock that was wrong for a day must not cost a wall its key: a time to come is as good as now.
    renew_at = min(used_at, now) + WALL_RENEW_S
    return Ticket(Visitor("wall", token.name, token.private), used_at, used_at + WALL_LIFE_S, renew_at)


def issue_user(name: str, keyring: Keyring, now: float, born_at: float | None = None) -> str:
    """The cookie of a user, used now and signed in then."""
    born = int(now if born_at is None else born_at)
    payload = f"{name}:{born}:{int(now)}:{_fingerprint(name, keyring)}"
    return _signer(keyring.secret, b"user").sign(payload).decode()


def read_user(value: str, keyring: Keyring, now: float) -> Ticket | None:
    """Which user it is; None when the session is over, the user gone, the password another, or the cookie not ours."""
    payload = _unsign(keyring.secret, b"user", value) if keyring.secret else None
    if payload is None:
        return None
    name, born, used, fingerprint = payload.split(":")
    if name not in keyring.users or not hmac.compare_digest(fingerprint, _fingerprint(name, keyring)):
        return None
    born_at, used_at = int(born), int(used)
    expires_at = min(born_at + USER_LIFE_S, used_at + USER_IDLE_S)
    if not used_at - CLOCK_SLACK_S <= now < expires_at:
        return None
    return Ticket(Visitor("user", name), born_at, expires_at, used_at + USER_RENEW_S)


def sign_form(value: str, keyring: Keyring) -> str:
    """What the form of a browser with this random cookie has to carry."""
    return _signer(keyring.secret, b"form").get_signature(value).decode()


def _fingerprint(name: str, keyring: Keyring) -> str:
    return hmac.digest(keyring.secret, f"{name}:{keyring.users[name]}".encode(), "sha256").hex()[:24]


def _signer(key: bytes, purpose: bytes) -> Signer:
    return Signer(key, salt=b"hedge " + purpose, key_derivation="hmac", digest_method=hashlib.sha256)


def _unsign(key: bytes, purpose: bytes, value: str) -> str | None:
    try:
        return _signer(key, purpose).unsign(value).decode()
    except (BadSignature, UnicodeError):
        return None


class Jar(NamedTuple):
    """How the cookies of this server are called and sent, over TLS or not.

    The port keeps two dashboards of one host apart, since browsers do not.
    """

    port: str
    path: str
    secure: bool

    def name(self, kind: str) -> str:
        """With the prefix that makes a browser hold us to Secure and to the path, where it can."""
        prefix = ("__Host-" if self.path == "/" else "__Secure-") if self.secure else ""
        return f"{prefix}hedge-{kind}-{self.port}"

    def put(self, response: Response, kind: str, value: str, life_s: int | None, same_site: str = "Lax") -> None:
        """Send a cookie; without a life it ends with the browser. Lax, since a link to the page has to work."""
        response.set_cookie(
            self.name(kind),
            value,
            max_age=life_s,
            path=self.path,
            secure=self.secure,
            httponly=True,
            samesite=same_site,
        )

    def drop(self, response: Response, kind: str) -> None:
        """Take a cookie back."""
        self.put(response, kind, "", 0)
