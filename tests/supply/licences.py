"""`python tests/supply/licences.py > docs/licences.md`: every pinned package with the licence it states of itself."""

import re
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "runs": ROOT / "requirements.txt",
    "tests": ROOT / "requirements-dev.txt",
    "account": ROOT / "requirements-account.txt",
    "fleet": ROOT / "requirements-fleet.txt",
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ]+)", re.MULTILINE)
HEAD = """# Licences

What each pinned package says of itself. "runs" is what the dashboard runs on, "tests" what only its tests and checks
use, "account" what only a real account as the source takes (`make run ACCOUNT=...`), "fleet" what only a store between
hosts takes (docs/fleet.md). `make lock` writes this anew; a test compares it with what is installed.

| package | version | licence | for |
| --- | --- | --- | --- |
"""


def read_pins(lock: Path) -> dict[str, str]:
    """Name -> version of every line of a lock file."""
    return dict(PIN.findall(lock.read_text()))


def licence_of(name: str) -> str:
    """The expression a package states; else the name in its classifiers; else the first line of its free text,
    or of its licence file.

    Raises:
        PackageNotFoundError: when it is not installed.
    """
    package = distribution(name)
    metadata = package.metadata
    classified = [
        text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier", []) if text.startswith("License")
    ]
    (expression,), (free,) = (metadata.get_all(key, [""]) for key in ("License-Expression", "License"))
    stated = expression or ", ".join(classified) or free.strip().partition("\n")[0]
    files = [package.read_text(f"licenses/{file}") or "" for file in metadata.get_all("License-File", [])]
    return stated or next((text.partition("\n")[0] for text in files if text), "not stated")


def list_licences() -> str:
    """The whole document."""
    pins = {use: read_pins(lock) for use, lock in LOCKS.items()}
    everything = pins["fleet"] | pins["account"] | pins["tests"]
    rows = (
        f"| {name} | {version} | {licence_of(name)} | {next(use for use in LOCKS if name in pins[use])} |"
        for name, version in sorted(everything.items())
    )
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(list_licences(), end="")
