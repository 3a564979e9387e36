"""Temporary files of dead writers are removed, those of living ones are not."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

from execution.storage.atomic_json import remove_orphans

if TYPE_CHECKING:
    from pathlib import Path


def test_orphans_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    """A pid that runs is left alone, its own pid of an earlier life is not, strangers' files are never touched."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    doomed = [f".nav.json.{dead.pid}-aa-0.tmp", f".nav.json.{os.getpid()}-00-0.tmp"]
    kept = [f".nav.json.{os.getppid()}-aa-0.tmp", ".nav.json.notes.tmp", "nav.tmp", "nav.json"]
    for name in doomed + kept:
        (tmp_path / name).touch()
    assert sorted(path.name for path in remove_orphans(tmp_path)) == sorted(doomed)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_an_old_temporary_file_goes_although_its_pid_was_taken_over(tmp_path: Path) -> None:
    """No write takes an hour."""
    orphan = tmp_path / f".nav.json.{os.getppid()}-aa-0.tmp"
    orphan.touch()
    os.utime(orphan, (time.time() - 7200, time.time() - 7200))
    assert remove_orphans(tmp_path) == [orphan]
