"""Who a request is from, once the guard has let it in."""

from typing import Any, Literal, NamedTuple

from flask import Flask, has_request_context, request
from flask.testing import FlaskClient

# Keys of the WSGI environment: no header can set one, since those of a client all begin with HTTP_.
VISITOR = "hedge.visitor"
INSIDE = "hedge.inside"
_OURSELVES = object()


class Visitor(NamedTuple):
    """Somebody with a key. `kind` is the key: a password, a token, or the word of a proxy."""

    kind: Literal["user", "wall", "program", "proxy"]
    name: str
    private: bool = False


def must_mask(environ: dict[str, Any] | None = None) -> bool:
    """Whether a request, by default the one that Flask has at hand, may have no amounts, whatever its address says."""
    if environ is None:
        environ = request.environ if has_request_context() else {}
    visitor = environ.get(VISITOR)
    return isinstance(visitor, Visitor) and visitor.private


def inside_client(server: Flask) -> FlaskClient:
    """A client of the server itself, such as its warm-up, that needs no key."""
    client: FlaskClient = server.test_client()
    client.environ_base = {**client.environ_base, INSIDE: _OURSELVES}  # type: ignore[dict-item]
    return client


def is_inside(environ: dict[str, object]) -> bool:
    """Whether the server asks itself."""
    return environ.get(INSIDE) is _OURSELVES
