"""Style sheets: what would have the style of the whole page made anew at each change is not in them."""

import re
from pathlib import Path

import pytest
from serving import ROOT

SHEETS = sorted((ROOT / "dash_app" / "assets").glob("*.css"))
# Each change below a box that `:has()` looks into may be the one, and then the browser looks at all that the box holds.
LARGE = {"html", "body", "#page", ".main", ".card", ".header-nav", ".alert-line"}
LOOKS_INTO = re.compile(r"([#.]?[\w-]+)(?:\[[^]]*\])*:(?:not\(:)?has\((?!\s*>)")


def boxes_looked_into(sheet: str) -> set[str]:
    """The boxes that `:has()` looks into, other than at their own children."""
    return set(LOOKS_INTO.findall(sheet))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_large_box_is_looked_into(sheet: Path) -> None:
    assert boxes_looked_into(sheet.read_text(encoding="utf-8")) & LARGE == set()


@pytest.mark.parametrize(
    ("rule", "boxes"),
    [
        (".card:has(.late) .graph {}", {".card"}),
        ("#page:not(:has(> .a)) > .b {}", set()),
        ("#page:has(> .shown) {}", set()),
        (".main[data-x]:not(:has(.b)), .tape:has(.note) .none {}", {".main", ".tape"}),
    ],
)
def test_what_is_looked_into_is_found(rule: str, boxes: set[str]) -> None:
    assert boxes_looked_into(rule) == boxes
