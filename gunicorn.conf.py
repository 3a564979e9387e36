"""Serving: `gunicorn` without an argument, from the root of the repository."""

import os

from gunicorn.workers.base import Worker

from dash_app.settings import read_settings
from dash_app.warmup import warm_up

settings = read_settings(os.environ)

wsgi_app = "dash_app.wsgi:server"
bind = settings.bind
workers = settings.workers
threads = settings.threads
worker_class = "gthread"
keepalive = 75  # longer than the longest refresh interval, so that a tab keeps its connection
timeout = 30
graceful_timeout = 5  # no request takes longer
control_socket_disable = True  # nothing but the port is open


def post_worker_init(worker: Worker) -> None:
    """Let no browser meet a cold worker."""
    warm_up(worker.wsgi)
