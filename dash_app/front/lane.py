"""The way past Flask, for what is held and for whom the guard has just let in: most of what a wall asks, all day."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask

from dash_app.front.view import ENDPOINT, KEPT_BY_NOBODY, Front
from dash_app.server.headers import Environ, Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# What an answer says of its visitor; None when the guard itself has to see the request.
Recall = Callable[[Environ], Headers | None]


class Lane:
    """A WSGI application in front of Flask's. It gives nothing that Flask would not give to the same request."""

    def __init__(self, server: Flask, front: Front, recall: Recall, every: Callable[[Environ], Headers]) -> None:
        self._flask = server.wsgi_app
        self._front = front
        self._recall = recall
        self._every = every

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == ENDPOINT and environ["REQUEST_METHOD"] == "POST":
            said = self._recall(environ)
            held = None if said is None else self._front.recall(environ)
            if said is not None and held is not None:
                status, about = describe(held)
                start_response(status, [*about, *self._every(environ), *said])
                return [held]
        return self._flask(environ, start_response)


def describe(answer: bytes) -> tuple[str, Headers]:
    """Status line, and the headers of the body."""
    if not answer:
        return "204 NO CONTENT", [("Content-Type", "text/html; charset=utf-8"), KEPT_BY_NOBODY]
    return "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer))), KEPT_BY_NOBODY]
