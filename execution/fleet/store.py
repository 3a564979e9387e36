"""Redis as the two sides use it: the keys of a desk, each exchange with its time-out, and errors in words."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Any

from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, WatchError
from redis.retry import Retry

from execution.fleet.beat import MAX_BYTES as MAX_BEAT_BYTES
from execution.fleet.packing import MAX_PACKED_BYTES
from state.files.fleet_files import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from execution.fleet.address import Address
    from execution.fleet.packing import Fields

PREFIX = "hedge"
LEASE_S = 15
TIME_OUT_S = 0.5
QUICK_TIME_S = 0.05  # twice the error of a comparison of clocks
LONGEST_TIME_S = 1.0  # what took longer, since this process stood still, tells nothing of the time
ATTEMPTS = 3
NAMES_AT_ONCE = 1000
FILES_AT_ONCE = 8

# A hash whose values are within the limit takes no more than this: an allocator rounds up by a quarter.
MAX_HASH_BYTES = MAX_PACKED_BYTES * 3 // 2

_name_of_beat = re.compile(rf"{PREFIX}:({NAME_PATTERN}):beat")
_LONGEST_ERROR = 120


class StoreError(Exception):
    """The store does not answer, or refuses; one sentence without secrets."""


class HeldError(Exception):
    """Another publisher has the lease; the message is its identity."""


class Store:
    """A connection that is made when it is needed, and again after it broke."""

    def __init__(
        self,
        address: Address,
        password: str | None = None,
        ca_file: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is connected yet. `now` is this host's clock, epoch seconds."""
        self.address, self.now = address, now
        tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": ca_file} if address.tls else {}
        # Retries would hold up whoever waits for 40 s beside a store that hangs. With the second protocol nothing is
        # sent at the start that a user of the store may not say. Its types do not tell bytes from text.
        self._client: Any = Redis(
            address.host,
            address.port,
            username=address.user,
            password=password,
            socket_timeout=TIME_OUT_S,
            socket_connect_timeout=TIME_OUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
            client_name="hedge-fleet",
            **tls,
        )

    def close(self) -> None:
        """Drop the connection."""
        with contextlib.suppress(RedisError, OSError):
            self._client.close()

    def measure_offset(self) -> float:
        """This host's clock less the store's, seconds; of a slow store the quickest of a few answers.

        Raises:
            StoreError: there is no answer, or one that took too long to tell anything.
        """
        with self._in_words():
            self._client.ping()  # the connection is there before the time is taken
            took_s, offset_s = self._ask_time()
            for _ in range(ATTEMPTS - 1):
                if took_s > QUICK_TIME_S:
                    took_s, offset_s = min((took_s, offset_s), self._ask_time())
        if took_s >= LONGEST_TIME_S:
            raise StoreError(f"its answers take {took_s:.2f} s, too long to compare clocks")
        return offset_s

    def _ask_time(self) -> tuple[float, float]:
        start_s, before = time.monotonic(), self.now()
        seconds, microseconds = self._client.time()
        took_s = time.monotonic() - start_s
        return took_s, before + took_s / 2 - float(seconds) - float(microseconds) / 1e6

    # --- the publisher's side --------------------------------------------------------------------------------------

    def send(self, name: str, identity: str, beat: bytes, fields: Fields, is_sent: bool) -> None:
        """Renew the lease and put the beat, and all files of the desk unless `is_sent`: all of it or nothing.

        A store that has lost the lease may have been emptied, so that the files go there again.

        Raises:
            HeldError: another publisher has the lease.
            StoreError: nothing was sent, or no answer came.
        """
        broken = ""
        for _ in range(ATTEMPTS):
            try:
                with self._client.pipeline() as pipe:
                    pipe.watch(_key(name, "lease"))
                    is_held = self._check_holder(pipe.get(_key(name, "lease")), identity)
                    pipe.multi()
                    pipe.set(_key(name, "lease"), identity, ex=LEASE_S)
                    pipe.set(_key(name, "beat"), beat)
                    if not is_sent or not is_held:
                        pipe.delete(_key(name, "files"))
                        pipe.hset(_key(name, "files"), mapping=dict(fields))
                    pipe.execute()
                    return
            except WatchError as error:
                broken = str(error)  # the lease changed hands, or the connection broke
            except (RedisError, OSError) as error:
                raise StoreError(self._describe(error)) from error
        raise StoreError(f"{ATTEMPTS} tries to send {name} broke off: {broken}")

    def release(self, name: str, identity: str) -> None:
        """Give up the lease, where it is this publisher's."""
        with self._in_words(), contextlib.suppress(WatchError, HeldError), self._client.pipeline() as pipe:
            pipe.watch(_key(name, "lease"))
            if self._check_holder(pipe.get(_key(name, "lease")), identity):
                pipe.multi()
                pipe.delete(_key(name, "lease"))
                pipe.execute()

    # --- the mirror's side -----------------------------------------------------------------------------------------

    def find_names(self) -> list[str]:
        """The desks that have sent a beat since the store was filled."""
        with self._in_words():
            keys = self._client.scan_iter(match=f"{PREFIX}:*:beat", count=NAMES_AT_ONCE)
            found = (_name_of_beat.fullmatch(key.decode("ascii", "replace")) for key in keys)
            return sorted({match[1] for match in found if match})

    def read_beats(self, names: Sequence[str]) -> list[bytes | Exception | None]:
        """The beat of each desk, cut where it is too long; None where there is none, an error where it is no text."""
        return self._ask(names, lambda pipe, name: pipe.getrange(_key(name, "beat"), 0, MAX_BEAT_BYTES - 1))

    def read_files(self, names: Sequence[str]) -> Iterator[tuple[str, Fields | Exception]]:
        """The hash of each desk, empty where there is none; an error for one that is larger than a desk may send."""
        for first in range(0, len(names), FILES_AT_ONCE):
            some = names[first : first + FILES_AT_ONCE]
            sizes = self._ask(some, lambda pipe, name: pipe.memory_usage(_key(name, "files"), samples=0))
            large = {name: size for name, size in zip(some, sizes, strict=True) if _is_large(size)}
            for name, size in large.items():
                yield (
                    name,
                    size
                    if isinstance(size, Exception)
                    else ValueError(
                        f"its files take {size:,} bytes in the store; expected at most {MAX_PACKED_BYTES:,}"
                    ),
                )
            rest = [name for name in some if name not in large]
            yield from zip(rest, self._ask(rest, lambda pipe, name: pipe.hgetall(_key(name, "files"))), strict=True)

    def _ask(self, names: Sequence[str], command: Any) -> list[Any]:
        """The answers to a command for each desk; what is wrong with one of them is its answer."""
        if not names:
            return []
        with self._in_words(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                command(pipe, name)
            answers: list[Any] = pipe.execute(raise_on_error=False)
            for answer in answers:
                # What is wrong with the user or the store is so for all of them.
                if isinstance(answer, RedisError) and not _cause_of(answer).startswith("WRONGTYPE"):
                    raise answer
            return answers

    def _check_holder(self, holder: bytes | None, identity: str) -> bool:
        if holder is not None and holder != identity.encode():
            raise HeldError(holder[:200].decode("utf-8", "replace"))
        return holder is not None

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError) as error:
            raise StoreError(self._describe(error)) from error

    def _describe(self, error: Exception) -> str:
        said = _cause_of(error)
        if isinstance(error, exceptions.TimeoutError):
            return f"no answer within {TIME_OUT_S} s"
        refusals = exceptions.AuthenticationError, exceptions.NoPermissionError
        if isinstance(error, exceptions.OutOfMemoryError) or said.startswith("OOM"):
            return "the store is full"
        if isinstance(error, refusals) or said.startswith("NOPERM"):
            return f"the store refuses user {self.address.user or 'default'}: {said}"
        if isinstance(error, exceptions.ResponseError):
            return f"the store says {said}"
        return said or type(error).__name__


def _key(name: str, kind: str) -> str:
    return f"{PREFIX}:{name}:{kind}"


def _cause_of(error: Exception) -> str:
    """What the store said, without the command that it was said to."""
    return str(error).rpartition("caused error: ")[2].strip().rstrip(".")[:_LONGEST_ERROR]


def _is_large(size: object) -> bool:
    return isinstance(size, Exception) or (isinstance(size, int) and size > MAX_HASH_BYTES)
