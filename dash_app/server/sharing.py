"""The same answer is made once for all tabs.

It is found by content that this server has at hand, the version it computed itself or the very bytes that are to be
drawn, and never by what a client claims: nobody gets what another made up.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from traceback import walk_tb
from typing import Any

from dash import Dash
from dash.exceptions import PreventUpdate
from flask import Response, abort, request
from werkzeug.exceptions import HTTPException

from dash_app.server.metrics import COUNTS

ENDPOINT = "/_dash-update-component"
MAX_BODY_BYTES = 8 * 1024 * 1024  # a tab sends the state back: 5,000 symbols, two thirds of them held, take 4.6 MB
CACHE_BYTES = 32 * 1024 * 1024  # some hundred states of a usual desk with all that is drawn of them
ENTRY_BYTES = 1024  # what the smallest answer takes, so that those without content are let go as well
LARGEST_SHARE = 4  # one answer may take a quarter of the room, and not turn everything else out
WAIT_TIMEOUT_S = 10.0  # several times what the largest legitimate answer takes to make

# What a tab has drawn before, at the end of its request: tabs differ in it, and what is drawn does not.
LONGEST_DIGEST = 64  # where it is looked for: at each place of a whole state it would cost more than all else
DRAWN_DIGEST = re.compile(rb'(?:, ?"value": ?"([0-9a-f]{16})")?\}\]\}$')
# How often a tab has asked, in which polls differ and their answers do not; no string of JSON can have these quotes.
TICK_COUNT = re.compile(rb'("n_intervals", ?"value": ?)\d+')


VersionOf = Callable[[dict[str, Any]], Hashable]


class AnswerCache:
    """The answers used last, up to a total size. Safe for threads; one is made once, however many ask for it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[Hashable, Future[bytes]] = OrderedDict()
        self._lock = Lock()
        self.size_bytes = 0

    def find(self, key: Hashable) -> bytes | None:
        """The answer that is held, if it has been made."""
        with self._lock:
            answer = self._held.get(key)
            return answer.result() if answer and answer.done() else None

    def get_or_make(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The held answer, else the one that is made now while others that ask for it wait.

        Raises:
            TimeoutError: when another did not make it in time; and whatever `make` raises, for all that waited.
        """
        with self._lock:
            answer = self._held.get(key)
            mine = answer is None
            if answer is None:
                answer = self._held[key] = Future()
            self._held.move_to_end(key)
        if mine:
            self._make(key, answer, make)
        return answer.result(WAIT_TIMEOUT_S)

    def _make(self, key: Hashable, answer: Future[bytes], make: Callable[[], bytes]) -> None:
        try:
            made = make()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
            with self._lock:
                del self._held[key]
            answer.set_exception(error)
            return
        answer.set_result(made)
        with self._lock:
            self.size_bytes += _size(made)
            if _size(made) > self._limit_bytes // LARGEST_SHARE:
                self._let_go(key)
            while self.size_bytes > self._limit_bytes:
                self._let_go(next(held for held, found in self._held.items() if found.done()))

    def _let_go(self, key: Hashable) -> None:
        self.size_bytes -= _size(self._held.pop(key).result())


def _size(answer: bytes) -> int:
    return ENTRY_BYTES + len(answer)


class SharedView:
    """Dash's own view of its callbacks, asked once for what is the same for all tabs.

    `poll` is the output whose answer depends on more than the body of the request; `version_of` says on what, for the
    parsed body, and None for one that no page sends.
    """

    def __init__(self, ask_dash: Callable[[], Response], poll: str, version_of: VersionOf) -> None:
        self._ask_dash, self._poll, self._version_of = ask_dash, poll, version_of
        self._answers = AnswerCache(CACHE_BYTES)

    def answer(self) -> Response:
        """To the request at hand."""
        body = request.get_data()
        said = DRAWN_DIGEST.search(body, max(len(body) - LONGEST_DIGEST, 0))
        content = _digest(body[: said.start()] if said else body)
        made = self._find_drawing(body, content, said[1] if said else None)
        if made is None:
            asked = request.get_json()
            is_poll = isinstance(asked, dict) and asked.get("output") == self._poll
            made = self._answer_poll(asked, body) if is_poll else self._draw(body, content)
        return Response(made, 200 if made else 204, content_type="application/json" if made else None)

    def _answer_poll(self, asked: dict[str, Any], body: bytes) -> bytes:
        version = self._version_of(asked)
        if version is None:
            return self._make()
        return self._answers.get_or_make((version, _digest(TICK_COUNT.sub(rb"\1", body))), self._make)

    def _find_drawing(self, body: bytes, content: bytes, drawn: bytes | None) -> bytes | None:
        found = self._answers.find(_digest(body))
        if found is None and (found := self._answers.find(content)) is not None and drawn:
            return b"" if b'"data-drawn":"%s"' % drawn in found else found
        return found

    def _draw(self, body: bytes, content: bytes) -> bytes:
        made = self._answers.get_or_make(_digest(body), self._make)
        if made:
            self._answers.get_or_make(content, lambda: made)
        return made

    def _make(self) -> bytes:
        try:
            made: bytes = self._ask_dash().get_data()
        except PreventUpdate:
            return b""
        return made


def cache_answers(app: Dash, poll: str, version_of: VersionOf) -> None:
    """Have each drawing and each state made once for all tabs, as `SharedView` does; all callbacks are registered.

    What Dash cannot make sense of is the client's fault, and gets 400 without a traceback.
    """
    app.server.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    shared = SharedView(app.server.view_functions[ENDPOINT], poll, version_of)
    app.server.view_functions[ENDPOINT] = _reject_malformed(shared.answer)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body).digest()


def _reject_malformed(answer: Callable[[], Response]) -> Callable[[], Response]:
    def answer_or_refuse() -> Response:
        try:
            return answer()
        except PreventUpdate:
            raise
        except HTTPException:
            COUNTS.add("refusals")
            raise
        except TimeoutError:
            abort(503)
        except Exception as error:
            if _is_ours(error):
                raise
            COUNTS.add("refusals")
            abort(400)

    return answer_or_refuse


def _is_ours(error: BaseException) -> bool:
    """Whether something went wrong in this program, rather than in reading what a client has sent."""
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__)]
    return any(name.startswith("dash_app.") and name != __name__ for name in modules)
