"""The comparison of the page with the state can fail."""

from typing import Any

import pytest
from pages import agrees, shows_age_between


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10,461.27", 10461.27),
        ("+50.29", 50.2892),
        ("-0.46", -0.4585),
        ("7.79 %", 7.7912),
        ("0.16", 0.15695),
        ("10 m 12 s", 612.9),
        ("2 d 04 h", 187200.0),
        ("DEV", "dev"),
        ("WIFUSDT", ["WIFUSDT"]),
    ],
)
def test_text_that_shows_the_value(text: str, value: Any) -> None:
    assert agrees(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10,461.27", 10461.26),
        ("50.29", -50.2892),
        ("0.00", 0.0451),
        ("n/a", 0.0),
        ("n/a", None),
        ("0.00", None),
        ("0.16", 0.1749),
        ("10 m 12 s", 613.0),
        ("normal", "defensive"),
        ("1.81", "1.81x"),
    ],
)
def test_text_that_does_not(text: str, value: Any) -> None:
    assert not agrees(text, value)


@pytest.mark.parametrize(
    ("text", "shown"), [("2 m 05 s", True), ("2 m 07 s", True), ("2 m 04 s", False), ("2 m 08 s", False)]
)
def test_age_lies_between_two_others(text: str, shown: bool) -> None:
    assert shows_age_between(text, 125.2, 127.9) is shown


@pytest.mark.parametrize(("text", "shown"), [("125.2", True), ("127.9", True), ("125.0", False), ("128.0", False)])
def test_age_in_seconds_lies_between_two_others(text: str, shown: bool) -> None:
    assert shows_age_between(text, 125.15, 127.9) is shown


def test_text_that_is_no_age_lies_nowhere() -> None:
    assert not shows_age_between("n/a", 0.0, 1e9)
