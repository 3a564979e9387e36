"""The least a request can cost on this server: one Flask route that answers 204, under the same gunicorn.conf.py."""

from __future__ import annotations

from flask import Flask

server = Flask(__name__)


@server.post("/_dash-update-component")
def answer_tick() -> tuple[str, int]:
    """What a tick without a change is held against."""
    return "", 204


@server.get("/")
@server.get("/healthz")
@server.get("/_dash-layout")
@server.get("/_dash-dependencies")
def answer_page() -> str:
    """What the start of a worker asks for."""
    return ""
