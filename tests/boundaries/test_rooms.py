"""The rooms of `state/`: imports run downwards only, as the order below has it."""

import ast
from pathlib import Path

import pytest
from imports import ROOT, imported_modules, package_of

# From the ground up; a room may use itself and what stands before it.
ORDER = (
    "formatting",
    "sentences",
    "files",
    "facts",
    "trust",
    "normalize",
    "aging",
    "loader",
    "summary",
    "doctor",
    "__main__",
)
ROOMS = ("files", "facts", "trust")
MODULES = [path.relative_to(ROOT) for path in sorted((ROOT / "state").rglob("*.py")) if path.name != "__init__.py"]


def room_of(name: str) -> str:
    """`state.files.rows.Row` -> `files`; a module of the top is a room of its own."""
    return name.split(".")[1]


def upward_imports(source: str, package: str, room: str) -> list[str]:
    """What a module of a room imports from a room above it."""
    names = [name for name in imported_modules(source, package) if name.startswith("state.")]
    return sorted(name for name in names if ORDER.index(room_of(name)) > ORDER.index(room))


@pytest.mark.parametrize(
    ("room", "source", "found"),
    [
        ("files", "from state.facts.nav import build_nav", ["state.facts.nav.build_nav"]),
        ("facts", "def f():\n    from state.trust.checks import run_checks", ["state.trust.checks.run_checks"]),
        ("trust", "from state.loader import Loader", ["state.loader.Loader"]),
        ("formatting", "from state.files.values import text", ["state.files.values.text"]),
        ("trust", "from state.facts.nav import build_nav\nfrom state.formatting import fmt_usd", []),
    ],
)
def test_the_checker_reports_an_import_that_runs_upwards(room: str, source: str, found: list[str]) -> None:
    """A boundary that cannot fail is no boundary."""
    assert upward_imports(source, f"state.{room}", room) == found


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_of_state_run_downwards(path: Path) -> None:
    """What was read knows nothing of what it means, and what it means nothing of how far to believe it."""
    room = path.parts[1].removesuffix(".py")
    assert upward_imports((ROOT / path).read_text(), package_of(path), room) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_one_line_what_lives_there(room: str) -> None:
    """A newcomer reads the folder before its modules."""
    docstring = ast.get_docstring(ast.parse((ROOT / "state" / room / "__init__.py").read_text()))
    assert docstring
    assert len(docstring.splitlines()) == 1
