"""Serving: `gunicorn` without an argument, from the root of the repository."""

import logging
import os
import shutil
import tempfile

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from dash_app.access.binding import refuse_public_bind
from dash_app.access.redaction import RedactedRecord
from dash_app.access.tokens import check_tokens
from dash_app.server.listeners import refuse_taken_port
from dash_app.server.logs import Sparing
from dash_app.server.warmup import warm_up
from dash_app.settings import read_settings

settings = read_settings(os.environ)

wsgi_app = "dash_app.wsgi:server"
bind = settings.bind
workers = settings.workers
threads = settings.threads
worker_class = "dash_app.worker.BufferedWorker"  # threads that no slow client can hold
worker_connections = 4000  # of each worker
keepalive = 75  # longer than the longest refresh interval, so that a tab keeps its connection
timeout = 30
graceful_timeout = 5  # no request takes longer
control_socket_disable = True  # nothing but the port is open
forwarded_allow_ips = ""  # what a proxy says counts where HEDGE_TRUSTED_PROXIES names it, and nowhere else


def on_starting(server: Arbiter) -> None:
    """Refuse to start where that would let anybody in; make what the workers share.

    The directory is where they count together; prometheus-client looks for it when imported.
    """
    logging.setLogRecordFactory(RedactedRecord)
    check_tokens(settings)
    refuse_public_bind(settings, server.cfg.address)
    refuse_taken_port(server.cfg.address)
    server.metrics_dir = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="hedge-metrics-")


def when_ready(server: Arbiter) -> None:
    """The sockets as they are, which need not be those of the settings: systemd may have handed them over."""
    try:
        warning = refuse_public_bind(settings, [listener.sock.getsockname() for listener in server.LISTENERS])
    except SystemExit:
        on_exit(server)
        raise
    if warning:
        server.log.warning("%s", warning)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What a dead worker counted stays in the sums; what it only held is forgotten."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - not before the directory is known

    mark_process_dead(worker.pid, server.metrics_dir)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:
    """Leave nothing behind."""
    shutil.rmtree(server.metrics_dir, ignore_errors=True)


def post_worker_init(worker: Worker) -> None:
    """Let no browser meet a cold worker, and no client fill the log with what it sends."""
    worker.log.error_log.addFilter(Sparing())
    warm_up(worker.wsgi)
