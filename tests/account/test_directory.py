"""An account's directory is not taken by the keys of another one, and holds none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from execution.account.credentials import Credentials
from execution.account.directory import FINGERPRINT, DirectoryError, claim_directory

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER_KEY = "the-key-of-one-account", "the-key-of-another-account"


def test_the_keys_of_another_account_inherit_nothing(tmp_path: Path) -> None:
    """The sentence says what to do in either case, and doing it helps."""
    claim_directory(tmp_path, "bybit", "live", KEY)
    claim_directory(tmp_path, "bybit", "live", KEY)
    (tmp_path / "nav_log.json").write_text("[]")
    with pytest.raises(DirectoryError, match="has the history of another key at bybit") as refused:
        claim_directory(tmp_path, "bybit", "live", OTHER_KEY)
    path = tmp_path / "cache" / FINGERPRINT
    assert "name another one (ACCOUNT_NAME, --name)" in str(refused.value)
    assert f"delete {path} where it is the same account with a new key" in str(refused.value)
    path.unlink()
    claim_directory(tmp_path, "bybit", "live", OTHER_KEY)
    with pytest.raises(DirectoryError):
        claim_directory(tmp_path, "bybit", "live", KEY)


def test_a_directory_of_before_gets_a_fingerprint(tmp_path: Path) -> None:
    """The marker that it has says exchange and environment alone."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "account.json").write_text('{"exchange": "bybit", "environment": "live"}')
    (tmp_path / "nav_log.json").write_text("[]")
    claim_directory(tmp_path, "bybit", "live", KEY)
    with pytest.raises(DirectoryError, match="another key"):
        claim_directory(tmp_path, "bybit", "live", OTHER_KEY)


def test_no_key_is_written_and_no_two_directories_tell_the_same_of_it(tmp_path: Path) -> None:
    """The hash has a salt of its own in each."""
    for name in ("one", "two"):
        claim_directory(tmp_path / name, "bybit", "live", KEY)
    texts = [(tmp_path / name / "cache" / FINGERPRINT).read_text() for name in ("one", "two")]
    assert texts[0] != texts[1]
    assert not any(KEY in path.read_text() for path in tmp_path.rglob("*.json"))


def test_a_fingerprint_that_is_damaged_fits_no_key(tmp_path: Path) -> None:
    """Rather a question too many than the peak of somebody else."""
    claim_directory(tmp_path, "bybit", "live", KEY)
    (tmp_path / "cache" / FINGERPRINT).write_text("{}")
    with pytest.raises(DirectoryError, match="another key"):
        claim_directory(tmp_path, "bybit", "live", KEY)


def test_an_address_is_one_in_whatever_case_and_its_key_plays_no_part() -> None:
    """Hyperliquid's accounts are addresses."""
    address = "0x" + "aB" * 20
    assert Credentials(wallet=address).identity == Credentials(wallet=address.lower(), key=KEY).identity
    assert Credentials(KEY, "secret", "passphrase").identity == KEY
