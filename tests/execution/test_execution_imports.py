"""The boundary of the package: no dashboard, and of the reader only what both sides share."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "execution"


def list_imports(path: Path) -> set[str]:
    """Every module that a file imports, as module.name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_execution_imports_no_dashboard_and_no_reader(path: Path) -> None:
    """The table of surfaces is all it may know of the reader, and between hosts that of a mirror's files."""
    foreign = {name for name in list_imports(path) if name.split(".")[0] in ("dash_app", "state", "dash", "plotly")}
    of_mirror = {name for name in foreign if name.startswith("state.files.fleet_files.")}
    assert foreign - of_mirror <= {"state.files.surfaces"}
    assert not of_mirror or PACKAGE / "fleet" in path.parents
