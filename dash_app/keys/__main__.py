"""`python -m dash_app.keys`: lines for the files of keys. A password is asked for, never an argument."""

import argparse
import getpass
import re
import secrets
import sys
from collections.abc import Sequence

from werkzeug.security import generate_password_hash

from dash_app.keys.keyring import NAME

MIN_PASSWORD = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line; exit code 0, or 1 with the reason on standard error."""
    options = _parse(arguments)
    if options.command == "secret":
        print(secrets.token_urlsafe(48))
    elif options.command == "token":
        print(f"{options.name}:{secrets.token_urlsafe(32)}{':private' if options.private else ''}")
    else:
        password = getpass.getpass("Password: ")
        if len(password) < MIN_PASSWORD or password != getpass.getpass("Again: "):
            print(f"Expected the same password twice, of at least {MIN_PASSWORD} characters.", file=sys.stderr)
            return 1
        print(f"{options.name}:{generate_password_hash(password)}")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dash_app.keys", description="Lines for the files of keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    user = commands.add_parser("hash", help="a user for HEDGE_USERS_FILE; asks for the password")
    user.add_argument("name", type=_name)
    token = commands.add_parser("token", help="a wall or a program for HEDGE_TOKENS_FILE")
    token.add_argument("name", type=_name)
    token.add_argument("--private", action="store_true", help="one that never gets an amount")
    commands.add_parser("secret", help="the line of HEDGE_SECRET_FILE")
    return parser.parse_args(arguments)


def _name(text: str) -> str:
    if not re.fullmatch(NAME, text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name. Expected at most 64 letters, digits, dots, @, - or _")
    return text


if __name__ == "__main__":
    sys.exit(main())
