"""`python -m dash_app.access`: lines for HEDGE_TOKENS_FILE."""

import argparse
import sys
from collections.abc import Sequence

from dash_app.access.tokens import NAME, create_token, format_line, hash_line


def main(arguments: Sequence[str] | None = None) -> int:
    """Print lines for the file on standard output, and a new token, once, on standard error."""
    options = _parse(arguments)
    if options.command == "hash":
        print("\n".join(hash_line(line.rstrip("\n")) for line in sys.stdin))
        return 0
    token = create_token()
    print(format_line(options.name, token, private=options.private))
    print(f"The token of {options.name}, shown this once: {token}", file=sys.stderr)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dash_app.access", description="Lines for HEDGE_TOKENS_FILE.")
    commands = parser.add_subparsers(dest="command", required=True)
    token = commands.add_parser("token", help="a new token: its line for the file, and the token itself, once")
    token.add_argument("name", type=_name, help="of the wall, program or person that gets it")
    token.add_argument("--private", action="store_true", help="one that never gets an amount")
    commands.add_parser("hash", help="a file with tokens in plain text, from standard input, with their hashes")
    return parser.parse_args(arguments)


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name. Expected at most 64 letters, digits, dots, @, - or _")
    return text


if __name__ == "__main__":
    sys.exit(main())
