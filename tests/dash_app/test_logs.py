"""A log that nobody can fill from outside."""

import logging

import pytest

from dash_app.server.logs import LONGEST, MOST_KINDS, PER_PERIOD, PERIOD_S, RateLimitFilter


class Clock:
    """A clock that stands until it is moved on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def say(limited: RateLimitFilter, text: str, level: int = logging.WARNING) -> str | None:
    """What is written of a message."""
    record = logging.LogRecord("gunicorn.error", level, "", 0, "%s", (text,), None)
    return record.getMessage() if limited.filter(record) else None


def test_the_first_of_a_minute_are_written_and_the_last_says_that_more_follow(clock: Clock) -> None:
    limited = RateLimitFilter(clock)
    written = [say(limited, f"Invalid request from ip=10.0.0.{number}") for number in range(100)]
    assert written[:2] == ["Invalid request from ip=10.0.0.0", "Invalid request from ip=10.0.0.1"]
    assert written[PER_PERIOD - 1] == (
        f"Invalid request from ip=10.0.0.{PER_PERIOD - 1} (more like this within a minute are not logged)"
    )
    assert set(written[PER_PERIOD:]) == {None}


def test_another_minute_begins_anew(clock: Clock) -> None:
    limited = RateLimitFilter(clock)
    assert [say(limited, "x") for _ in range(PER_PERIOD + 1)][-1] is None
    clock.now += PERIOD_S
    assert say(limited, "x") == "x"


def test_long_messages_are_cut(clock: Clock) -> None:
    assert say(RateLimitFilter(clock), "x" * 10_000) == "x" * LONGEST


def test_one_kind_does_not_hide_another(clock: Clock) -> None:
    limited = RateLimitFilter(clock)
    assert [say(limited, "Invalid request from ip=1.2.3.4") for _ in range(50)][-1] is None
    assert say(limited, "Worker (pid:7) was sent SIGKILL!", logging.ERROR) == "Worker (pid:7) was sent SIGKILL!"


def test_what_is_no_warning_is_not_counted(clock: Clock) -> None:
    limited = RateLimitFilter(clock)
    assert [say(limited, "Worker exiting", logging.INFO) for _ in range(100)] == ["Worker exiting"] * 100


def test_kinds_are_not_counted_without_end(clock: Clock) -> None:
    limited = RateLimitFilter(clock)
    for number in range(10 * MOST_KINDS):
        say(limited, f"{number:024d}")
    assert len(limited._counts) <= MOST_KINDS + 1
