"""The one page for signing in and out, without a script."""

from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, render_template, request, send_from_directory

from dash_app.access.guard import SIGN_IN, SIGN_OUT, VISITOR, Guard, Visitor, require_local, view_of
from dash_app.access.peers import is_same_host
from dash_app.render.text import PAGE_TITLE
from dash_app.settings import Settings

MAX_FORM_BYTES = 4096

# The form may be sent, to this server alone; the browser has to say where it was sent from.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
}

WRONG = "This token is not valid, or not any more."
CROSS_SITE = "This form was not sent from this page. Please try again."


def register_access(server: Flask, settings: Settings, assets: str) -> None:
    """Put the guard ahead of everything that looks at a request, and the sign-in page where there are tokens."""
    before = server.before_request_funcs.setdefault(None, [])
    if not settings.has_access:
        before.insert(0, require_local(settings))
        return
    guard = Guard(settings)
    before.insert(0, guard.authenticate)
    server.after_request(guard.renew)
    page = SignInPage(guard, settings.prefix)
    views = Blueprint("access", __name__, template_folder="templates", static_folder="static", static_url_path=SIGN_IN)
    views.add_url_rule(f"{SIGN_IN}/tokens.css", "tokens", lambda: send_from_directory(assets, "10-tokens.css"))
    for path in (SIGN_IN, SIGN_OUT):  # a link alone signs nobody out
        views.add_url_rule(path, view_func=page.show, methods=["GET"])
    views.add_url_rule(SIGN_IN, view_func=page.sign_in, methods=["POST"])
    views.add_url_rule(SIGN_OUT, view_func=page.sign_out, methods=["POST"])
    server.register_blueprint(views)


class SignInPage:
    """The views."""

    def __init__(self, guard: Guard, prefix: str) -> None:
        self._guard = guard
        self._prefix = prefix

    def show(self) -> Response:
        """One field, or a button to sign out; back to the page for whoever has been signed in by a proxy meanwhile."""
        view, visitor = request.args.get("view", ""), request.environ.get(VISITOR)
        if isinstance(visitor, Visitor) and not visitor.cookie:
            return self._guard.redirect("/", view_of(view))
        return self._page(WRONG if "wrong" in request.args else "", 200, view)

    def sign_in(self) -> Response:
        """The token of the form into a cookie."""
        request.max_content_length = MAX_FORM_BYTES
        view = request.form.get("view", "")
        if is_cross_site():
            return self._page(CROSS_SITE, 403, view)
        response = self._guard.sign_in(request.form.get("token", "").strip(), view_of(view))
        return response or self._page(WRONG, 401, view)

    def sign_out(self) -> Response:
        """This browser forgets its token; the token itself, and whoever else has it, stays."""
        if is_cross_site():
            return self._page(CROSS_SITE, 403, "")
        response = self._guard.redirect(SIGN_IN, {})
        self._guard.put_cookie(response, "")
        return response

    def _page(self, said: str, status: int, view: str) -> Response:
        visitor = request.environ.get(VISITOR)
        words = render_template(
            "sign-in.html",
            title=PAGE_TITLE,
            root=self._prefix,
            said=said,
            view=urlencode(view_of(view)),
            name=visitor.name if isinstance(visitor, Visitor) and visitor.cookie else "",
        )
        return Response(words, status, headers=PAGE_HEADERS, mimetype="text/html")


def is_cross_site() -> bool:
    """Whether the browser says that another site has sent this."""
    site, origin = request.headers.get("Sec-Fetch-Site", "same-origin"), request.headers.get("Origin")
    return site != "same-origin" or (origin is not None and not is_same_host(origin, request.host))
