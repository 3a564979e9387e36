"""`python -m execution.fleet` as processes: how they end, what they refuse, and that no secret shows."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fleet_worlds import HEALTHY, read_object, write_at
from redis_server import PATIENCE_S, RedisServer, wait_until

from execution.fleet.__main__ import main
from execution.fleet.address import PASSWORD, parse_address, read_password

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["fleet_fixtures"]

REPOSITORY = Path(__file__).parents[2]
SECRET = "not-for-anybody"  # noqa: S105

Process = subprocess.Popen[str]


@contextlib.contextmanager
def running(*arguments: str, **environ: str) -> Iterator[Process]:
    """The command; it does not outlive the block."""
    command = [sys.executable, "-m", "execution.fleet", *arguments]
    surroundings = {**os.environ, **environ}
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    """The command to its end: exit code, and what it said."""
    with running(*arguments, **environ) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, said


def end(process: Process, number: int = signal.SIGTERM) -> tuple[int, str]:
    """Send a signal; exit code, and what was said."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def test_a_desk_is_on_the_wall_and_both_end_as_they_are_told(redis: RedisServer, tmp_path: Path) -> None:
    """Publisher and mirror as processes, a second publisher in between, a crash and a second mirror."""
    logs, desks = tmp_path / "logs", tmp_path / "desks"
    shutil.copytree(HEALTHY / "logs", logs)
    publish = ["publish", "--to", redis.url, "--desk", "alpha"]
    own = [*publish, "--state-dir", str(logs / "state")]
    mirror = ["mirror", "--from", redis.url, "--into", str(desks), "--period", "0.1"]
    copy, sign = desks / "alpha" / "logs" / "state" / "nav.json", desks / "alpha" / "desk.json"
    with running(*own, ENV="prod", HEDGE_ENV="") as first, running(*mirror) as wall:
        wait_until(copy.exists)
        code, said = run(*publish, "--state-dir", str(tmp_path))
        assert (code, f"alpha is already published by {read_object(sign)['publisher']}" in said) == (1, True)
        code, said = run(*mirror)
        assert (code, "one writer per file" in said) == (1, True)
        first.kill()
        with running(*own, BINANCE_TESTNET="1") as second:
            wait_until(lambda: read_object(sign)["environ"].get("BINANCE_TESTNET") == "1")
            write_at(logs / "state" / "nav.json", b'{"nav": 7}', 5)
            wait_until(lambda: copy.read_bytes() == b'{"nav": 7}')
            assert end(second) == (0, "")
        assert redis.ask("GET", "hedge:alpha:lease") is None
        assert end(wall, signal.SIGINT) == (0, "")


def test_without_a_store_both_go_on_and_still_end_as_they_are_told(tmp_path: Path) -> None:
    """Said once; the mirror's sign of life says since when."""
    url, desks = "redis://127.0.0.1:1", tmp_path / "desks"
    with (
        running("publish", "--to", url, "--desk", "alpha", "--state-dir", str(tmp_path)) as publisher,
        running("mirror", "--from", url, "--into", str(desks), "--period", "0.1") as mirror,
    ):
        wait_until((desks / "mirror.json").exists)
        written_at = read_object(desks / "mirror.json")["written_at"]
        wait_until(lambda: read_object(desks / "mirror.json")["written_at"] > written_at + 0.5)
        assert read_object(desks / "mirror.json")["store"]["up"] is False
        for process in (mirror, publisher):
            code, said = end(process)
            assert (code, said.count("trying on")) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish", "--to", f"redis://me:{SECRET}@h", "--desk", "a"], "carries a password"),
        (["publish", "--to", "h:6379", "--desk", "a"], "is no address of a store"),
        (["publish", "--to", "redis://h/3", "--desk", "a"], "names database '3'; expected 0"),
        (["publish", "--to", "redis://h:99999", "--desk", "a"], "has no port that can be"),
        (["publish", "--to", "redis://h?ssl_cert_reqs=none", "--desk", "a"], "is no address of a store"),
        (["publish", "--to", "redis://h", "--desk", "A/../b"], "is no name of a desk"),
        (["publish", "--to", "redis://h"], "required: --desk"),
        (["mirror", "--from", "redis://h", "--into", "d", "--desks", "a,B"], "'B' is no name of a desk"),
        (["mirror", "--from", "redis://h", "--into", "d", "--period", "0"], "0 is no period"),
        (["mirror", "--from", "rediss://h", "--into", "d", "--ca-file", "none"], "none is no file"),
        ([], "required: command"),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and a password is not repeated."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    words = capsys.readouterr().err
    assert (ended.value.code, said in words, SECRET in words) == (2, True, False)


def test_a_password_that_others_can_read_is_refused_and_never_shown(tmp_path: Path) -> None:
    """Exit code 1; mode and file are named, the content is not."""
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o644)
    code, said = run("publish", "--to", "redis://127.0.0.1:1", "--desk", "a", "--password-file", str(path))
    assert (code, "has mode 0644: others can read the password" in said, SECRET in said) == (1, True, False)


@pytest.mark.parametrize(
    ("content", "environ", "found"),
    [
        (b"secret\n", {PASSWORD: "other"}, "secret"),
        (b"sp ace \n", {}, "sp ace"),
        (None, {PASSWORD: "other"}, "other"),
        (None, {PASSWORD: ""}, None),
        (None, {}, None),
        (b"", {}, ValueError),
        (b"two\nlines\n", {}, ValueError),
        (b"\xff\xfe", {}, ValueError),
        (b"x" * 5000, {}, ValueError),
    ],
)
def test_the_password_comes_from_a_file_or_the_environment(
    tmp_path: Path, content: bytes | None, environ: dict[str, str], found: str | type[Exception] | None
) -> None:
    """One line; anything else is an error that does not repeat it."""
    path = tmp_path / "password" if content is not None else None
    if path is not None and content is not None:
        path.write_bytes(content)
        path.chmod(0o640)
    if isinstance(found, type):
        with pytest.raises(found, match="holds no password"):
            read_password(path, environ)
    else:
        assert read_password(path, environ) == found


@pytest.mark.parametrize(
    ("text", "shown", "readable"),
    [
        ("redis://h", "redis://h:6379/0", True),
        ("rediss://wall@h.example:6380/0", "rediss://wall@h.example:6380/0", False),
        ("redis://127.0.0.1:7/", "redis://127.0.0.1:7/0", False),
        ("redis://[::1]:7", "redis://[::1]:7/0", False),
        ("redis://localhost.example", "redis://localhost.example:6379/0", True),
    ],
)
def test_an_address_is_shown_as_it_is_understood(text: str, shown: str, readable: bool) -> None:
    """And whether what goes there can be read on the way."""
    address = parse_address(text)
    assert (address.shown, address.can_be_read_on_the_way) == (shown, readable)


def test_without_redis_py_the_command_says_what_to_install() -> None:
    """It is an extra; whoever needs no store has no need of it."""
    code = "import sys; sys.modules['redis'] = None; import runpy; runpy.run_module('execution.fleet', alter_sys=True)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "redis is not installed: pip install -r requirements-fleet.txt\n")
