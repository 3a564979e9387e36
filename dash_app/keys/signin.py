"""Signing in and out: two pages without a script."""

import hmac
import logging
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, render_template, request, send_from_directory
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from dash_app.keys.attempts import Attempts
from dash_app.keys.cookies import issue_user, sign_form
from dash_app.keys.guard import SIGN_IN, Guard, guard_first, recall_nobody, refuse_strangers, view_of
from dash_app.keys.passwords import Busy, Passwords
from dash_app.keys.peers import find_client
from dash_app.keys.visitors import VISITOR
from dash_app.render.text import PAGE_TITLE
from dash_app.settings import Settings

LOGGER = logging.getLogger(__name__)

MAX_FORM_BYTES = 4096
FORM_COOKIE = re.compile(r"[\w-]{43}", re.ASCII)
BUSY_S = 1

# The form may be sent, to this server alone; the browser has to say where it was sent from.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
}

WRONG = "Wrong name or password."
WRONG_KEY = "This key is not valid, or not any more."
STALE = "This form was too old, or not from this page. Please try again."
TOO_MANY = "Too many attempts. Please try again in {} s."


def register_keys(
    server: Flask, settings: Settings, assets: str
) -> Callable[[dict[str, Any]], list[tuple[str, str]] | None]:
    """Put the guard in front of everything, and the pages for signing in and out where keys are configured.

    Returns what knows a visitor again who has just been let in.
    """
    if not settings.has_keys:
        guard_first(server, refuse_strangers)
        return recall_nobody
    guard = Guard(settings)
    guard_first(server, guard.admit)
    server.after_request(guard.renew)
    pages = Pages(guard, settings)
    desk = Blueprint("keys", __name__, template_folder="templates", static_folder="static", static_url_path=SIGN_IN)
    desk.add_url_rule(
        f"{SIGN_IN}/tokens.css", view_func=lambda: send_from_directory(assets, "10-tokens.css"), endpoint="tokens"
    )
    desk.add_url_rule(SIGN_IN, view_func=pages.show_sign_in, methods=["GET"])
    desk.add_url_rule(SIGN_IN, view_func=pages.sign_in, methods=["POST"])
    desk.add_url_rule("/logout", view_func=pages.show_sign_out, methods=["GET"])
    desk.add_url_rule("/logout", view_func=pages.sign_out, methods=["POST"])
    server.register_blueprint(desk)
    return guard.recall


class Pages:
    """The views."""

    def __init__(self, guard: Guard, settings: Settings) -> None:
        self._guard = guard
        self._settings = settings
        self._attempts = Attempts()
        self._passwords = Passwords()

    def show_sign_in(self) -> Response:
        """The form, or the page itself for whoever is signed in."""
        if VISITOR in request.environ:
            return self._guard.redirect("/", **view_of(request.args.get("view", "")))
        return self._page("sign-in.html", WRONG_KEY if request.args.get("wrong") == "key" else "", 200)

    def sign_in(self) -> Response:
        """A session for whoever has a password. Name and password are never said to be wrong apart."""
        form = read_form()
        name, password = form.get("name", "").strip(), form.get("password", "")
        if not self._is_own(form):
            return self._page("sign-in.html", STALE, 400, form)
        client = find_client(request.environ, self._settings.trusted_proxies)
        wait_s = self._attempts.take(client, name)
        if wait_s:
            return self._page("sign-in.html", TOO_MANY.format(int(wait_s) + 1), 429, form, int(wait_s) + 1)
        try:
            right = self._passwords.check(self._guard.keyring(), name, password)
        except Busy:
            self._attempts.give_back(client, name)
            return self._page("sign-in.html", TOO_MANY.format(BUSY_S), 429, form, BUSY_S)
        if not right:
            LOGGER.warning("a sign-in from %s was refused", client)
            return self._page("sign-in.html", WRONG, 401, form)
        self._attempts.give_back(client, name)
        response = self._guard.redirect("/", **view_of(form.get("view", "")))
        self._guard.jar().put(response, "user", issue_user(name, self._guard.keyring(), self._guard.now()), None)
        return response

    def show_sign_out(self) -> Response:
        """A button: a link alone must not sign anybody out."""
        return self._page("sign-out.html", "", 200)

    def sign_out(self) -> Response:
        """End the session of this browser; a wall keeps its key."""
        if not self._is_own(read_form()):
            return self._page("sign-out.html", STALE, 400)
        response = self._guard.redirect(SIGN_IN)
        self._guard.jar().drop(response, "user")
        return response

    def _page(
        self, name: str, said: str, status: int, form: MultiDict[str, str] | None = None, retry_s: int = 0
    ) -> Response:
        keyring, jar = self._guard.keyring(), self._guard.jar()
        asked = request.args if form is None else form
        own = request.cookies.get(jar.name("form"), "")
        cookie = own if FORM_COOKIE.fullmatch(own) else secrets.token_urlsafe(32)
        view = view_of(asked.get("view", ""))
        words = render_template(
            name,
            title=PAGE_TITLE,
            root=self._settings.prefix,
            said=said,
            view=urlencode(view),
            form=sign_form(cookie, keyring) if keyring.secret else "",
            has_users=bool(keyring.users),
        )
        response = Response(words, status, headers=PAGE_HEADERS, mimetype="text/html")
        if cookie != own:
            jar.put(response, "form", cookie, None, "Strict")
        if retry_s:
            response.headers["Retry-After"] = str(retry_s)
        return response

    def _is_own(self, form: MultiDict[str, str]) -> bool:
        """Whether the form was filled in on our own page: it carries what only that page and its cookie know."""
        keyring, cookie = self._guard.keyring(), request.cookies.get(self._guard.jar().name("form"), "")
        if not keyring.secret or not FORM_COOKIE.fullmatch(cookie) or is_from_elsewhere():
            return False
        return hmac.compare_digest(sign_form(cookie, keyring).encode(), form.get("form", "").encode())


def read_form() -> MultiDict[str, str]:
    """The fields of a small form; empty when there is more than that."""
    request.max_content_length = request.max_form_memory_size = MAX_FORM_BYTES
    try:
        return request.form
    except RequestEntityTooLarge:
        return MultiDict()


def is_from_elsewhere() -> bool:
    """Whether the browser says that another site has sent this."""
    site, origin = request.headers.get("Sec-Fetch-Site", "same-origin"), request.headers.get("Origin")
    return site != "same-origin" or (origin is not None and _host_of(origin) != _host_of(f"//{request.host}"))


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
