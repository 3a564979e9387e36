"""`python -m execution.account.fake`: an exchange to try things out with."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time

from execution.account.fake.faults import FAULTS
from execution.account.fake.server import Exchange, make_server
from execution.account.fake.world import begin_world

DEFAULT_PORT = 8069

DESCRIPTION = """\
A pretended exchange on this machine with a moving account. It speaks Binance USDT-margined futures and Bybit v5,
verifies signatures and refuses everything that is no read. Key and secret are fixed, and open nothing."""

EPILOG = """\
while it runs:
  curl -d '{"faults": ["html"]}' http://127.0.0.1:8069/fake/control          something goes wrong
  curl -d '{"faults": []}' http://127.0.0.1:8069/fake/control                and is right again
  curl -d '{"transfer_usd": -5000}' http://127.0.0.1:8069/fake/control       money leaves the account
  curl http://127.0.0.1:8069/fake/asked                                      what was asked, the worst minute

faults:
  """


def main() -> int:
    """Serve until told to stop; 1 with a line on stderr where the port is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m execution.account.fake",
        description=DESCRIPTION,
        epilog=EPILOG + ", ".join(FAULTS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=DEFAULT_PORT, metavar="N", help=f"on 127.0.0.1 ({DEFAULT_PORT}); 0: a free one")
    add("--seed", type=int, default=7, metavar="N", help="dice of the account (7)")
    add(
        "--step",
        type=float,
        default=None,
        metavar="S",
        help="move on by S seconds at each question, not with the clock",
    )
    add("--begin", type=float, default=None, metavar="EPOCH", help="with --step: where the world's clock begins")
    add("--fault", choices=FAULTS, action="append", default=[], help="wrong from the beginning")
    found = parser.parse_args()
    exchange = Exchange(begin_world(found.begin or time.time(), found.seed), step_s=found.step)
    exchange.faults = set(found.fault)
    try:
        server = make_server(exchange, found.port)
    except OSError as error:
        print(f"cannot listen on 127.0.0.1:{found.port}: {error.strerror}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=_stop, args=(server, exchange)).start())
    print(f"fake exchange at http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    return 0


def _stop(server: object, exchange: Exchange) -> None:
    exchange.stopped.set()
    server.shutdown()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
