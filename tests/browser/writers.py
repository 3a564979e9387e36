"""The programs that write state files, one by one, and their files made older or newer."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from desk import running

from execution.storage.atomic_json import write_json_atomic
from execution.surfaces.engine import OWNED
from state.files.surfaces import ENGINE_METADATA

SEED = ("--seed", "7")
STAMP = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T")
EXECUTOR_FILES = ("../nav_log.json", *OWNED)


@contextmanager
def program(log_dir: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """One program of `execution` at work in a log directory."""
    command = [sys.executable, "-m", f"execution.{name}", "--log-dir", str(log_dir), *arguments]
    with running(command, log_dir.with_suffix(f".{name}.log"), {}) as process:
        yield process


def write_healthy(log_dir: Path) -> Path:
    """What a healthy executor and its daemon leave after one step; that it has ended since is not said."""
    for command in (["executor", *SEED, "--speed", "0", "--steps", "1"], ["sync_state", "--once"]):
        with program(log_dir, *command) as process:
            assert process.wait(60) == 0
    engine = log_dir / "state" / ENGINE_METADATA
    write_json_atomic(engine, json.loads(engine.read_bytes()) | {"status": "running"})
    return log_dir


def copy_healthy(healthy: Path, log_dir: Path) -> None:
    """What `write_healthy` left, as if the last of it was written just now, in place of all in a log directory."""
    shutil.rmtree(log_dir)
    shutil.copytree(healthy, log_dir)
    left = (log_dir / "nav_log.json", *(log_dir / "state").glob("*.json"))
    # The copies keep their times. The daemon writes after the executor: by the executor's, its stamps would be ahead.
    seconds = time.time() - max(path.stat().st_mtime for path in left)
    for path in left:
        write_json_atomic(path, shift(json.loads(path.read_bytes()), seconds))


def make_older(log_dir: Path, seconds: float, names: Sequence[str] = EXECUTOR_FILES) -> None:
    """Take time off every stamp in these files, and off the files' own."""
    for path in (log_dir / "state" / name for name in names):
        written_s = path.stat().st_mtime - seconds
        write_as_of(path, shift(json.loads(path.read_bytes()), -seconds), written_s)


def write_as_of(path: Path, content: Any, written_s: float) -> None:
    """Replace a file by one that looks as if written then, from its first moment on."""
    aside = path.with_name(f".{path.name}.aside")
    write_json_atomic(aside, content)
    os.utime(aside, (written_s, written_s))
    aside.replace(path)


def shift(content: Any, seconds: float) -> Any:
    """The same content, as if written so many seconds later."""
    if isinstance(content, dict):
        return {key: shift(value, seconds) for key, value in content.items()}
    if isinstance(content, list):
        return [shift(value, seconds) for value in content]
    if isinstance(content, str) and STAMP.match(content):
        return (datetime.fromisoformat(content) + timedelta(seconds=seconds)).isoformat()
    is_epoch = isinstance(content, float) and content > 1e9
    return content + seconds if is_epoch else content
