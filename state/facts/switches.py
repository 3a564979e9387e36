"""Yes, no and nothing in the ways that writers put them: a boolean, 0 and 1, or a word."""

from state.files.values import text

_YES = ("true", "1", "yes", "on", "active", "tripped", "triggered")
_NO = ("false", "0", "no", "off", "inactive")
# Words that stand where there is nothing to say.
_NOTHING = frozenset({"ok", "none", "null", "nil", "normal", "healthy", "clear", "n/a", "na", "-", "{}", "[]"})

SWITCHES = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)


def switch(value: object) -> bool | None:
    """What a switch says; None where it is none: any other word, number or type."""
    if isinstance(value, str):
        return SWITCHES.get(value.strip().lower())
    return bool(value) if value in (0, 1) else None


def says_nothing(value: object) -> bool:
    """Whether a text, number or null is no finding: it is empty, off, or a word for nothing."""
    if isinstance(value, str):
        return (text(value) or "").lower() in _NOTHING or switch(value) is False or not value.strip()
    return not value
