"""The files of deploy/ for a fleet: their commands are understood, and the store runs on them with TLS and users."""

from __future__ import annotations

import configparser
import contextlib
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis_server import PATIENCE_S, wait_until

from execution.fleet.__main__ import parse_options
from execution.fleet.address import parse_address
from execution.fleet.packing import make_fields
from execution.fleet.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = [
    DEPLOY / "supervisord-fleet.conf",
    *(DEPLOY / "supervisor" / f"hedge-{name}.conf" for name in ("publish", "mirror")),
    *(DEPLOY / "systemd" / f"hedge-{name}.service" for name in ("publish", "mirror")),
]
PASSWORDS = {"ALPHA": "of-alpha", "BETA": "of-beta", "WALL": "of-wall"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_command_is_understood(path: Path) -> None:
    """With the certificates that are named replaced by a file that is there."""
    text = path.read_text().replace("%(ENV_HEDGE_STORE_PORT)s", "6390").replace("/etc/hedge/store-ca.crt", __file__)
    commands = re.findall(r"python -m execution\.fleet (.+)", text)
    assert commands
    for command in commands:
        options = parse_options(command.split())
        assert options.address.tls == ("store.example" in command)


def test_a_fleet_on_one_machine_is_one_group() -> None:
    """Each program of the group is there, restarts, and says everything on the terminal."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(" ;",))
    parser.read_string(FILES[0].read_text())
    programs = [section.removeprefix("program:") for section in parser.sections() if section.startswith("program:")]
    assert parser["group:hedge"]["programs"].split(",") == programs
    for program in programs:
        settings = parser[f"program:{program}"]
        assert (settings["autorestart"], settings["redirect_stderr"]) == ("true", "true")


def make_certificates(directory: Path) -> None:
    """A certificate for localhost that signs itself, and another that nobody has signed."""
    for name in ("store", "other"):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        command += ["-keyout", str(directory / f"{name}.key"), "-out", str(directory / f"{name}.crt")]
        subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def deployed_store(directory: Path) -> Iterator[int]:
    """redis-server on redis.conf and users.acl as they are, but for port, places and passwords; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    conf = (DEPLOY / "redis" / "redis.conf").read_text().replace("6380", str(port))
    conf = conf.replace("/etc/redis/tls/ca.crt", f"{directory}/store.crt").replace("/etc/redis/tls", str(directory))
    (directory / "redis.conf").write_text(conf.replace("/etc/redis", str(directory)))
    acl = re.sub(
        r"#PASSWORD-OF-(\w+)", lambda found: f">{PASSWORDS[found[1]]}", (DEPLOY / "redis/users.acl").read_text()
    )
    (directory / "users.acl").write_text(acl)
    process = subprocess.Popen(
        ["redis-server", str(directory / "redis.conf")], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_until(lambda: process.poll() is not None or _is_open(port))
        assert process.poll() is None, process.stdout and process.stdout.read()
        yield port
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def test_the_store_of_deploy_takes_its_users_over_tls_alone(tmp_path: Path) -> None:
    """A desk and a wall get through; a store that cannot be trusted, a wrong password and plain text do not."""
    if not shutil.which("redis-server") or not shutil.which("openssl"):
        pytest.skip("redis-server or openssl is not installed: tests/fleet/install-redis.sh")
    make_certificates(tmp_path)
    with deployed_store(tmp_path) as port:
        desk, wall = (
            Store(parse_address(f"rediss://{user}@localhost:{port}"), password, str(tmp_path / "store.crt"))
            for user, password in (("desk-alpha", "of-alpha"), ("wall", "of-wall"))
        )
        desk.send("alpha", "host:/logs#1", b"{}", make_fields({}), False)
        assert abs(desk.measure_offset()) < 1.0
        assert (wall.find_names(), wall.read_beats(["alpha"])) == (["alpha"], [b"{}"])
        for url, password, trusted, words in (
            (f"rediss://wall@localhost:{port}", "of-wall", "other.crt", "CERTIFICATE_VERIFY_FAILED"),
            (f"rediss://wall@127.0.0.1:{port}", "of-wall", "store.crt", "CERTIFICATE_VERIFY_FAILED"),
            (f"rediss://wall@localhost:{port}", "of-alpha", "store.crt", "refuses user wall"),
            (f"redis://wall@localhost:{port}", "of-wall", "store.crt", r"\w+ \w+"),
        ):
            with pytest.raises(StoreError, match=words):
                Store(parse_address(url), password, str(tmp_path / trusted)).find_names()
        with pytest.raises(StoreError, match="3 tries to send alpha broke off"):
            desk.send("alpha", "host:/logs#1", b"x" * 5_000_000, make_fields({}), False)


def test_a_user_file_without_passwords_keeps_the_store_from_starting(tmp_path: Path) -> None:
    """There is no password that everybody knows."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed: tests/fleet/install-redis.sh")
    listening = ["--port", "0", "--unixsocket", str(tmp_path / "socket")]
    command = ["redis-server", *listening, "--aclfile", str(DEPLOY / "redis" / "users.acl")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, "password hash must be exactly 64 characters" in done.stdout) == (1, True)
