"""The comparison of the page with the state can fail."""

from typing import Any

import pytest
from pages import agrees


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
