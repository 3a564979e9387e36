"""What is installed is what was locked, its licences are known, and it starts without a network."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from licences import LOCKS, ROOT, list_licences, read_pins
from serving import process_environ

OFFLINE = ROOT / "tests" / "supply" / "offline.py"
# A requirement and all that belongs to it, up to the next one.
REQUIREMENT = re.compile(r"^(?![ #\n])[^\n]+(?:\n[ ]+[^\n]+)*", re.MULTILINE)
PINNED = re.compile(r"[a-z0-9._-]+==\S+ \\\n(?:\s+--hash=sha256:[0-9a-f]{64}(?: \\\n|\n|$))+")


@pytest.mark.parametrize("lock", LOCKS.values(), ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_with_hashes(lock: Path) -> None:
    requirements = REQUIREMENT.findall(lock.read_text())
    assert len(requirements) == len(read_pins(lock)) > 0
    assert [text for text in requirements if not PINNED.match(text)] == []


def test_tests_run_on_the_versions_that_run() -> None:
    runs, tests, *extras = (read_pins(lock) for lock in LOCKS.values())
    assert runs.items() <= tests.items()
    for extra in extras:
        shared = tests.keys() & extra.keys()
        assert {name: tests[name] for name in shared} == {name: extra[name] for name in shared}


def test_what_is_installed_is_what_is_locked() -> None:
    pins = {name: pin for lock in LOCKS.values() for name, pin in read_pins(lock).items()}
    assert {name: version(name) for name in pins} == pins


def test_licences_are_those_of_what_is_installed() -> None:
    assert (ROOT / "docs" / "licences.md").read_text() == list_licences()
    assert "not stated" not in list_licences()


def network_cutter() -> list[str] | None:
    """The command in front of one that shall have no network; None where the system does not allow it."""
    unshare = shutil.which("unshare")
    for flags in ("-n", "-rn"):
        if unshare and subprocess.run([unshare, flags, "true"], check=False, capture_output=True).returncode == 0:
            return [unshare, flags]
    return None


def test_dashboard_starts_and_serves_its_page_with_the_network_cut(tmp_path: Path) -> None:
    cutter = network_cutter()
    if cutter is None:
        pytest.skip("this system lets nobody make a network namespace")
    command = [*cutter, sys.executable, str(OFFLINE), str(tmp_path)]
    environ = process_environ({"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'tests' / 'browser'}"})
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=90, check=False)
    assert ended.stdout == "devices: lo\nother hosts:\ncomplaints:\nNAV: 10461.27\n", ended.stderr
    assert ended.returncode == 0
