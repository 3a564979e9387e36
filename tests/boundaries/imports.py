"""What a module imports, read from its source; shared by the tests of the boundaries."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def package_of(path: Path) -> str:
    """`dash_app/render/kpis.py` -> `dash_app.render`: what a relative import starts from."""
    return ".".join(path.parts[:-1])


def imported_modules(source: str, package: str) -> Iterator[str]:
    """The full name of everything imported, at any depth, relative and dynamic imports included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from names_of_import_from(node, package)
        elif isinstance(node, ast.Call) and called_name(node) in {"import_module", "__import__"}:
            first = node.args[0] if node.args else None
            yield str(first.value) if isinstance(first, ast.Constant) else "<dynamic>"


def names_of_import_from(node: ast.ImportFrom, package: str) -> Iterator[str]:
    """`from .a import b` in package p -> `p.a.b`."""
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    base = ".".join([*above, *([node.module] if node.module else [])])
    yield from (f"{base}.{alias.name}" for alias in node.names)


def called_name(node: ast.Call) -> str:
    """The last part of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
