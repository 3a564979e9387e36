"""A file of tokens on disk, and applications and clients that need it."""

from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from serving import HEALTHY_STATE

from dash_app.access.tokens import format_line
from dash_app.app import create_app
from dash_app.settings import Settings

WALL, PRIVATE = "w" * 43, "p" * 43
LOBBY = format_line("lobby", WALL, private=False)
WINDOW = format_line("shop-window", PRIVATE, private=True)
NOW = 1764197100.0


@dataclass
class KeyFiles:
    """A directory with the file."""

    directory: Path

    @property
    def path(self) -> Path:
        """Where the tokens are."""
        return self.directory / "tokens"

    def write(self, *lines: str) -> "KeyFiles":
        """A file that others on the machine may not read."""
        self.path.touch(0o600)
        self.path.write_text("".join(f"{line}\n" for line in lines))
        return self

    def write_all(self) -> "KeyFiles":
        """One wall, one private wall."""
        return self.write("# walls", LOBBY, WINDOW)

    def environ(self, **more: str) -> dict[str, str]:
        """What a server needs to be told."""
        named = {"HEDGE_STATE_DIR": str(HEALTHY_STATE), "HEDGE_NOW": str(NOW), "HEDGE_TOKENS_FILE": str(self.path)}
        return named | more

    def settings(self, **more: str) -> Settings:
        """The same, read."""
        return Settings.from_environ(self.environ(**more))

    def server(self, **more: str) -> Flask:
        """An application that needs a token."""
        server: Flask = create_app(self.settings(**more)).server
        return server

    def client(self, **more: str) -> FlaskClient:
        """A browser without a token."""
        return self.server(**more).test_client()


def bearer(token: str) -> dict[str, str]:
    """How a program shows its token."""
    return {"Authorization": f"Bearer {token}"}
