"""dash_app opens no file: the state comes from one loader, tokens from one module, all else from arguments."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKENS = ROOT / "dash_app" / "access" / "tokens.py"  # they are not of the state
MODULES = [path.relative_to(ROOT) for path in sorted((ROOT / "dash_app").rglob("*.py")) if path != TOKENS]

READERS = {"read_text", "read_bytes", "write_text", "write_bytes", "read_csv", "read_json"}
QUALIFIED = {
    ("json", "load"),
    ("json", "dump"),
    ("os", "fdopen"),
    ("os", "read"),
    ("pickle", "load"),
    ("np", "load"),
    ("numpy", "load"),
}
MODULES_FOR_FILES = {"io", "tempfile", "shutil", "sqlite3", "fileinput", "linecache", "shelve"}
FROM_IMPORTS = {
    ("os", "open"),
    ("os", "fdopen"),
    ("json", "load"),
    ("json", "dump"),
    ("codecs", "open"),
}


def file_accesses(source: str) -> list[str]:
    """Every way to a file that the source takes, as `line: what`."""
    nodes = ast.walk(ast.parse(source))
    return [f"{getattr(node, 'lineno', 0)}: {name}" for node in nodes for name in accesses_of(node)]


def accesses_of(node: ast.AST) -> list[str]:
    """Names, attributes and imports that reach a file; a reference counts, called or not."""
    if isinstance(node, ast.Name):
        return ["open"] if node.id == "open" else []
    if isinstance(node, ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        hit = node.attr in READERS or node.attr == "open" or (owner, node.attr) in QUALIFIED
        return [f"{owner}.{node.attr}"] if hit else []
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES_FOR_FILES]
    if isinstance(node, ast.ImportFrom):
        return imports_of(node)
    return []


def imports_of(node: ast.ImportFrom) -> list[str]:
    """`from json import load` hides the reader behind a plain name."""
    module = node.module or ""
    if module.split(".")[0] in MODULES_FOR_FILES:
        return [module] if [alias.name for alias in node.names] != ["BytesIO"] else []
    return [f"{module}.{alias.name}" for alias in node.names if (module, alias.name) in FROM_IMPORTS]


BAD_SOURCES = [
    "open('x')",
    "def f():\n    with open('x') as stream:\n        return stream.read()",
    "read = open",
    "from pathlib import Path\nPath('x').read_text()",
    "from pathlib import Path\nPath('x').read_bytes()",
    "from pathlib import Path\nPath('x').write_text('y')",
    "from pathlib import Path\nPath('x').write_bytes(b'y')",
    "from pathlib import Path\nPath('x').open()",
    "import os\nos.open('x', 0)",
    "import io\nio.open('x')",
    "from io import open as o",
    "from io import BytesIO, open",
    "import json\njson.load(stream)",
    "from json import load",
    "from os import open as o",
    "import codecs\ncodecs.open('x')",
    "import builtins\nbuiltins.open('x')",
    "import gzip\ngzip.open('x')",
    "import pandas as pd\npd.read_json('x')",
    "import sqlite3",
    "import tempfile",
    "lambda: open('x')",
]
GOOD_SOURCES = [
    "import json\njson.loads('{}')\njson.dumps({})",
    "from pathlib import Path\nASSETS = Path(__file__).parent / 'assets'",
    "is_open = True\nreopened = is_open",
    "html.Div(id='open')",
    "from io import BytesIO",
    "sorted(path.name for path in assets.iterdir())",
]


@pytest.mark.parametrize("source", BAD_SOURCES)
def test_the_file_checker_reports_a_file_access(source: str) -> None:
    """A boundary that cannot fail is no boundary."""
    assert file_accesses(source)


@pytest.mark.parametrize("source", GOOD_SOURCES)
def test_the_file_checker_accepts_what_opens_nothing(source: str) -> None:
    """No false alarm."""
    assert file_accesses(source) == []


def test_the_page_is_really_looked_at() -> None:
    """An empty list of modules would pass."""
    assert len(MODULES) >= 2


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_of_the_page_opens_no_file(path: Path) -> None:
    """Settings, assets and state come from others."""
    assert file_accesses((ROOT / path).read_text()) == []
