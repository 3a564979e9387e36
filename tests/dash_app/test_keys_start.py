"""What a server that needs keys is told at its start, and when it will not start at all."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from keyfiles import PHRASE, PRIVATE, SECRET, WALL, KeyFiles, hash_cheaply
from serving import HEALTHY_STATE, ROOT, Server, process_environ, serving, wait_until

from dash_app.keys.__main__ import main
from dash_app.keys.binding import is_private, refuse_public_bind
from dash_app.keys.keyring import SECRET as SECRET_LINE
from dash_app.keys.keyring import TOKEN, USER, check_keys
from dash_app.settings import Settings, SettingsError

PRIVATE_ADDRESSES: list[Any] = [
    ("127.0.0.1", 8050),
    ("127.8.9.10", 80),
    ("::1", 8050),
    ("::1", 8050, 0, 0),
    ("localhost", 8050),
    ("::ffff:127.0.0.1", 1),
    "/run/hedge.sock",
    b"\0hedge",
    3,
]
PUBLIC_ADDRESSES: list[Any] = [
    ("0.0.0.0", 8050),  # noqa: S104 - what is to be refused
    ("::", 8050),
    ("", 8050),
    ("0", 8050),
    ("10.0.0.5", 8050),
    ("192.168.1.2", 8050),
    ("8.8.8.8", 80),
    ("::ffff:10.0.0.5", 1),
    ("fe80::1", 1),
    ("nobody-knows.invalid", 8050),
    ("x" * 300, 8050),
]


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path).write_all()


# --- where it listens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES, ids=str)
def test_address_of_this_machine_needs_no_key(address: Any) -> None:
    assert is_private(address)
    refuse_public_bind(Settings(), [address])


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES, ids=lambda address: str(address)[:30])
def test_address_that_others_reach_needs_one(address: Any, keys: KeyFiles) -> None:
    refuse_public_bind(keys.settings(), [address])
    with pytest.raises(SystemExit) as ended:
        refuse_public_bind(Settings(), [("127.0.0.1", 1), address])
    assert "HEDGE_TOKENS_FILE" in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def start(**settings: str) -> subprocess.CompletedProcess[str]:
    environ = process_environ({"HEDGE_BIND": "127.0.0.1:0", "HEDGE_STATE_DIR": str(HEALTHY_STATE), **settings})
    command = [sys.executable, "-m", "gunicorn"]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    "settings",
    [
        {"HEDGE_BIND": "0.0.0.0:0"},
        {"GUNICORN_CMD_ARGS": "-b [::]:0"},
        {"GUNICORN_CMD_ARGS": "-b 127.0.0.1:0 -b :0"},
    ],
    ids=str,
)
def test_public_bind_without_a_key_is_refused_in_a_sentence(settings: dict[str, str]) -> None:
    ended = start(**settings)
    assert ended.returncode == 1
    assert "Listening at" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(r"^Others can reach .*:0, .*HEDGE_BIND=127\.0\.0\.1:8050\.$", ended.stderr, re.MULTILINE)


def test_socket_that_was_handed_over_is_looked_at_too(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as handed:  # noqa: S104 - what is to be refused
        command = f"exec {sys.executable} -m gunicorn -b fd://{handed.fileno()}"
        environ = process_environ({"HEDGE_STATE_DIR": str(HEALTHY_STATE), "TMPDIR": str(tmp_path)})
        ended = subprocess.run(
            ["sh", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30, check=False,
            pass_fds=(handed.fileno(),),
        )  # fmt: skip
    assert ended.returncode == 1
    assert "Others can reach 0.0.0.0:" in ended.stderr
    assert "Booting worker" not in ended.stderr
    assert list(tmp_path.glob("hedge-*")) == []


# --- files and settings ----------------------------------------------------------------------------------------------

BAD_LINES = [
    ("users", "alice", "HEDGE_USERS_FILE line 1 is wrong."),
    ("users", f"alice:{PHRASE}", "HEDGE_USERS_FILE line 1 is wrong."),
    ("users", f"#\n\na b:{hash_cheaply('x')}", "HEDGE_USERS_FILE line 3 is wrong."),
    ("users", f"alice:{hash_cheaply('x')}\nalice:{hash_cheaply('y')}", "HEDGE_USERS_FILE line 2 has a name"),
    ("users", "alice:md5$aaaaaaaa$" + "0" * 32, "HEDGE_USERS_FILE line 1 is wrong."),
    ("users", "alice:plain$$secret-word", "HEDGE_USERS_FILE line 1 is wrong."),
    ("users", "", "HEDGE_USERS_FILE is empty."),
    ("users", "# nobody", "HEDGE_USERS_FILE is empty."),
    ("tokens", WALL, "HEDGE_TOKENS_FILE line 1 is wrong."),
    ("tokens", f"lobby:{WALL[:31]}", "HEDGE_TOKENS_FILE line 1 is wrong."),
    ("tokens", f"lobby:{WALL}:public", "HEDGE_TOKENS_FILE line 1 is wrong."),
    ("tokens", f"lobby:{WALL} ü", "HEDGE_TOKENS_FILE line 1 is wrong."),
    ("tokens", f"a:{WALL}\na:{PRIVATE}", "HEDGE_TOKENS_FILE line 2 has a name"),
    ("secret", "short", "HEDGE_SECRET_FILE is wrong."),
    ("secret", f"{SECRET}\n{SECRET}", "HEDGE_SECRET_FILE is wrong."),
    ("secret", "", "HEDGE_SECRET_FILE is empty."),
]


@pytest.mark.parametrize(("name", "text", "said"), BAD_LINES)
def test_bad_line_is_named_and_never_shown(keys: KeyFiles, name: str, text: str, said: str) -> None:
    keys.write(name, text)
    with pytest.raises(SettingsError) as error:
        check_keys(keys.settings())
    assert str(error.value).startswith(said)
    assert len(str(error.value).splitlines()) == 1
    shown = [word for line in text.splitlines() for word in line.split(":")[1:] if len(word) > 6]
    assert [word for word in shown if word in str(error.value)] == []


@pytest.mark.parametrize("name", ["users", "tokens", "secret"])
def test_file_that_cannot_be_used_is_named(keys: KeyFiles, name: str) -> None:
    path, setting = keys.directory / name, f"HEDGE_{name.upper()}_FILE"
    for spoil, said in (
        (lambda: path.chmod(0o644), f"{setting} can be read by everybody"),
        (lambda: path.write_bytes(b"\xff\xfe"), f"{setting} is not UTF-8 text."),
        (path.unlink, f"{setting} cannot be read: No such file or directory."),
        (path.mkdir, f"{setting} is not a file"),
        (path.rmdir, f"{setting} cannot be read"),
        (lambda: os.mkfifo(path), f"{setting} is not a file"),
    ):
        spoil()
        with pytest.raises(SettingsError, match=said):
            check_keys(keys.settings())
        if path.is_file():
            path.chmod(0o600)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"HEDGE_USERS_FILE": "x"}, "HEDGE_USERS_FILE needs HEDGE_SECRET_FILE"),
        ({"HEDGE_USER_HEADER": "X-User"}, "HEDGE_USER_HEADER needs HEDGE_TRUSTED_PROXIES"),
        ({"HEDGE_USER_HEADER": "X_User"}, "HEDGE_USER_HEADER has value 'X_User'. Expected"),
        *(
            ({"HEDGE_TRUSTED_PROXIES": text}, "HEDGE_TRUSTED_PROXIES has value")
            for text in ("0.0.0.0/0", "::/0", "localhost", "10.0.0.1/8", "127.0.0.1,", "*", "unix:/x")
        ),
    ],
)
def test_bad_setting_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environ(environ)
    assert str(error.value).startswith(said)


def test_no_key_is_shown_with_the_settings(keys: KeyFiles) -> None:
    from dash_app.keys.keyring import read_keyring  # noqa: PLC0415

    settings = keys.settings(EXCHANGE_API_KEY="of-the-desk")
    shown = repr(settings) + repr(read_keyring(settings))
    assert [word for word in (WALL, PRIVATE, SECRET, "scrypt", "of-the-desk") if word in shown] == []


# --- lines for the files ---------------------------------------------------------------------------------------------


def test_lines_it_prints_are_lines_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, pattern in (
        (["token", "lobby"], TOKEN),
        (["token", "w", "--private"], TOKEN),
        (["secret"], SECRET_LINE),
    ):
        assert main(arguments) == 0
        assert pattern.fullmatch(capsys.readouterr().out.strip())


@pytest.mark.parametrize(
    ("typed", "code"), [(f"{PHRASE}\n{PHRASE}\n", 0), (f"{PHRASE}\nother\n", 1), ("short\nshort\n", 1)]
)
def test_password_is_asked_for_and_not_shown(typed: str, code: int) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "dash_app.keys", "hash", "alice"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=process_environ({}),
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, PHRASE in done.stdout + done.stderr) == (code, False)
    assert bool(USER.fullmatch(done.stdout.strip())) == (code == 0)


@pytest.mark.parametrize("arguments", [["token", "a b"], ["hash", "x:y"], ["hash", "a", "password"], []])
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


# --- several workers -------------------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, KeyFiles]]:
    keys = KeyFiles(tmp_path_factory.mktemp("served")).write_all()
    log = keys.directory / "log"
    with serving(log, keys.environ(HEDGE_WORKERS="3", GUNICORN_CMD_ARGS="--access-logfile -")) as server:
        yield server, keys


def ask(server: Server, path: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> Answer:
    request = urllib.request.Request(server.url + path, data, headers or {})  # noqa: S310 - our own server
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=20) as answer:
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, "", dict(error.headers))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Where one is sent is looked at, not gone to."""


