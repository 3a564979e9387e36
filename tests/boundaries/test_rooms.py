"""The rooms of `state/` and `execution/`: imports run downwards only, and never in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from imports import ROOT, imported_modules, package_of

# From the ground up; a room may use itself and what stands before it.
ORDERS = {
    "state": (
        "formatting",
        "sentences",
        "files",
        "facts",
        "trust",
        "normalize",
        "aging",
        "loader",
        "desks",
        "fleet",
        "summary",
        "doctor",
        "__main__",
    ),
    "execution": (
        "utils",
        "storage",
        "router_metrics",
        "surfaces",
        "state_publish",
        "sync",
        "paper",
        "account",
        "fleet",
        "sync_state",
        "executor",
    ),
}
ROOMS = [(package, room) for package, order in ORDERS.items() for room in order if (ROOT / package / room).is_dir()]
MODULES = [
    path.relative_to(ROOT)
    for package in ORDERS
    for path in sorted((ROOT / package).rglob("*.py"))
    if path.name != "__init__.py"
]


def room_of(name: str) -> str:
    """`state.files.rows.Row` -> `files`; a module of the top is a room of its own."""
    return name.split(".")[1]


def upward_imports(source: str, package: str, room: str) -> list[str]:
    """What a module of a room imports from a room above it."""
    top = package.split(".", maxsplit=1)[0]
    names = [name for name in imported_modules(source, package) if name.startswith(f"{top}.")]
    return sorted(name for name in names if ORDERS[top].index(room_of(name)) > ORDERS[top].index(room))


def find_circle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, names of what they import as `imported_modules` gives them."""
    below = {
        module: {other for other in imports for name in names if f"{name}.".startswith(f"{other}.")} - {module}
        for module, names in imports.items()
    }
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        return [str(module) for module in error.args[1]]
    return []


@pytest.mark.parametrize(
    ("package", "room", "source", "found"),
    [
        ("state.files", "files", "from state.facts.nav import build_nav", ["state.facts.nav.build_nav"]),
        (
            "state.facts",
            "facts",
            "def f():\n    from state.trust.checks import run_checks",
            ["state.trust.checks.run_checks"],
        ),
        ("state.trust", "trust", "from state.loader import Loader", ["state.loader.Loader"]),
        ("state", "formatting", "from state.files.values import text", ["state.files.values.text"]),
        ("state.trust", "trust", "from state.facts.nav import build_nav\nfrom state.formatting import fmt_usd", []),
        ("execution.utils", "utils", "from execution.router_metrics import X", ["execution.router_metrics.X"]),
        ("execution.surfaces", "surfaces", "from ..sync import peak", ["execution.sync.peak"]),
        ("execution.paper", "paper", "from ..utils import metrics\nfrom state.files import surfaces", []),
        ("execution.sync", "sync", "from execution.account.peak import OwnPeak", ["execution.account.peak.OwnPeak"]),
    ],
)
def test_the_checker_reports_an_import_that_runs_upwards(
    package: str, room: str, source: str, found: list[str]
) -> None:
    """A boundary that cannot fail is no boundary."""
    assert upward_imports(source, package, room) == found


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_run_downwards(path: Path) -> None:
    """What was read knows nothing of what it means, and how files are written nothing of what is in them."""
    room = path.parts[1].removesuffix(".py")
    assert upward_imports((ROOT / path).read_text(), package_of(path), room) == []


@pytest.mark.parametrize(
    ("imports", "circle"),
    [
        ({"p.a": {"p.b.X"}, "p.b": {"p.c"}, "p.c": {"p.a.Y"}}, {"p.a", "p.b", "p.c"}),
        ({"p.a": {"p.b.X"}, "p.b": {"p.ab.X"}, "p.ab": {"json.loads"}}, set()),
    ],
)
def test_the_checker_reports_a_circle(imports: dict[str, set[str]], circle: set[str]) -> None:
    """Imports for the types alone count too."""
    assert set(find_circle(imports)) == circle


@pytest.mark.parametrize("package", ORDERS)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Each module can be read with nothing in mind but what it imports."""
    paths = [path for path in MODULES if path.parts[0] == package]
    names = {".".join(path.with_suffix("").parts): path for path in paths}
    imports = {name: set(imported_modules((ROOT / path).read_text(), package_of(path))) for name, path in names.items()}
    assert find_circle(imports) == []


@pytest.mark.parametrize(("package", "room"), ROOMS)
def test_a_room_says_in_one_line_what_lives_there(package: str, room: str) -> None:
    """A newcomer reads the folder before its modules."""
    docstring = ast.get_docstring(ast.parse((ROOT / package / room / "__init__.py").read_text()))
    assert docstring
    assert len(docstring.splitlines()) == 1
