"""Serving: `gunicorn` without an argument, from the root of the repository."""

import logging
import os

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from dash_app.access.guard import refuse_public_bind
from dash_app.access.tokens import check_tokens
from dash_app.server.listeners import allow_open_files, require_free_port, set_client_timeouts, slow_down_restarts
from dash_app.server.logs import RateLimitFilter, RedactedRecord
from dash_app.server.metrics import COUNTS
from dash_app.server.warmup import warm_up
from dash_app.settings import read_settings

settings = read_settings(os.environ)

wsgi_app = "dash_app.wsgi:server"
bind = settings.bind
workers = settings.workers
threads = settings.threads
worker_class = "gthread"
worker_connections = 4000  # of each worker
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - no disk that can be full
keepalive = 75  # longer than the longest refresh interval, so that a tab keeps its connection
timeout = 30
graceful_timeout = 5  # no request takes longer
control_socket_disable = True  # nothing but the port is open
forwarded_allow_ips = ""  # what a proxy says counts where HEDGE_TRUSTED_PROXIES names it, and nowhere else


def on_starting(server: Arbiter) -> None:
    """Refuse to start where that would let anybody in."""
    logging.setLogRecordFactory(RedactedRecord)
    check_tokens(settings)
    refuse_public_bind(settings, server.cfg.address)
    require_free_port(server.cfg.address)
    allow_open_files(server.cfg.worker_connections)


def when_ready(server: Arbiter) -> None:
    """The sockets as they are, which need not be those of the settings: systemd may have handed them over."""
    sockets = [listener.sock for listener in server.LISTENERS]
    warning = refuse_public_bind(settings, [sock.getsockname() for sock in sockets])
    if warning:
        server.log.warning("%s", warning)
    set_client_timeouts(sockets)


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """A worker counts where no other that lives does; one that cannot start is not tried again at once."""
    slow_down_restarts(server.cfg.workers)
    worker.row = COUNTS.row = COUNTS.free_row({other.row for other in server.WORKERS.values()})


def post_worker_init(worker: Worker) -> None:
    """Let no browser meet a cold worker, and no client fill the log with what it sends; say once where the page is."""
    worker.log.error_log.addFilter(RateLimitFilter())
    warm_up(worker.wsgi)
    if worker.age == 1:
        print("open", worker.sockets[0], flush=True)


def worker_exit(_server: Arbiter, worker: Worker) -> None:
    """A worker that has ended waits for no thread that a slow client holds; one that could not start says so itself."""
    if worker.booted:
        os._exit(0)
