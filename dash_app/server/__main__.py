"""`python -m dash_app.server`: whether the page can be served as the environment says; `make run` asks this first."""

import os

from gunicorn.util import parse_address

from dash_app.access.guard import refuse_public_bind
from dash_app.access.tokens import check_tokens
from dash_app.server.listeners import is_taken
from dash_app.settings import read_settings

LAST_PORT = 65535


def main() -> None:
    """End with one sentence and exit code 1 where gunicorn could not start: a supervisor would try it for ever."""
    settings = read_settings(os.environ)
    check_tokens(settings)
    address = parse_address(settings.bind)
    refuse_public_bind(settings, [address])
    host, port = str(address[0]), int(address[1])
    if port and is_taken(host, port):
        free = next((other for other in range(port + 1, LAST_PORT + 1) if not is_taken(host, other)), 0)
        another = f"{settings.bind.rpartition(':')[0]}:{free}"
        raise SystemExit(f"{settings.bind} is taken; HEDGE_BIND={another} make run uses another port")


if __name__ == "__main__":
    main()
