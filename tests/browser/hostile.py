"""A state directory in which every name, word and reason is an attack."""

import json
import shutil
from pathlib import Path
from typing import Any

from serving import CORPUS

HARMLESS_STATE = CORPUS / "v7.1" / "offexchange" / "logs" / "state"  # several slices in the donut
NOW = 1764197100.0
# Each would leave a trace: an element, a call, a request, or a line that is not the one of the file.
ATTACKS = (
    "<img src=x onerror=alert(1)>",
    "<script>window.pwned=1</script>",
    "\"><svg onload=alert(2)><a href='javascript:alert(3)'>x</a>",
    "[x](javascript:alert(4)) ![y](http://evil.invalid/y.png)",
    "<b>bold</b><a href='http://evil.invalid/'>go</a><br><sup>1</sup>",
    "{{7*7}} ${7*7} %{customdata} {%scripts%}",
    "red;background:url(http://evil.invalid/z.png)</style><style>*{display:none}",
    "\u202eTDSUCTB\u2066\u200f\x1b[2J\x1b]0;pwned\x07\x9b31m\r\nNAV: 1.00 USD",
    "<iframe src=//evil.invalid></iframe>" + "A" * 3000,
)
# What a file is recognised and dated by.
KEPT = ("updated_at", "ts", "t", "schema", "side", "positionSide", "nav_mode")
FILE_NAME = "nav<img src=x onerror=alert(5)>\x1b[2J.json"


def write_hostile(state_dir: Path) -> None:
    """The harmless state with attacks before its words, the same before the same, so that the files belong together."""
    tape = state_dir.parent / "execution" / "transitions.jsonl"
    for directory in (state_dir, tape.parent):
        directory.mkdir(parents=True, exist_ok=True)
    for source in HARMLESS_STATE.glob("*.json"):
        (state_dir / source.name).write_text(json.dumps(_attack(json.loads(source.read_text()))))
    shutil.copy(state_dir / "nav.json", state_dir / FILE_NAME)
    tape.write_text("".join(json.dumps(_change(age, words)) + "\n" for age, words in enumerate(ATTACKS)))


def _change(age: int, words: str) -> dict[str, Any]:
    return {"at": NOW - 60 * age, "kind": "position", "subject": words, "text": words, "before": words, "after": words}


def _attack(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [_attack(child, key) for child in value]
    if isinstance(value, dict):
        return {_hide(name) if name.isupper() else name: _attack(child, name) for name, child in value.items()}
    return _hide(value) if isinstance(value, str) and key not in KEPT else value


def _hide(word: str) -> str:
    return ATTACKS[sum(word.encode()) % len(ATTACKS)] + word
