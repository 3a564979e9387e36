"""Answers that were made once and are given again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from dash_app.front.refusal import RefusedError

PATIENCE_S = 10.0  # several times what the largest legitimate answer takes to make
LANES = 16
LARGEST_SHARE = 4  # one answer may take a quarter of the room, and not turn everything else out


class Answers:
    """The answers used last, up to a total size. Safe for threads; one answer is made once, however many ask for it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size_bytes = 0
        self._lock = threading.Lock()
        self._lanes = [threading.Lock() for _ in range(LANES)]

    @property
    def size_bytes(self) -> int:
        """What the held answers take together."""
        return self._size_bytes

    def find(self, key: Hashable) -> bytes | None:
        """The answer held under a key."""
        with self._lock:
            answer = self._held.get(key)
            if answer is not None:
                self._held.move_to_end(key)
            return answer

    def find_or_make(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The held answer, else the one that is made now while others that ask for it wait.

        Raises:
            RefusedError: when it was not made in time by another.
        """
        with self._alone(key):
            answer = self.find(key)
            if answer is None:
                answer = make()
                self._hold(key, answer)
            return answer

    def _hold(self, key: Hashable, answer: bytes) -> None:
        if len(answer) > self._limit_bytes // LARGEST_SHARE:
            return
        with self._lock:
            self._size_bytes += len(answer) - len(self._held.pop(key, b""))
            self._held[key] = answer
            while self._size_bytes > self._limit_bytes:
                self._size_bytes -= len(self._held.popitem(last=False)[1])

    @contextmanager
    def _alone(self, key: Hashable) -> Iterator[None]:
        lane = self._lanes[hash(key) % LANES]
        if not lane.acquire(timeout=PATIENCE_S):
            raise RefusedError("busy")
        try:
            yield
        finally:
            lane.release()