def test_workers_warm_up_behind_the_guard(served: tuple[Server, KeyFiles]) -> None:
    server, _ = served
    assert "warm-up" not in server.log.read_text()
    assert {ask(server, "/_dash-layout").status for _ in range(6)} == {401}
    assert {ask(server, "/metrics", {"Authorization": f"Bearer {WALL}"}).status for _ in range(6)} == {200}


def test_header_with_an_underscore_is_no_header(served: tuple[Server, KeyFiles]) -> None:
    assert (
        ask(served[0], "/metrics", {"HEDGE_INSIDE": "1", "hedge.inside": "1", "X_Remote_User": "alice"}).status == 401
    )


def test_attempts_are_counted_over_all_workers(served: tuple[Server, KeyFiles]) -> None:
    server, _ = served
    sent = ask(server, "/login").headers["Set-Cookie"].partition(";")[0]
    field = re.search(r'name="form" value="([^"]+)"', ask(server, "/login", {"Cookie": sent}).text)
    assert field
    data = f"form={field[1]}&name=alice&password=wrong".encode()
    codes = [ask(server, "/login", {"Cookie": sent}, data).status for _ in range(25)]
    assert codes.count(401) == 10
    assert set(codes) == {401, 429}


def test_reload_with_a_malformed_file_leaves_no_worker_behind(served: tuple[Server, KeyFiles]) -> None:
    server, keys = served
    before = set(server.workers())
    keys.write("users", "oops\n")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(server.workers()) == 3 and not before & set(server.workers()))
    wait_until(lambda: ask(server, "/metrics", {"Authorization": f"Bearer {WALL}"}).status == 200)
    assert "HEDGE_USERS_FILE line 1 is wrong" in server.log.read_text()


def test_no_key_is_in_the_log(served: tuple[Server, KeyFiles]) -> None:
    """Without an access log; one that is asked for has the address of a wall's first visit in it."""
    text = served[0].log.read_text()
    assert [word for word in (WALL, PRIVATE, SECRET, PHRASE, "scrypt") if word in text] == []
    assert "GET /metrics" in text
