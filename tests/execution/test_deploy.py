"""The files of deploy/ and examples/: they parse, they name programs that exist, and the example publishes."""

from __future__ import annotations

import configparser
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from state import load_all_state

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.mark.parametrize("name", ["supervisord.conf", "supervisor/hedge.conf"])
def test_supervisor_runs_the_three_programs_as_one_group(name: str) -> None:
    """Group hedge; each program restarts and says everything in its own log or on the terminal."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(" ;",))
    parser.read_string((DEPLOY / name).read_text())
    programs = [section.removeprefix("program:") for section in parser.sections() if section.startswith("program:")]
    assert parser["group:hedge"]["programs"].split(",") == programs == ["executor", "sync_state", "dashboard"]
    for program in programs:
        assert parser[f"program:{program}"]["autorestart"] == "true"
        assert parser[f"program:{program}"]["redirect_stderr"] == "true"


def test_several_desks_are_as_many_programs_and_one_dashboard() -> None:
    """Each desk with a directory of its own below the dashboard's; a number of them that makes no sense is refused."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(" ;",))
    parser.read_string((DEPLOY / "supervisord-desks.conf").read_text())
    for program in ("executor", "sync_state"):
        section = parser[f"program:{program}"]
        assert (section["numprocs"], section["autorestart"]) == ("%(ENV_DESKS)s", "true")
        assert "--log-dir logs/desks/$1/logs" in section["command"]
    assert "HEDGE_DESKS_DIR=logs/desks " in parser["program:dashboard"]["command"]
    names = re.findall(r'NAMES="([a-z ]+)"', (DEPLOY / "supervisord-desks.conf").read_text())
    assert len(names[0].split()) == 8
    for number in ("0", "9", "many"):
        made = subprocess.run(
            ["make", "--dry-run", "run", f"DESKS={number}"], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert f"DESKS has value '{number}'. Expected a number from 1 to 8." in made.stdout


@pytest.mark.parametrize(
    "path",
    [*UNITS, DEPLOY / "supervisord-desks.conf", DEPLOY / "supervisord.conf", DEPLOY / "supervisor" / "hedge.conf"],
    ids=str,
)
def test_every_module_that_is_started_exists(path: Path) -> None:
    """`python -m X` in the commands."""
    for module in re.findall(r"python -m ([\w.]+)", path.read_text()):
        assert importlib.util.find_spec(module), module


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_valid(path: Path, tmp_path: Path) -> None:
    """systemd's own check, with the programs replaced by one that exists here."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    text = re.sub(r"/opt/hedge/\.venv/bin/\w+", "/bin/true", path.read_text())
    unit = tmp_path / path.name
    unit.write_text(re.sub(r"^(WorkingDirectory|Documentation)=.*\n", "", text, flags=re.MULTILINE))
    (tmp_path / "hedge.target").write_text((DEPLOY / "systemd" / "hedge.target").read_text())
    done = subprocess.run(["systemd-analyze", "verify", unit], check=False, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if path.name in line]
    assert complaints == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_hardened(path: Path) -> None:
    """No new privileges, a read-only system, no capabilities; dashboard and publisher cannot write the state."""
    text = path.read_text()
    for line in ("NoNewPrivileges=true", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "UMask=0027"):
        assert line in text
    reads_only = path.stem in ("hedge-dashboard", "hedge-publish")
    assert ("ReadOnlyPaths=-/var/lib/hedge" in text) == reads_only == ("StateDirectory=" not in text)


def test_the_dashboard_has_one_place_for_its_history() -> None:
    """A directory that exists and is its own: systemd makes it, under supervisor it lies below the desk's cache."""
    unit = (DEPLOY / "systemd" / "hedge-dashboard.service").read_text()
    found = dict(re.findall(r"^(?:Environment=)?(CacheDirectory|HEDGE_CACHE_DIR)=(\S+)$", unit, flags=re.MULTILINE))
    assert found["HEDGE_CACHE_DIR"] == f"/var/cache/{found['CacheDirectory']}"
    assert "CacheDirectoryMode=0750" in unit
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(" ;",))
    parser.read_string((DEPLOY / "supervisor" / "hedge.conf").read_text())
    settings = dict(re.findall(r'(\w+)="([^"]*)"', parser["program:dashboard"]["environment"]))
    log_dir = str(Path(settings["HEDGE_STATE_DIR"]).parent)
    assert settings["HEDGE_CACHE_DIR"] == f"{log_dir}/cache/dashboard"
    assert f"--log-dir {log_dir}" in parser["program:executor"]["command"]


def test_nginx_serves_the_sub_path_without_surprises() -> None:
    """TLS only, prefix taken off, nothing cached or repeated."""
    text = (DEPLOY / "nginx" / "hedge.conf").read_text()
    for line in ("proxy_pass http://hedge_dashboard/;", "ssl_protocols TLSv1.2 TLSv1.3;", "proxy_next_upstream off;"):
        assert line in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(("arguments", "state_dir"), [(["here"], "here"), ([], "logs/example/state")])
def test_the_example_publishes(tmp_path: Path, arguments: list[str], state_dir: str) -> None:
    """Run as it stands; NAV and book are read back, and without a directory no desk's own is touched."""
    command = [sys.executable, "-m", "examples.publish_from_your_executor", *arguments]
    subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, check=True)
    state = load_all_state(tmp_path / state_dir, environ={})
    assert state["nav"]["nav_usd"] == pytest.approx(10_461.27)
    assert [(row["symbol"], row["qty"], row["pnl"]) for row in state["positions"]] == [("BTCUSDT", 0.042, 54.27)]
    assert not (tmp_path / "logs" / "state").exists()


def test_the_example_is_ten_lines() -> None:
    """From the account to the surfaces, without the imports."""
    lines = (REPOSITORY / "examples" / "publish_from_your_executor.py").read_text().splitlines()
    body = lines[lines.index(next(line for line in lines if line.startswith("state_dir"))) :]
    assert len(body) <= 10


def test_the_example_holdings_are_readable() -> None:
    """The shape of config/offexchange_holdings.json."""
    from execution.surfaces.aum import load_holdings  # noqa: PLC0415

    path = REPOSITORY / "examples" / "offexchange_holdings.json"
    assert {holding.asset for holding in load_holdings(path)} == set(json.loads(path.read_text())["holdings"])
