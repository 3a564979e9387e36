"""HTML elements as what Dash sends of its own `html` classes, made as such.

A page is made of hundreds of them at each change, and an object of Dash's takes five times as long to make and to
encode. They look the same where they are used, and a test holds each of them against Dash's class.
"""

from functools import partial
from typing import Any

Element = dict[str, Any]


def _make(kind: str, children: Any = None, *, className: str | None = None, **props: Any) -> Element:  # noqa: N803 - the prop's name
    """An element; a class of None is none."""
    if className:
        props["className"] = className
    return {"type": kind, "namespace": "dash_html_components", "props": {"children": children, **props}}


A = partial(_make, "A")
Button = partial(_make, "Button")
Div = partial(_make, "Div")
H2 = partial(_make, "H2")
H3 = partial(_make, "H3")
Img = partial(_make, "Img")
Span = partial(_make, "Span")
