"""dash_app asks for the state in one place, which counts and times it; the page and the endpoints go through that."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOOR = "load_all_state"


def namers_of(name: str) -> list[str]:
    """Modules of the page in which a name occurs, as a name, an attribute or an import."""
    return sorted(
        path.stem
        for path in (ROOT / "dash_app").rglob("*.py")
        if any(name in names_in(node) for node in ast.walk(ast.parse(path.read_text())))
    )


def names_in(node: ast.AST) -> list[str]:
    """What a node names."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []


def test_one_module_opens_the_door_to_the_state() -> None:
    """A second one would load uncounted, or with another clock."""
    assert namers_of(DOOR) == ["loads"]


def test_one_callback_and_the_endpoints_go_through_it() -> None:
    """Drawing never loads."""
    assert namers_of("load_state") == ["callbacks", "endpoints"]
