"""Who may import whom, how long a function may grow, and that the repository stands alone."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import ROOT, imported_modules, package_of

PACKAGES = ("state", "dash_app", "execution")
MAX_FUNCTION_LINES, MAX_MODULE_LINES = 40, 250
EXEMPT_FROM_LENGTH: list[str] = []

# What writers and readers have to agree on: names of files, and when they count as old.
SHARED_TABLES = ("state.files.surfaces", "state.files.fleet_files")

MODULES = [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
every_module = pytest.mark.parametrize("path", MODULES, ids=str)


def is_below(name: str, package: str) -> bool:
    """Whether a dotted name is a package or inside it."""
    return name == package or name.startswith(f"{package}.")


def forbidden_imports(source: str, package: str) -> list[str]:
    """What a module of this package imports and must not."""
    names = set(imported_modules(source, package))
    return sorted(name for name in names if not may_import(package.split(".", maxsplit=1)[0], name))


def may_import(importer: str, name: str) -> bool:
    """The rules of the three packages, one line each."""
    if name == "<dynamic>":
        return False
    if importer == "state":
        return is_below(name, "state") or name.split(".", maxsplit=1)[0] in sys.stdlib_module_names
    if importer == "dash_app":
        return not is_below(name, "execution")
    allowed = any(is_below(name, table) for table in SHARED_TABLES) or not is_below(name, "state")
    return allowed and not is_below(name, "dash_app")


BAD_IMPORTS = [
    ("state", "import pandas as pd", "pandas"),
    ("state", "from dash import html", "dash.html"),
    ("state", "import flask", "flask"),
    ("state", "import orjson", "orjson"),
    ("state", "from dash_app.render.text import WORDS", "dash_app.render.text.WORDS"),
    ("state", "def load():\n    import execution.storage.atomic_json", "execution.storage.atomic_json"),
    ("state", "try:\n    import numpy\nexcept ImportError:\n    pass", "numpy"),
    ("state", "from ..execution import x", "execution.x"),
    ("state", "import importlib\nimportlib.import_module('plotly')", "plotly"),
    ("state", "import importlib\nimportlib.import_module(name)", "<dynamic>"),
    ("state", "__import__('dash')", "dash"),
    (
        "dash_app",
        "from execution.storage.atomic_json import write_json_atomic",
        "execution.storage.atomic_json.write_json_atomic",
    ),
    ("dash_app.render", "from ...execution import utils", "execution.utils"),
    ("dash_app", "import execution", "execution"),
    ("execution", "import dash_app.render.text", "dash_app.render.text"),
    ("execution", "from dash_app import ids", "dash_app.ids"),
    ("execution", "from state import load_all_state", "state.load_all_state"),
    ("execution", "from state.formatting import fmt_usd", "state.formatting.fmt_usd"),
    ("execution", "import state", "state"),
    ("execution", "from state.files.surfaces_more import X", "state.files.surfaces_more.X"),
]
GOOD_IMPORTS = [
    ("state", "import json\nfrom pathlib import Path\nfrom state.files.surfaces import TABLE\nfrom . import fx"),
    ("dash_app", "from dash import html\nfrom state import load_all_state\nfrom .ids import TICK"),
    ("execution", "from state.files.surfaces import T\nfrom state.files import surfaces\nfrom .utils import x"),
    ("execution.fleet", "from state.files.fleet_files import DESK_FILE\nfrom state.files import fleet_files"),
]


@pytest.mark.parametrize(("package", "source", "name"), BAD_IMPORTS)
def test_the_import_checker_reports_a_bad_import(package: str, source: str, name: str) -> None:
    """A boundary that cannot fail is no boundary."""
    assert forbidden_imports(source, package) == [name]


@pytest.mark.parametrize(("package", "source"), GOOD_IMPORTS)
def test_the_import_checker_accepts_good_imports(package: str, source: str) -> None:
    """No false alarm."""
    assert forbidden_imports(source, package) == []


@every_module
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    """state: the standard library; dash_app: no execution; execution: only the shared tables of state."""
    assert forbidden_imports((ROOT / path).read_text(), package_of(path)) == []


@every_module
def test_ccxt_is_imported_by_the_account_source_alone(path: Path) -> None:
    """It is an extra: 80 MB and half a second that the wall has no use for."""
    names = {name.split(".", maxsplit=1)[0] for name in imported_modules((ROOT / path).read_text(), package_of(path))}
    assert "ccxt" not in names or path.parts[:2] == ("execution", "account")


@every_module
def test_redis_is_imported_by_the_fleet_alone(path: Path) -> None:
    """It is an extra that a desk on one machine has no use for, and the page no business with."""
    names = {name.split(".", maxsplit=1)[0] for name in imported_modules((ROOT / path).read_text(), package_of(path))}
    assert "redis" not in names or path.parts[:2] == ("execution", "fleet")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_really_looked_at(package: str) -> None:
    """An empty list of modules would pass every test above."""
    assert any(path.parts[0] == package for path in MODULES)


# --- length ----------------------------------------------------------------------------------------------------------


def too_long(source: str, where: str) -> list[str]:
    """Functions over 40 lines and modules over 250, decorators and docstrings counted."""
    found = [where] if len(source.splitlines()) > MAX_MODULE_LINES else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if (node.end_lineno or first) - first + 1 > MAX_FUNCTION_LINES:
                found.append(f"{where}:{node.name}")
    return found


def body(lines: int, head: str = "def f():") -> str:
    """A function of so many lines."""
    return "\n".join([head, *["    x = 1"] * (lines - 1)])


LENGTHS = [
    (body(40), []),
    (body(41), ["m:f"]),
    (body(41, "async def f():"), ["m:f"]),
    ("@cache\n" + body(40), ["m:f"]),
    ("class A:\n    " + body(41).replace("\n", "\n    "), ["m:f"]),
    ("x = 1\n" * 250, []),
    ("x = 1\n" * 251, ["m"]),
]


@pytest.mark.parametrize(("source", "found"), LENGTHS)
def test_the_length_checker_reports_what_is_too_long(source: str, found: list[str]) -> None:
    """One line over is over."""
    assert too_long(source, "m") == found


@every_module
def test_functions_and_modules_stay_short(path: Path) -> None:
    """A module past 250 lines or a function past 40 wants splitting; nobody is exempt."""
    assert EXEMPT_FROM_LENGTH == []
    assert too_long((ROOT / path).read_text(), str(path)) == []


# --- standing alone --------------------------------------------------------------------------------------------------

SHARED = "../" + "shared"
MACHINE_PATH = re.compile(r"(?<![\w.*}\])/-])/(?:work|root|home|Users|mnt)/[\w.-]")
CACHES = {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__", "build"}
SKIPPED = CACHES | {".git", ".venv", "corpus"}


def foreign_references(text: str) -> list[str]:
    """Lines that refer to the place where this was written."""
    return [line.strip() for line in text.splitlines() if SHARED in line or MACHINE_PATH.search(line)]


def repository_files() -> Iterator[Path]:
    """Every file that belongs to the repository, corpus data and caches aside."""
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and not path.is_symlink() and not SKIPPED & set(path.relative_to(ROOT).parts):
            yield path


REFERENCES = [
    (f"see {SHARED}/design.md", True),
    ("open('" + "/mnt" + "/data/logs')", True),
    ("DIR=" + "/root" + "/desk", True),
    ("WorkingDirectory=" + "/home" + "/desk/app", True),
    ("logs/state/nav.json", False),
    ("https://example.org/home/page", False),
    ("/home", False),
    ("a network/root/cause", False),
]


@pytest.mark.parametrize(("line", "found"), REFERENCES)
def test_the_reference_checker_reports_foreign_paths(line: str, found: bool) -> None:
    """Shared notes and machine paths, but not every slash."""
    assert bool(foreign_references(line)) is found


def test_nothing_refers_to_another_machine_or_to_shared_notes() -> None:
    """A fresh clone is complete."""
    found: dict[str, list[str]] = {}
    for path in repository_files():
        lines = foreign_references(path.read_bytes().decode("utf-8", errors="replace"))
        if lines:
            found[str(path.relative_to(ROOT))] = lines
    assert found == {}
