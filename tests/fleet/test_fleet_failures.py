"""What a wall says when something between it and a desk breaks: each fault made with a real redis-server."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fleet_worlds import Pair, step, write_at
from redis_server import PATIENCE_S, redis_server

from execution.fleet.beat import Beat
from execution.fleet.packing import make_fields
from execution.fleet.publish import Publisher, RefusedError, identify
from execution.fleet.store import HeldError, Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis_server import RedisServer

pytest_plugins = ["fleet_fixtures"]

DEPLOY = Path(__file__).parents[2] / "deploy" / "redis"
PASSWORD = "correct-horse"  # noqa: S105


def try_at_once(pair: Pair) -> None:
    """The next step of both does not wait for the pause after a failure."""
    pair.publisher.outage._next_s = pair.mirror.outage._next_s = 0.0


def change_desk(pair: Pair, nav: float) -> None:
    """The desk writes a NAV."""
    write_at(pair.logs / "state" / "nav.json", json.dumps({"nav": nav}).encode(), 1_764_197_100 * 10**9 + int(nav))


def mirrored_nav(pair: Pair) -> object:
    """The NAV that the wall would read."""
    return json.loads((pair.copy / "state" / "nav.json").read_bytes())["nav"]


def test_a_killed_store_is_unreachable_and_its_desks_age_on(
    own_redis: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once on each side, kept over a restart of the mirror, and everything comes again into the empty store."""
    caplog.set_level(logging.INFO)
    pair = Pair(own_redis, tmp_path)
    pair.pass_on()
    seen_at = pair.desk_file()["beat_seen_at"]
    own_redis.kill()
    for nav in (1.0, 2.0, 3.0):
        change_desk(pair, nav)
        try_at_once(pair)
        pair.pass_on()
    down = pair.store_file()
    assert (down["up"], "Connection refused" in down["error"]) == (False, True)
    assert sum("trying on" in record.message for record in caplog.records) == 2
    pair.mirror = pair.another_mirror()
    step(pair.mirror)
    assert pair.store_file()["since"] == down["since"]
    assert (pair.desk_file()["beat_seen_at"], mirrored_nav(pair)) == (seen_at, pytest.approx(10461.27))
    own_redis.start()
    try_at_once(pair)
    pair.pass_on()
    up = pair.store_file()
    assert (up["up"], up["error"], up["since"] > down["since"]) == (True, None, True)
    assert (mirrored_nav(pair), pair.desk_file()["beat_seen_at"] > seen_at) == (3.0, True)
    assert sum("answers again" in message for message in caplog.messages) == 2


def test_a_hung_store_holds_nobody_up(own_redis: RedisServer, tmp_path: Path) -> None:
    """Connections are taken and nothing is answered: half a second, and the sign of life goes on."""
    pair = Pair(own_redis, tmp_path)
    pair.pass_on()
    with own_redis.hung():
        for nav in (1.0, 2.0):
            change_desk(pair, nav)
            try_at_once(pair)
            began_s = time.monotonic()
            pair.publisher.step()
            pair.mirror.step()
            # Two time-outs, of which each may come while connecting or while waiting for an answer.
            assert time.monotonic() - began_s < 5.0
        assert pair.store_file()["error"] == "no answer within 0.5 s"
    try_at_once(pair)
    pair.pass_on()
    assert (pair.store_file()["up"], mirrored_nav(pair)) == (True, 2.0)


def test_an_emptied_store_is_filled_again_although_the_desk_stands_still(pair: Pair) -> None:
    """Nothing has changed and no connection was lost: the lease that is gone tells."""
    pair.pass_on()
    pair.server.ask("FLUSHALL")
    pair.publisher._beat_s = float("-inf")
    step(pair.publisher)
    assert pair.server.ask("HLEN", "hedge:alpha:files") == 12  # eleven files and the version


