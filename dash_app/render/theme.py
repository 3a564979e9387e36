"""Colours and what they mean; the style sheet carries the same colours as custom properties."""

from typing import Any

PANEL = "#121922"
HAIRLINE = "#1d2733"
TEXT = "#e8eef4"
SECONDARY = "#9aa8b8"
MUTED = "#8292a6"
OK = "#46c8b5"
ATTENTION = "#f2b134"
FAILURE = "#ff6f59"
GAIN = "#6fb8ff"
LOSS = "#f7b39b"
LINE = "#4aa8ff"

SLICES = (LINE, ATTENTION, "#c79bff", OK, "#ff9d6e", "#8fb4d9", "#e58bb5", "#b5c66b")

# Red and amber differ in greyscale by these; teal is never on a number.
MARKS = {"fail": "■", "warn": "▲", "ok": "●"}

# Only words that call for a colour; any other word is printed in plain text colour.
WORD_TONES = {
    "hot": "warn",
    "panic": "warn",
    "cautious": "warn",
    "drawdown": "fail",
    "recovery": "warn",
    "defensive": "fail",
    "halted": "fail",
    "poor": "warn",
    "broken": "warn",
    "silent": "fail",
}

# A teal mark says that the word beside it is fine: a word that nobody knows, or that is merely no alarm, has none.
FINE_WORDS = frozenset({"normal", "quiet", "ok", "good", "healthy"})

TEMPLATE: dict[str, Any] = {
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "color": TEXT, "size": 15},
        "colorway": list(SLICES),
        "hoverlabel": {"bgcolor": HAIRLINE, "bordercolor": SECONDARY, "font": {"color": TEXT, "size": 16}},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "showlegend": False,
        "xaxis": {"visible": False, "fixedrange": True},
        "yaxis": {"visible": False, "fixedrange": True},
    }
}


def tone_of(word: str) -> str:
    """The tone of a state word: `warn`, `fail` or none."""
    return WORD_TONES.get(word.strip().lower(), "")


def tone_of_symbol(word: str) -> str:
    """The tone of one symbol's word: worth a look and no more, as the alert line has it."""
    return "warn" if tone_of(word) else ""


def mark_of(word: str) -> str:
    """The tone of the mark before a big word: as the word, or `ok` where it is known to be fine."""
    return tone_of(word) or ("ok" if word.strip().lower() in FINE_WORDS else "")


def tone_of_amount(value: float | None) -> str:
    """The tone of a profit or loss; what is printed as 0.00 is neither."""
    if value is None or abs(value) < 0.005:
        return ""
    return "gain" if value > 0 else "loss"
