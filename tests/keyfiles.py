"""Files of keys on disk, and applications and clients that need them."""

from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from serving import HEALTHY_STATE
from werkzeug.security import generate_password_hash

from dash_app.app import create_app
from dash_app.settings import Settings

WALL, PRIVATE, SECRET = "w" * 40, "p" * 40, "s" * 64
PHRASE = "correct horse battery"
CHEAP = "scrypt:1024:8:1"  # the real cost is for real attackers
NOW = 1764197100.0


@dataclass
class KeyFiles:
    """A directory with the three files."""

    directory: Path

    def write(self, name: str, text: str) -> Path:
        """A file that others on the machine may not read."""
        path = self.directory / name
        path.touch(0o600)
        path.write_text(text)
        return path

    def write_all(self) -> "KeyFiles":
        """One user, one wall, one private wall."""
        self.write("users", f"# people\nalice:{hash_cheaply(PHRASE)}\n")
        self.write("tokens", f"lobby:{WALL}\nshop-window:{PRIVATE}:private\n")
        self.write("secret", f"{SECRET}\n")
        return self

    def environ(self, **more: str) -> dict[str, str]:
        """What a server needs to be told."""
        files = {f"HEDGE_{name.upper()}_FILE": str(self.directory / name) for name in ("users", "tokens", "secret")}
        return {"HEDGE_STATE_DIR": str(HEALTHY_STATE), "HEDGE_NOW": str(NOW), **files, **more}

    def settings(self, **more: str) -> Settings:
        """The same, read."""
        return Settings.from_environ(self.environ(**more))

    def server(self, **more: str) -> Flask:
        """An application that needs a key."""
        server: Flask = create_app(self.settings(**more)).server
        return server

    def client(self, **more: str) -> FlaskClient:
        """A browser without a key."""
        return self.server(**more).test_client()


def hash_cheaply(password: str) -> str:
    """A hash as werkzeug makes it."""
    return generate_password_hash(password, CHEAP)


def bearer(token: str) -> dict[str, str]:
    """How a program shows its token."""
    return {"Authorization": f"Bearer {token}"}
