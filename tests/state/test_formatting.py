"""How numbers become text: a table per function."""

from datetime import UTC, timedelta, timezone, tzinfo

import pytest

from state.formatting import fmt_age, fmt_clock, fmt_number, fmt_pct, fmt_qty, fmt_signed, fmt_usd

NUMBERS = [
    (None, 2, "n/a"),
    (0.0, 2, "0.00"),
    (-0.0, 2, "0.00"),
    (-0.004, 2, "0.00"),
    (-0.006, 2, "-0.01"),
    (0.005001, 2, "0.01"),
    (1234.5, 2, "1,234.50"),
    (-1234567.891, 2, "-1,234,567.89"),
    (10461.27, 0, "10,461"),
    (-0.4, 0, "0"),
    (0.1533, 4, "0.1533"),
    (1e15, 2, "1,000,000,000,000,000.00"),
]


@pytest.mark.parametrize(("value", "digits", "text"), NUMBERS)
def test_a_number_has_its_digits_and_no_sign_on_zero(value: float | None, digits: int, text: str) -> None:
    """Thousands are separated; unknown is n/a."""
    assert fmt_number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(None, "n/a"), (0.0, "0.00"), (-11.439, "-11.44"), (3797.321, "3,797.32")])
def test_usd_has_two_digits(value: float | None, text: str) -> None:
    """Cents, rounded as the float is."""
    assert fmt_usd(value) == text


SIGNED = [
    (None, "n/a"),
    (0.0, "0.00"),
    (-0.0, "0.00"),
    (0.004, "0.00"),
    (-0.004, "0.00"),
    (54.2682, "+54.27"),
    (-21.15, "-21.15"),
    (1234.5, "+1,234.50"),
]


@pytest.mark.parametrize(("value", "text"), SIGNED)
def test_a_gain_has_a_plus_and_nothing_has_no_sign(value: float | None, text: str) -> None:
    """Profit and loss at a glance."""
    assert fmt_signed(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "n/a"), (0.0, "0.00 %"), (7.793078, "7.79 %"), (-0.001, "0.00 %")])
def test_a_percentage_is_printed_as_given(value: float | None, text: str) -> None:
    """Already 0..100: never multiplied again."""
    assert fmt_pct(value) == text


QUANTITIES = [
    (None, "n/a"),
    (0.0, "0"),
    (-0.85, "-0.85"),
    (-5200.0, "-5,200"),
    (100.0, "100"),
    (0.00005, "0.00005"),
    (-0.000000001, "-0.000000001"),
    (0.000000006, "0.000000006"),
    (1.5e-18, "<0.000000000000001"),
    (-1.5e-18, "-<0.000000000000001"),
    (31.5, "31.5"),
    (0.1 + 0.2, "0.3"),
    (123456789.1, "123,456,789.1"),
    (-98765432.0, "-98,765,432"),
    (999999999999999.0, "999,999,999,999,999"),
    (12345678901234567890.0, "1.23457e+19"),
]


@pytest.mark.parametrize(("value", "text"), QUANTITIES)
def test_a_quantity_has_as_many_digits_as_it_has(value: float | None, text: str) -> None:
    """No trailing zeros, whole hundreds keep theirs, dust is not zero, and no digit is invented."""
    assert fmt_qty(value) == text


AGES = [
    (None, "n/a"),
    (0.0, "0 s"),
    (-3.0, "0 s"),
    (4.96, "5 s"),
    (4.94, "4 s"),
    (59.9, "59 s"),
    (60.0, "1 m 00 s"),
    (612.0, "10 m 12 s"),
    (3599.9, "59 m 59 s"),
    (3600.0, "1 h 00 m"),
    (11100.0, "3 h 05 m"),
    (86399.0, "23 h 59 m"),
    (86400.0, "1 d 00 h"),
    (187200.0, "2 d 04 h"),
]


@pytest.mark.parametrize(("seconds", "text"), AGES)
def test_an_age_has_its_two_largest_units(seconds: float | None, text: str) -> None:
    """Rounded down, after the tenths that the header shows: 5.0 s there is 5 s here."""
    assert fmt_age(seconds) == text


CLOCKS = [
    (None, None, "n/a"),
    (1764197088.315, None, "22:44:48 UTC"),
    (1764197088.315, UTC, "22:44:48 UTC"),
    (1764197088.315, timezone(timedelta(hours=2), "SAST"), "00:44:48 SAST"),
    (float("nan"), None, "n/a"),
    (float("inf"), None, "n/a"),
    (1e20, None, "n/a"),
]


@pytest.mark.parametrize(("epoch", "zone", "text"), CLOCKS)
def test_a_clock_names_its_zone(epoch: float | None, zone: tzinfo | None, text: str) -> None:
    """UTC unless told otherwise; a moment that cannot be is n/a."""
    assert fmt_clock(epoch, zone) == text
