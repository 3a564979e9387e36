"""Serving: `gunicorn` without an argument, from the root of the repository."""

import os
import shutil
import tempfile

from gunicorn.arbiter import Arbiter
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


def on_starting(server: Arbiter) -> None:
    """A directory of this start in which the workers count together; prometheus-client looks for it when imported."""
    server.metrics_dir = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="hedge-metrics-")


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What a dead worker counted stays in the sums; what it only held is forgotten."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - not before the directory is known

    mark_process_dead(worker.pid, server.metrics_dir)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:
    """Leave nothing behind."""
    shutil.rmtree(server.metrics_dir, ignore_errors=True)


def post_worker_init(worker: Worker) -> None:
    """Let no browser meet a cold worker."""
    warm_up(worker.wsgi)
