"""Keys: three forms of files, the environment, and everything that is refused; no message holds one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from execution.account.credentials import Credentials, CredentialsError, find_credentials
from execution.account.venues.table import VENUES

if TYPE_CHECKING:
    from pathlib import Path

KEY, SECRET, PASSWORD = "K" * 32, "S" * 40, "P" * 12
ADDRESS, PRIVATE = "0x" + "ab" * 20, "0x" + "cd" * 32

FORMS = {
    "ccxt": {"binanceusdm": {"apiKey": KEY, "secret": SECRET}},
    "ccxt, one exchange": {"apiKey": KEY, "secret": SECRET},
    "freqtrade": {
        "exchange": {"name": "binance", "key": KEY, "secret": SECRET, "ccxt_config": {}},
        "stake_currency": "USDT",
    },
    "passivbot": {
        "main": {"exchange": "binance", "key": KEY, "secret": SECRET},
        "other": {"exchange": "bybit", "key": "x", "secret": "y"},
    },
}


def write(path: Path, content: Any, mode: int = 0o600) -> Path:
    """A file with this content and mode."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_file_is_read(form: str, tmp_path: Path) -> None:
    path = write(tmp_path / "keys.json", FORMS[form])
    assert find_credentials(VENUES["binanceusdm"](), {}, path) == Credentials(KEY, SECRET)


def test_the_environment_is_read_where_no_file_is_named() -> None:
    environ = {"HEDGE_ACCOUNT_KEY": KEY, "HEDGE_ACCOUNT_SECRET": f"{SECRET}\n", "HEDGE_ACCOUNT_PASSWORD": PASSWORD}
    assert find_credentials(VENUES["bitget"](), environ) == Credentials(KEY, SECRET, PASSWORD)
    assert find_credentials(VENUES["hyperliquid"](), {"HEDGE_ACCOUNT_WALLET": ADDRESS}) == Credentials(wallet=ADDRESS)


REFUSED = [
    ("binanceusdm", {}, 0o600, "has nothing for binanceusdm"),
    ("binanceusdm", "{", 0o600, "is not JSON"),
    ("binanceusdm", [KEY], 0o600, "has nothing for binanceusdm"),
    ("binanceusdm", FORMS["ccxt"], 0o640, "can be read by others; chmod 600"),
    ("binanceusdm", FORMS["ccxt"], 0o604, "can be read by others"),
    ("binanceusdm", {"binanceusdm": {"apiKey": KEY}}, 0o600, "lacks the secret of binanceusdm"),
    ("bybit", FORMS["freqtrade"], 0o600, "has nothing for bybit"),
    ("bitget", {"bitget": {"apiKey": KEY, "secret": SECRET}}, 0o600, "lacks the password of bitget"),
    ("hyperliquid", {"hyperliquid": {"walletAddress": ADDRESS, "privateKey": PRIVATE}}, 0o600, "take the key out"),
    ("hyperliquid", {"hyperliquid": {"walletAddress": PRIVATE}}, 0o600, "expected 0x and 40 hexadecimal digits"),
    (
        "bybit",
        {name: {"exchange": "bybit", "key": KEY, "secret": SECRET} for name in ("a", "b")},
        0o600,
        r"several accounts at bybit \(a, b\); say which with --user",
    ),
]


@pytest.mark.parametrize(("venue", "content", "mode", "sentence"), REFUSED)
def test_what_cannot_be_used_is_refused_in_words_without_a_key(
    venue: str, content: Any, mode: int, sentence: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "keys.json", content, mode)
    with pytest.raises(CredentialsError, match=sentence) as caught:
        find_credentials(VENUES[venue](), os.environ, path)
    assert not any(secret in str(caught.value) for secret in (KEY, SECRET, PASSWORD, PRIVATE))


def test_one_of_several_accounts_is_named(tmp_path: Path) -> None:
    accounts = {name: {"exchange": "bybit", "key": f"{KEY}{name}", "secret": SECRET} for name in ("a", "b")}
    path = write(tmp_path / "keys.json", accounts)
    assert find_credentials(VENUES["bybit"](), {}, path, user="b").key == f"{KEY}b"


@pytest.mark.parametrize("path", ["missing.json", "."])
def test_a_file_that_is_none_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="cannot be read"):
        find_credentials(VENUES["bybit"](), {}, tmp_path / path)


def test_keys_show_in_no_text_of_their_object() -> None:
    keys = Credentials(KEY, SECRET, PASSWORD, ADDRESS)
    assert repr(keys) == "Credentials()"
    said = f"GET https://x/y?timestamp=1&signature=abcdef {KEY} {SECRET} {PASSWORD} X-MBX-APIKEY: {KEY}"
    scrubbed = keys.scrub(said)
    assert not any(secret in scrubbed for secret in (KEY, SECRET, PASSWORD, "abcdef"))


@pytest.mark.parametrize(
    "said", ["{'ACCESS-PASSPHRASE': 'a1'}", "passphrase a1 is wrong", "x?p=a1&y", '{"ACCESS-PASSPHRASE":"zz"}']
)
def test_a_short_passphrase_is_hidden_too(said: str) -> None:
    """As a word of its own: letters of it stand in many."""
    scrubbed = Credentials(KEY, SECRET, "a1").scrub(f"{said}, of a12 and ba1")
    assert "a1" not in scrubbed.replace("a12", "").replace("ba1", "")
    assert "zz" not in scrubbed
    assert scrubbed.endswith(", of a12 and ba1")
