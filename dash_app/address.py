"""What the address of a tab asks for: `?desk=NAME`, `?kiosk=1`, `?privacy=1`."""

from typing import NamedTuple
from urllib.parse import parse_qs

LONGEST_NAME = 64


class View(NamedTuple):
    """How one tab wants the state; without a `desk` that of the only one, or the overview of several."""

    kiosk: bool = False
    private: bool = False
    desk: str = ""


def read_address(search: str, *, private: bool = False) -> View:
    """The view of `?kiosk=1&privacy=1`; any value of privacy but 0 masks.

    Args:
        search: what the address of the tab asks for.
        private: whether this visitor may have no amounts, whatever the address says.
    """
    asked = parse_qs(search.removeprefix("?"), keep_blank_values=True)
    masked = any(value != "0" for value in asked.get("privacy", []))
    desk = asked.get("desk", [""])[-1][:LONGEST_NAME]
    return View(kiosk=asked.get("kiosk", [""])[-1] == "1", private=private or masked, desk=desk)
