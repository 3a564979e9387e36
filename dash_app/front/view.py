"""The view in front of Dash's own: a request that was answered before, and one that no page sends, end here."""

import hashlib
import json
from collections.abc import Callable, Hashable
from typing import Any

from dash import Dash
from dash.exceptions import DependencyException
from flask import Response, request

from dash_app import ids
from dash_app.address import State, read_address
from dash_app.callbacks import Asked, find_news
from dash_app.front.answers import Answers
from dash_app.front.bodies import MAX_BYTES, check_extent, check_state, parse_body, read_body
from dash_app.front.calls import Forms
from dash_app.front.questions import Questions, read_question
from dash_app.front.refusal import RefusedError
from dash_app.server.metrics import REFUSALS
from dash_app.settings import Settings

Environ = dict[str, Any]

ENDPOINT = "/_dash-update-component"
POLL = f"{ids.STATE}.data"
HELD_BYTES = 32 * 1024 * 1024  # some hundred states of a usual desk with all that is drawn of them, two of the largest
NOTHING_NEW = b""
KEPT_BY_NOBODY = ("Cache-Control", "no-store")
SHARED_S = 5.0  # a state that is given again is no older; its ages go on in the browser


def put_front(app: Dash, settings: Settings) -> "Front":
    """Register the front in place of Dash's view, which it asks for everything new."""
    server = app.server
    server.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    front = Front(Forms(app.callback_map), settings, server.view_functions[ENDPOINT])
    server.view_functions[ENDPOINT] = front.answer
    # Else the page itself would be the answer, as to any path that nobody knows.
    server.add_url_rule(ENDPOINT, "only-post", lambda: Response(status=405, headers={"Allow": "POST"}), methods=["GET"])
    # A script that is not there is no failure of the server.
    server.register_error_handler(DependencyException, lambda _error: Response(status=404))
    return front


class Front:
    """Answers callback requests.

    What is given again is found by content: a poll's answer by the version that this server computed and the view that
    this request may have; a drawing by a digest of the very bytes it is drawn from. Nobody gets what another made up.
    """

    def __init__(self, forms: Forms, settings: Settings, ask_dash: Callable[[], Response]) -> None:
        self._forms = forms
        self._settings = settings
        self._ask_dash = ask_dash
        self._answers = Answers(HELD_BYTES)
        self._questions = Questions()

    def recall(self, environ: Environ) -> bytes | None:
        """What is held for a request: its answer, no bytes when there is nothing new, None when there is more to do."""
        try:
            return self._find(read_body(environ), environ)
        except RefusedError:
            return None

    def answer(self) -> Response:
        """The view."""
        try:
            body = read_body(request.environ)
            held = self._find(body, request.environ)
            return self._answer_new(body) if held is None else _respond(held)
        except RefusedError as refusal:
            REFUSALS.labels(refusal.reason).inc()
            words = json.dumps({"refused": refusal.sentence.text})
            return Response(words, refusal.sentence.status, content_type="application/json")

    def _find(self, body: bytes, environ: Environ) -> bytes | None:
        asked = self._questions.find(body)
        if asked is None:
            return self._answers.find(_digest(body))
        state = find_news(self._settings, asked, environ)
        return NOTHING_NEW if state is None else self._answers.find(_key_of(state, asked, environ))

    def _answer_new(self, body: bytes) -> Response:
        value = parse_body(body)
        call = self._forms.read(value)
        if call.output == POLL:
            asked = read_question(call)
            self._questions.hold(body, asked)
            return self._poll(asked)
        check_extent(value)
        check_state(*call.inputs)
        return self._give(_digest(body))

    def _poll(self, asked: Asked) -> Response:
        """As the callback answers, which is not even asked while there is nothing new."""
        state = find_news(self._settings, asked)
        return _respond(NOTHING_NEW) if state is None else self._give(_key_of(state, asked, request.environ))

    def _give(self, key: Hashable) -> Response:
        return _respond(self._answers.find_or_make(key, lambda: self._ask_dash().get_data()))


def _key_of(state: State, asked: Asked, environ: Environ) -> Hashable:
    """What decides a poll's answer: the version as computed here, the view this request may have, and some seconds."""
    meta = state["meta"]
    return meta["version"], read_address(asked.search or "", environ), meta["loaded_at"] // SHARED_S


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=32).digest()


def _respond(answer: bytes) -> Response:
    headers = [KEPT_BY_NOBODY]
    return Response(answer, 200 if answer else 204, headers, content_type="application/json" if answer else None)