def test_a_full_store_refuses_whole_and_says_so(
    own_redis: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With noeviction nothing is dropped, neither is half of a desk written; room makes it go on."""
    pair = Pair(own_redis, tmp_path)
    pair.pass_on()
    before = own_redis.ask("HGETALL", "hedge:alpha:files")
    own_redis.ask("CONFIG", "SET", "maxmemory", "1mb")
    change_desk(pair, 1.0)
    pair.pass_on()
    assert caplog.messages == [f"{pair.publisher.store.address.shown}: the store is full; trying on"]
    assert own_redis.ask("HGETALL", "hedge:alpha:files") == before
    assert (pair.store_file()["up"], mirrored_nav(pair)) == (True, pytest.approx(10461.27))
    own_redis.ask("CONFIG", "SET", "maxmemory", "0")
    try_at_once(pair)
    pair.pass_on()
    assert mirrored_nav(pair) == 1.0


@pytest.fixture
def guarded(tmp_path: Path, needs_redis: None) -> str:  # noqa: ARG001
    """The users of deploy/redis, all with one password."""
    text = re.sub(r"#PASSWORD-OF-\w+", f">{PASSWORD}", (DEPLOY / "users.acl").read_text())
    (tmp_path / "users.acl").write_text(text)
    return PASSWORD


def test_each_user_of_the_store_may_do_its_part_and_nothing_else(tmp_path: Path, guarded: str) -> None:
    """The ACL file of deploy/: a desk writes itself alone, a wall reads, nobody else is anybody."""
    with redis_server(tmp_path, "--aclfile", str(tmp_path / "users.acl")) as redis:
        desk, wall = redis.connect("desk-alpha", guarded), redis.connect("wall", guarded)
        state_dir = tmp_path / "logs" / "state"
        write_at(state_dir / "nav.json", b'{"nav": 5}', 1)
        publisher = Publisher(desk, "alpha", state_dir, {})
        step(publisher)
        assert publisher.outage.error is None
        assert (wall.find_names(), wall.read_beats(["alpha"])[0] is None) == (["alpha"], False)
        assert [len(fields) for _, fields in wall.read_files(["alpha"]) if isinstance(fields, dict)] == [2]
        refusals: list[Callable[[], object]] = [
            desk.find_names,
            lambda: desk.send("beta", "me#1", b"{}", make_fields({}), False),
            lambda: list(desk.read_files(["alpha"])),
            lambda: wall.send("alpha", "me#1", b"{}", make_fields({}), False),
            lambda: redis.connect().find_names(),
            lambda: redis.connect("wall", "wrong").find_names(),
        ]
        for refused in refusals:
            with pytest.raises(StoreError, match=r"the store (refuses user|says NOAUTH)"):
                refused()
        publisher.release()


def test_a_denied_publisher_says_so_once_and_goes_on(
    tmp_path: Path, guarded: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Rights may come while it runs; no password is in what it says."""
    with redis_server(tmp_path, "--aclfile", str(tmp_path / "users.acl")) as redis:
        publisher = Publisher(redis.connect("desk-beta", guarded), "alpha", tmp_path, {})
        for _ in range(3):
            publisher.outage._next_s = 0.0
            publisher.step()
        assert len([message for message in caplog.messages if "refuses user desk-beta" in message]) == 1
        assert guarded not in caplog.text


def test_of_publishers_that_race_for_a_name_one_gets_through(redis: RedisServer) -> None:
    """Six at once, fifty times: the others are told who it is, and nothing of theirs is in the store."""
    for _ in range(50):
        redis.ask("FLUSHALL")
        winners, losers = race(redis)
        assert (len(winners), len(losers)) == (1, 5)
        assert set(losers) == set(winners)
        assert redis.ask("GET", "hedge:alpha:beat") == redis.ask("HGET", "hedge:alpha:files", "nav.json")


def in_whole_seconds(sentence: str | None) -> str:
    """The sentence without what a busy machine adds to a comparison of clocks."""
    return re.sub(r"\d+\.\d", lambda found: f"{float(found[0]):.0f}", str(sentence))


def is_connected(store: Store) -> bool:
    """Whether it has answered."""
    try:
        store.measure_offset()
    except StoreError:
        return False
    return True


def race(redis: RedisServer) -> tuple[list[str], list[str]]:
    """Who got through, and whom the others were told of."""
    winners: list[str] = []
    losers: list[str] = []
    tried: list[str] = []
    barrier = threading.Barrier(6)

    def send(identity: str) -> None:
        store, content = redis.connect(), identity.encode()
        while not is_connected(store):
            pass
        barrier.wait(PATIENCE_S)
        while identity not in tried:
            with contextlib.suppress(StoreError):  # a busy machine answers too late
                try:
                    store.send("alpha", identity, content, make_fields({"nav.json": content}), False)
                    winners.append(identity)
                except HeldError as error:
                    losers.append(str(error))
                tried.append(identity)
        store.close()

    threads = [threading.Thread(target=send, args=(f"host{number}:/logs#1",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return winners, losers


def test_a_second_publisher_ends_and_names_the_first(pair: Pair) -> None:
    """From another directory; the first goes on, and after its end the second may begin at once."""
    step(pair.publisher)
    second = Publisher(pair.server.connect(), "alpha", pair.logs / "elsewhere", {})
    holder = pair.publisher.identity.partition("#")[0]
    with pytest.raises(RefusedError, match=re.escape(f"alpha is already published by {holder}: one publisher a desk")):
        step(second)
    pair.publisher.release()
    step(second)
    assert second.outage.error is None


def test_a_publisher_that_lost_its_lease_while_it_stood_still_ends(pair: Pair) -> None:
    """The name went to another one meanwhile."""
    step(pair.publisher)
    pair.server.ask("SET", "hedge:alpha:lease", "other:/logs#2")
    change_desk(pair, 1.0)
    with pytest.raises(RefusedError, match="by other:/logs:"):
        step(pair.publisher)


def test_a_publisher_that_crashed_takes_its_own_lease_over(pair: Pair) -> None:
    """Same host and directory: nobody waits for fifteen seconds."""
    step(pair.publisher)
    step(Publisher(pair.server.connect(), "alpha", pair.logs / "state", {}))
    assert 0 < pair.server.ask("TTL", "hedge:alpha:lease") <= 15
    assert identify(pair.logs / "state") != identify(pair.logs)


@pytest.mark.parametrize(("ahead_s", "problem"), [(0.4, "None"), (8.0, "8 s ahead of"), (-8.0, "8 s behind")])
def test_clocks_that_differ_are_corrected_and_named(
    redis: RedisServer, tmp_path: Path, ahead_s: float, problem: str
) -> None:
    """The skew is the desk's clock less the wall's; beats are in the store's time."""
    pair = Pair(redis, tmp_path, ahead_s=ahead_s)
    pair.pass_on()
    desk = pair.desk_file()
    assert desk["skew_s"] == pytest.approx(ahead_s, abs=0.5)
    assert desk["beat_at"] == pytest.approx(time.time(), abs=5.0)
    assert problem in in_whole_seconds(desk["problem"])


@pytest.mark.parametrize("ahead_s", [45.0, -3600.0])
def test_clocks_that_are_far_apart_end_the_publisher(redis: RedisServer, tmp_path: Path, ahead_s: float) -> None:
    """With a sentence that has both sides; nothing is sent."""
    pair = Pair(redis, tmp_path, ahead_s=ahead_s)
    with pytest.raises(RefusedError, match=r"the clock of this host is [\d.]+ s (ahead of|behind) that of the store"):
        step(pair.publisher)
    assert redis.ask("DBSIZE") == 0


def test_a_wall_whose_clock_is_off_says_so(redis: RedisServer, tmp_path: Path) -> None:
    """The store is up, and its desk is as fresh as it is."""
    pair = Pair(redis, tmp_path)
    pair.mirror.store = redis.connect(ahead_s=-20.0)
    pair.pass_on()
    assert in_whole_seconds(pair.store_file()["error"]) == "the wall's clock is 20 s behind the store's"
    assert pair.desk_file()["skew_s"] == pytest.approx(20.0, abs=0.5)


def test_a_desk_that_is_silent_stays_silent_for_a_mirror_that_starts(pair: Pair) -> None:
    """What lies in the store is no sign of life of now."""
    beat = Beat("host:/logs", time.time() - 3600.0, 0.0, "", {})
    pair.server.ask("SET", "hedge:alpha:beat", beat.encode())
    step(pair.mirror)
    assert pair.desk_file()["beat_seen_at"] == pytest.approx(time.time() - 3600.0, abs=5.0)


def test_an_older_beat_from_a_backup_is_no_sign_of_life(pair: Pair) -> None:
    """A store that comes back with what it held an hour ago."""
    pair.pass_on()
    beat = Beat("host:/logs", time.time() - 3600.0, 0.0, "", {})
    pair.server.ask("SET", "hedge:alpha:beat", beat.encode())
    step(pair.mirror)
    assert pair.desk_file()["beat_seen_at"] == pytest.approx(time.time() - 3600.0, abs=5.0)


def test_files_of_another_format_are_read_where_they_can_be(pair: Pair) -> None:
    """The publisher is newer than the mirror."""
    step(pair.publisher)
    beat = json.loads(pair.server.ask("GET", "hedge:alpha:beat"))
    pair.server.ask("SET", "hedge:alpha:beat", json.dumps({**beat, "format": 2, "news": [1]}))
    step(pair.mirror)
    desk = pair.desk_file()
    assert (desk["format"], desk["problem"]) == (2, "publisher speaks format 2, the mirror 1")
    assert mirrored_nav(pair) == pytest.approx(10461.27)


def test_a_store_that_is_no_store_is_said_in_words(tmp_path: Path) -> None:
    """Nobody listens, no such host, no TLS there."""
    from execution.fleet.address import parse_address  # noqa: PLC0415

    for url in ("redis://127.0.0.1:1", "rediss://127.0.0.1:1", "redis://no-such-host.invalid"):
        with pytest.raises(StoreError, match=r"\w+ \w+"):
            Store(parse_address(url)).find_names()
    assert tmp_path.exists()
