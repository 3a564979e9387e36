"""Running sums are those one would get by adding up anew."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.utils import rolling
from execution.utils.rolling import RollingSum

EVENTS = st.lists(
    st.tuples(st.integers(0, 20), st.floats(0, 50, allow_nan=False), st.floats(-100, 100, allow_nan=False)), max_size=60
)


@settings(deadline=None)
@given(EVENTS, st.floats(1, 500))
def test_sum_and_count_are_those_of_the_window(events: list[tuple[int, float, float]], window_s: float) -> None:
    """The last value of each key, and only what is not older than the window."""
    window, latest, now_s = RollingSum(window_s), dict[str, tuple[float, float]](), 0.0
    for key, pause_s, value_usd in events:
        now_s += pause_s
        window.put(str(key), now_s, value_usd)
        latest[str(key)] = (now_s, value_usd)
        window.expire(now_s)
    alive = [value_usd for at_s, value_usd in latest.values() if at_s >= now_s - window_s]
    assert len(window) == len(alive)
    assert window.total_usd == pytest.approx(sum(alive), abs=1e-9)


def test_a_busy_week_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far over the limit: few entries, the same sum and count, and expiry to the minute."""
    monkeypatch.setattr(rolling, "MAX_ENTRIES", 500)
    window = RollingSum(6 * 3600.0)
    window._merge_at = 500
    for number in range(40_000):
        window.put(str(number), float(number), 0.5)
    window.expire(39_999.0)
    kept = 6 * 3600
    assert len(window.save()) < 2 * (3600 + kept / 60 + 1)
    assert len(window) == pytest.approx(kept, abs=60)
    assert window.total_usd == pytest.approx(0.5 * len(window))


def test_an_order_still_filling_is_not_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its later cumulative figure replaces the earlier one."""
    monkeypatch.setattr(rolling, "MAX_ENTRIES", 100)
    window = RollingSum(1e6)
    window._merge_at = 100
    for number in range(150):
        window.put(str(number), 100.0 * number, 1.0)
    window.put("149", 14_901.0, 3.0)
    assert window.total_usd == 152.0
    assert len(window) == 150


def test_nothing_drifts() -> None:
    """Hundreds of thousands of additions and removals leave exactly nothing."""
    window = RollingSum(10.0)
    for number in range(200_000):
        window.put(str(number), float(number), 0.1)
        window.expire(float(number))
    window.expire(1e9)
    assert (window.total_usd, len(window)) == (0.0, 0)


def test_saved_and_restored_is_the_same() -> None:
    """Through JSON."""
    window, twin = RollingSum(10.0), RollingSum(10.0)
    window.put("a", 1.0, 0.1)
    window.put("b", 2.0, 0.2)
    twin.restore(json.loads(json.dumps(window.save())))
    assert (twin.total_usd, len(twin), twin.save()) == (window.total_usd, 2, window.save())
