"""How often somebody may try to sign in: counted over all workers, in memory that does not grow.

Each slot holds the time at which its attempts are paid for, each attempt costing some seconds; who owes more than a
burst of them has to wait. What falls into the same slot shares it: an attack from many addresses can make others wait
longer, never less. Sessions that are there are not touched by any of it.
"""

import fcntl
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from dash_app.keys.files import SharedMemory

SLOTS = 4096  # of addresses, and as many of users
SIZE = 8 * (1 + 2 * SLOTS)
LOCK_TRIES = 50
LOCK_PAUSE_S = 0.002


class Limit(NamedTuple):
    """So many attempts at once, then one in so many seconds."""

    burst: int
    every_s: float


PER_ADDRESS = Limit(10, 30.0)
PER_USER = Limit(10, 30.0)
ALTOGETHER = Limit(60, 1.0)

_shared: list[SharedMemory] = []


def share_attempts() -> None:
    """Called in the process that the workers are children of: from now on they count together."""
    _shared[:] = [SharedMemory(SIZE)]


class Attempts:
    """The attempts of this server."""

    def __init__(self) -> None:
        self._memory = _shared[0] if _shared else SharedMemory(SIZE)
        self._paid_at = memoryview(self._memory.map).cast("d")
        self._lock = threading.Lock()

    def take(self, address: str, user: str) -> float:
        """Count one attempt; 0.0, or the seconds to wait, and then nothing is counted."""
        with self._locked() as locked:
            if not locked:
                return 1.0
            now = time.monotonic()  # the same in every process of this machine
            owed = [(slot, limit, max(self._paid_at[slot], now)) for slot, limit in _slots(address, user)]
            wait_s = max(paid_at - now - (limit.burst - 1) * limit.every_s for _, limit, paid_at in owed)
            if wait_s <= 0:
                for slot, limit, paid_at in owed:
                    self._paid_at[slot] = paid_at + limit.every_s
            return max(wait_s, 0.0)

    def give_back(self, address: str, user: str) -> None:
        """An attempt that was right, or that was not made after all, costs nothing."""
        with self._locked() as locked:
            for slot, limit in _slots(address, user) if locked else ():
                self._paid_at[slot] -= limit.every_s

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """One thread of one process at a time; a process that dies lets go, and one that stands is not waited for."""
        with self._lock:
            locked = any(self._try_lock() for _ in range(LOCK_TRIES))
            try:
                yield locked
            finally:
                if locked:
                    fcntl.lockf(self._memory.fd, fcntl.LOCK_UN)

    def _try_lock(self) -> bool:
        with suppress(BlockingIOError):
            fcntl.lockf(self._memory.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(LOCK_PAUSE_S)
        return False


def _slots(address: str, user: str) -> tuple[tuple[int, Limit], ...]:
    return (0, ALTOGETHER), (1 + _hash(address), PER_ADDRESS), (1 + SLOTS + _hash(user), PER_USER)


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()) % SLOTS
