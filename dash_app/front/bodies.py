"""The body of a callback request: read within limits, parsed strictly."""

import json
import math
from io import BytesIO
from typing import Any

from dash_app.front.refusal import RefusedError
from dash_app.render.readings import value_at

# A page sends the whole state back to have it drawn: 5,000 symbols, two thirds of them held, take 4.6 MB.
MAX_BYTES = 8 * 1024 * 1024
# ... and have 134,000 values, nine levels deep.
MAX_VALUES = 300_000
MAX_DEPTH = 20
MOST = {
    "positions": 10_000,
    "kpis.symbols": 10_000,
    "aum.slices": 2_000,
    "nav.series": 2_000,
    "transitions": 1_000,
    "meta.alerts": 1_000,
    "meta.surfaces": 500,
    "meta.checks": 500,
}
MAX_DIGITS = 40  # no figure of a desk has more; integers of thousands cannot even be printed


def read_body(environ: dict[str, Any]) -> bytes:
    """The bytes of the body, which can be read again afterwards.

    Raises:
        RefusedError: for a body of unknown length, of another type, or one that is too large; it is not read then.
    """
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal() or "HTTP_TRANSFER_ENCODING" in environ:
        raise RefusedError("length")
    if len(length) > MAX_DIGITS or int(length) > MAX_BYTES:
        raise RefusedError("size")
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError("type")
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        raise RefusedError("length")
    environ["wsgi.input"] = BytesIO(body)
    return body


def parse_body(body: bytes) -> Any:
    """The value of a JSON text in UTF-8; neither NaN nor Infinity nor endless numbers.

    Raises:
        RefusedError: for anything else, and for one that is nested too deep.
    """
    try:
        return _DECODER.decode(body.decode())
    except RecursionError:
        raise RefusedError("depth") from None
    except ValueError:
        raise RefusedError("json") from None


def check_extent(value: Any) -> None:
    """Look at a value level by level.

    Raises:
        RefusedError: for one that is deeper or has more parts than a state of the largest desk.
    """
    level, depth, count = [value], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH:
            raise RefusedError("depth")
        if count > MAX_VALUES:
            raise RefusedError("many")
        level = [child for part in level if isinstance(part, dict | list) for child in _children(part)]


def check_state(state: Any) -> None:
    """Look at what is to be drawn: of each entry of these lists, the page makes many times its size.

    Raises:
        RefusedError: for what is no state, or would fill more than the largest page.
    """
    if state is not None and not isinstance(state, dict):
        raise RefusedError("arguments")
    for path, most in MOST.items():
        part = value_at(state, path) if state else None
        if isinstance(part, dict | list) and len(part) > most:
            raise RefusedError("many")


def _children(part: dict[str, Any] | list[Any]) -> Any:
    return part.values() if isinstance(part, dict) else part


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("digits")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("infinite")
    return value


def _constant(text: str) -> Any:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_finite, parse_constant=_constant)
