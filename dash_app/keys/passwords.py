"""Checking a password: as long for a user who does not exist, and never two at once."""

import logging
import threading

from werkzeug.security import check_password_hash

from dash_app.keys.keyring import Keyring

LOGGER = logging.getLogger(__name__)

DEFAULT_METHOD = "scrypt:32768:8:1"


class Busy(Exception):  # noqa: N818 - not an error: come again
    """Another password is being checked in this worker."""


class Passwords:
    """A check takes tens of milliseconds of a processor and 32 MB: a flood of them must not starve the polls."""

    def __init__(self) -> None:
        self._one = threading.Lock()

    def check(self, keyring: Keyring, name: str, password: str) -> bool:
        """Whether this user has this password.

        Raises:
            Busy: when another one is being checked.
        """
        known = name in keyring.users
        if not self._one.acquire(blocking=False):
            raise Busy
        try:
            right = check_password_hash(keyring.users[name] if known else _decoy(keyring), password)
        except ValueError:  # parameters that this machine cannot compute
            LOGGER.error("The password hash of a user cannot be computed here. It lets nobody in.")
            right = False
        finally:
            self._one.release()
        return known and right


def _decoy(keyring: Keyring) -> str:
    """A hash that no password has, as expensive as those of the users."""
    method = next((known.partition("$")[0] for known in keyring.users.values()), DEFAULT_METHOD)
    return f"{method}$hedge-nobody-here$" + "0" * 128
