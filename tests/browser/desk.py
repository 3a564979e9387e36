"""The desk that `make run` starts, its programs one by one, and its page frozen in one moment."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from serving import ROOT, Server, is_healthy, process_environ, wait_until

PROGRAMS = ("executor", "sync_state", "dashboard")
CONFIG = "deploy/supervisord.conf"
# What the programs need of the repository, beside the virtual environment.
LINKED = (CONFIG, "Makefile", "dash_app", "execution", "state", "gunicorn.conf.py", "requirements.txt")
AS_ROOT = () if os.getuid() else ("--user=root",)
BIN = Path(sys.executable).parent
STOP_TIMEOUT_S = 40.0


@dataclass(frozen=True)
class Desk:
    """A supervisord with its three programs, in a directory of its own."""

    root: Path
    server: Server

    @property
    def state_dir(self) -> Path:
        """Where its programs write and read."""
        return self.root / "logs" / "state"

    def control(self, *arguments: str) -> str:
        """What supervisorctl answers."""
        command = [str(BIN / "supervisorctl"), "-c", CONFIG, *arguments]
        said = subprocess.run(
            command, cwd=self.root, env=process_environ({}), capture_output=True, text=True, timeout=60, check=True
        )
        return said.stdout

    def find_pid(self, program: str) -> int:
        """The process id of a program of the group."""
        return int(self.control("pid", f"hedge:{program}"))

    def are_all_running(self) -> bool:
        """Whether the three programs have stayed up."""
        return len(re.findall(r"^hedge:\w+ +RUNNING ", self.control("status", "hedge:*"), re.MULTILINE)) == len(
            PROGRAMS
        )

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Both writers stand still while the block runs."""
        pids = [self.find_pid(program) for program in PROGRAMS[:2]]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


def link_repository(root: Path) -> None:
    """A directory in which `make run` works, with logs of its own."""
    for name in LINKED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(ROOT / name)
    (root / ".venv").symlink_to(sys.prefix)
    (root / "logs").mkdir()


@contextmanager
def running_desk(root: Path, settings: Mapping[str, str]) -> Iterator[Desk]:
    """The process group of `make run`, on a free port; it does not outlive the block."""
    link_repository(root)
    address = f"127.0.0.1:{find_free_port()}"
    log = root / "supervisord.out"
    command = [str(BIN / "supervisord"), *AS_ROOT, "-c", CONFIG]
    with running(command, log, {"HEDGE_BIND": address, **settings}, root) as process:
        desk = Desk(root, Server(f"http://{address}", process, log))
        wait_until(lambda: process.poll() is not None or is_healthy(desk.server.url))
        assert process.poll() is None, log.read_text()
        wait_until(desk.are_all_running)
        yield desk


@contextmanager
def running(
    command: list[str], log: Path, settings: Mapping[str, str], directory: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is asked to end with the block, and else killed together with its children."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=directory, env=process_environ(settings), stdout=output, stderr=output)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        for pid in (process.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(STOP_TIMEOUT_S)


def find_free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        port: int = free.getsockname()[1]
        return port


def is_running(pid: int) -> bool:
    """Whether a process is there."""
    return Path(f"/proc/{pid}").exists()
