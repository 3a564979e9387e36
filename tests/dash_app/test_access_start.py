"""What a server with tokens is told at its start, and when it will not start at all."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from keyfiles import LOBBY, PRIVATE, WALL, WINDOW, KeyFiles
from serving import HEALTHY_STATE, ROOT, process_environ

from dash_app.access.__main__ import main
from dash_app.access.guard import is_private, refuse_public_bind
from dash_app.access.tokens import check_tokens, format_line, read_tokens
from dash_app.settings import Settings, SettingsError, read_settings

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
PROXY = {"HEDGE_TRUSTED_PROXIES": "10.0.0.1"}
USER = {**PROXY, "HEDGE_USER_HEADER": "X-Remote-User"}
DIRECT = {"HEDGE_DIRECT": "1"}


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path).write_all()


# --- where it listens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES, ids=str)
def test_address_of_this_machine_needs_nothing(address: Any) -> None:
    """Nobody else can reach it."""
    assert is_private(address)
    assert refuse_public_bind(Settings(), [address]) is None


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES, ids=lambda address: str(address)[:30])
@pytest.mark.parametrize("told", [{}, PROXY, DIRECT, PROXY | DIRECT], ids=str)
def test_address_that_others_reach_needs_tokens(address: Any, told: dict[str, str]) -> None:
    """One public address among private ones is enough."""
    with pytest.raises(SystemExit) as ended:
        refuse_public_bind(Settings.from_environ(told), [("127.0.0.1", 1), address])
    assert "HEDGE_TOKENS_FILE" in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


@pytest.mark.parametrize(
    ("told", "has_tokens", "starts", "warned"),
    [
        ({}, True, False, False),
        ({"HEDGE_DIRECT": "0"}, True, False, False),
        (DIRECT, True, True, True),
        (PROXY, True, True, False),
        (PROXY | DIRECT, True, True, True),
        (USER, False, True, False),
        (USER, True, True, False),
    ],
)
def test_address_that_others_reach_needs_a_proxy_or_a_word(
    keys: KeyFiles, told: dict[str, str], has_tokens: bool, starts: bool, warned: bool
) -> None:
    """Both sentences say what is not held off."""
    settings = keys.settings(**told) if has_tokens else Settings.from_environ(told)
    public = [("0.0.0.0", 8050)]  # noqa: S104 - what is to be refused
    if starts:
        said = refuse_public_bind(settings, public)
        assert ("reads slowly" in (said or "")) == warned
        return
    with pytest.raises(SystemExit) as ended:
        refuse_public_bind(settings, public)
    assert re.search(r"reads slowly .*HEDGE_TRUSTED_PROXIES.* HEDGE_DIRECT=1\.$", str(ended.value.code))


def start(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = process_environ({"HEDGE_BIND": "127.0.0.1:0", "HEDGE_STATE_DIR": str(HEALTHY_STATE), **settings})
    command = [sys.executable, "-m", "gunicorn", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30, check=False)


BINDS: list[tuple[list[str], dict[str, str]]] = [
    ([], {"HEDGE_BIND": "0.0.0.0:0"}),
    (["-b", "0.0.0.0:0"], {}),
    (["-b", "127.0.0.1:0", "-b", ":0"], {}),
    ([], {"GUNICORN_CMD_ARGS": "-b [::]:0"}),
    ([], {"GUNICORN_CMD_ARGS": "-b 127.0.0.1:0 -b :0"}),
]


@pytest.mark.parametrize(("arguments", "settings"), BINDS, ids=str)
def test_bare_public_bind_is_refused_in_a_sentence_however_it_was_bound(
    arguments: list[str], settings: dict[str, str]
) -> None:
    """Setting, argument, variable of gunicorn, one address of several."""
    ended = start(*arguments, **settings)
    assert ended.returncode == 1
    assert "Listening at" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(r"^Others can reach .*:0, .*HEDGE_BIND=127\.0\.0\.1:8050\.$", ended.stderr, re.MULTILINE)


def test_public_bind_with_tokens_and_without_a_proxy_is_refused(keys: KeyFiles) -> None:
    """Tokens hold nobody off who only holds threads."""
    ended = start("-b", ":0", HEDGE_TOKENS_FILE=str(keys.path))
    assert ended.returncode == 1
    assert re.search(r"^Others can reach .*:0 without a proxy: .*HEDGE_DIRECT=1\.$", ended.stderr, re.MULTILINE)


def test_socket_that_was_handed_over_is_looked_at_too(tmp_path: Path) -> None:
    """As systemd does it: no setting names the address."""
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


# --- the file and the settings ---------------------------------------------------------------------------------------

BAD_LINES = [
    (WALL, "line 1 is wrong."),
    (f"lobby:{WALL[:31]}", "line 1 is wrong."),
    (f"lobby:{WALL}:public", "line 1 is wrong."),
    (f"lobby:{WALL} ü", "line 1 is wrong."),
    (f"{LOBBY}:public", "line 1 is wrong."),
    (f"{LOBBY}0", "line 1 is wrong."),
    (LOBBY[:-1], "line 1 is wrong."),
    (LOBBY.upper(), "line 1 is wrong."),
    (LOBBY.replace("sha256", "md5"), "line 1 is wrong."),
    (f"#\n\na b:{WALL}", "line 3 is wrong."),
    (f"{'x' * 65}:{WALL}", "line 1 is wrong."),
    ("alice:scrypt:32768:8:1$abcdefgh$" + "0" * 128, "line 1 is wrong."),
    (f"{LOBBY}\n{WINDOW.replace('shop-window', 'lobby')}", "line 2 has a name or a token that was there before."),
    (f"{LOBBY}\n{format_line('private', WALL, private=True)}", "line 2 has a name or a token that was there before."),
    (f"{LOBBY}\nprivate:{WALL}:private", "line 2 has a name or a token that was there before."),
    ("", "is empty."),
    ("# nobody", "is empty."),
]


@pytest.mark.parametrize(("text", "said"), BAD_LINES)
def test_bad_line_is_named_and_never_shown(keys: KeyFiles, text: str, said: str) -> None:
    """Neither token nor hash."""
    keys.path.write_text(text)
    with pytest.raises(SystemExit) as ended:
        check_tokens(keys.settings())
    assert str(ended.value.code).startswith(f"HEDGE_TOKENS_FILE {said}")
    assert len(str(ended.value.code).splitlines()) == 1
    shown = [word for line in text.splitlines() for word in line.split(":")[1:] if len(word) > 8]
    assert [word for word in shown if word in str(ended.value.code)] == []


def test_file_that_cannot_be_used_is_named(keys: KeyFiles) -> None:
    """Whatever is in its place, and whoever else may touch it."""
    path = keys.path
    for spoil, said in (
        (lambda: path.chmod(0o644), "is open to everybody"),
        (lambda: path.chmod(0o602), "is open to everybody"),
        (lambda: path.write_bytes(b"\xff\xfe"), "is not UTF-8 text."),
        (lambda: path.write_bytes(b"#" * (1 << 21)), "is not a file of at most 1 MB"),
        (path.unlink, "cannot be read: No such file or directory."),
        (path.mkdir, "is not a file"),
        (path.rmdir, "cannot be read"),
        (lambda: os.mkfifo(path), "is not a file"),
    ):
        spoil()
        assert re.match(f"HEDGE_TOKENS_FILE {said}", read_tokens(str(path)).complaints[0])
        if path.is_file():
            path.chmod(0o600)


RETIRED = [{"HEDGE_USERS_FILE": "x"}, {"HEDGE_SECRET_FILE": "x"}, {"HEDGE_USERS_FILE": "x", "HEDGE_SECRET_FILE": "y"}]


@pytest.mark.parametrize("environ", RETIRED, ids=str)
def test_removed_lock_ends_the_start_on_loopback_too(keys: KeyFiles, environ: dict[str, str]) -> None:
    """A desk that had passwords must not stand open; each sentence says what to do."""
    for tokens in ({}, {"HEDGE_TOKENS_FILE": str(keys.path)}):
        with pytest.raises(SystemExit) as ended:
            read_settings(environ | tokens)
        lines = str(ended.value.code).splitlines()
        assert [line.split()[0] for line in lines] == list(environ)
        assert all("dash_app.access token NAME" in line and "HEDGE_USER_HEADER" in line for line in lines)


def test_server_with_a_removed_lock_does_not_start() -> None:
    """One sentence, and no port."""
    ended = start(HEDGE_USERS_FILE="x")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert ended.stderr.startswith("HEDGE_USERS_FILE is no setting any more")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"HEDGE_USER_HEADER": "X-User"}, "HEDGE_USER_HEADER needs HEDGE_TRUSTED_PROXIES"),
        ({"HEDGE_USER_HEADER": "X_User"}, "HEDGE_USER_HEADER has value 'X_User'. Expected"),
        ({"HEDGE_DIRECT": "yes"}, "HEDGE_DIRECT has value 'yes'. Expected 1 or 0."),
        *(
            ({"HEDGE_TRUSTED_PROXIES": text}, "HEDGE_TRUSTED_PROXIES has value")
            for text in ("0.0.0.0/0", "::/0", "localhost", "10.0.0.1/8", "127.0.0.1,", "*", "unix:/x")
        ),
    ],
)
def test_bad_setting_is_refused(environ: dict[str, str], said: str) -> None:
    """With what was expected."""
    with pytest.raises(SettingsError) as error:
        Settings.from_environ(environ)
    assert str(error.value).startswith(said)


def test_no_secret_is_shown_with_the_settings(keys: KeyFiles) -> None:
    """The environment has those of others, too."""
    assert "of-the-desk" not in repr(keys.settings(EXCHANGE_API_KEY="of-the-desk"))


# --- lines for the file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "private"), [(["lobby"], False), (["w@desk", "--private"], True)])
def test_line_it_prints_lets_in_who_has_the_token(
    keys: KeyFiles, capsys: pytest.CaptureFixture[str], arguments: list[str], private: bool
) -> None:
    """The line goes where output goes, the token to the terminal, once."""
    assert main(["token", *arguments]) == 0
    line, said = capsys.readouterr()
    token = said.split()[-1]
    keys.write(line.strip())
    found = read_tokens(str(keys.path)).find(token)
    assert found is not None
    assert (found.name, found.private, len(token)) == (arguments[0], private, 43)
    assert token not in line
    assert not read_tokens(str(keys.path)).warnings


def test_file_in_plain_text_is_hashed() -> None:
    """Comments, hashes and what is not understood stay as they are."""
    before = (
        f"# walls\n\nlobby:{WALL}\n shop-window:{PRIVATE}:private \n{format_line('x', 'x' * 43, private=False)}\noops"
    )
    command = [sys.executable, "-m", "dash_app.access", "hash"]
    done = subprocess.run(
        command, cwd=ROOT, env=process_environ({}), input=before, capture_output=True, text=True, check=True
    )
    after = f"# walls\n\n{LOBBY}\n{WINDOW}\n{format_line('x', 'x' * 43, private=False)}\noops\n"
    assert (done.stdout, done.stderr) == (after, "")


@pytest.mark.parametrize("arguments", [["token", "a b"], ["token", "x:y"], ["token", ""], ["token"], ["secret"], []])
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    """And prints no line."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
