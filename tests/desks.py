"""Directories of several desks, as writers and a mirror leave them: files of the corpus, made those of a desk."""

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving import CORPUS

NOW = 1764197100.0
HEALTHY = "v7.1/healthy"
QUIET = "v7.1/no_trades"


@dataclass
class Desks:
    """Desks below `root`, as of `now`; one that has a beat is mirrored."""

    root: Path
    now: float = NOW
    names: list[str] = field(default_factory=list)

    def add(self, name: str, scenario: str = QUIET, env: str | None = "live", **figures: float) -> "Desks":
        """A desk with the files of a scenario; its NAV is a `nav_usd` of the figures."""
        target = self.root / name / "logs"
        shutil.copytree(CORPUS / scenario / "logs", target)
        self.names.append(name)
        if env is not None:
            self.write(name, "engine_metadata.json", {"env": env, "updated_at": self.now - 5})
        if "nav_usd" in figures:
            self.move_nav(name, figures["nav_usd"])
        return self

    def move_nav(self, name: str, nav_usd: float) -> None:
        """Another NAV wherever it is written, with its history and its peak in proportion."""
        before = float(self.read(name, "nav_state.json")["total_equity"])
        for path in sorted((self.root / name / "logs").rglob("*.json")):
            write_renamed(path, _scaled(json.loads(path.read_text()), before, nav_usd))

    def read(self, name: str, surface: str) -> Any:
        """The content of a state file."""
        return json.loads((self.root / name / "logs" / "state" / surface).read_text())

    def write(self, name: str, surface: str, content: Any) -> None:
        """A state file, whole and renamed."""
        write_renamed(self.root / name / "logs" / "state" / surface, content)

    def mirror(self, *, age_s: float = 0.5, up: bool = True, since_s: float = 3600.0, **more: Any) -> "Desks":
        """The mirror's sign of life so long ago, and whether it reached the store."""
        error = None if up else "connection refused"
        store = {"url": "rediss://store:6380/0", "up": up, "since": self.now - since_s, "error": error}
        content = {"format": 1, "written_at": self.now - age_s, "period_s": 1.0, "store": store}
        write_renamed(self.root / "mirror.json", content | more)
        return self

    def beat(self, name: str, age_s: float = 2.0, *, env: str = "live", **more: Any) -> "Desks":
        """A desk that a mirror has brought, its last beat so long ago."""
        content = {
            "format": 1,
            "publisher": f"{name}-host:/srv/desk",
            "beat_at": self.now - age_s,
            "beat_seen_at": self.now - age_s,
            "skew_s": 0.0,
            "environ": {"ENV": env},
            "problem": None,
        }
        write_renamed(self.root / name / "desk.json", content | more)
        return self

    def settings(self, **more: str) -> dict[str, str]:
        """Of a server that shows them as of their time."""
        return {"HEDGE_DESKS_DIR": str(self.root), "HEDGE_NOW": str(self.now)} | more


def _scaled(value: Any, before: float, after: float, key: str = "") -> Any:
    """The content with another NAV: figures of that size under a name of the NAV's, peak and equity included."""
    if isinstance(value, dict):
        return {name: _scaled(item, before, after, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_scaled(item, before, after, key) for item in value]
    is_nav = any(
        word in key for word in ("nav", "equity", "peak", "total", "futures", "USDT", "drawdown_abs", "dd_abs")
    )
    if not isinstance(value, float) or not is_nav or key.endswith(("_ts", "_at", "age_s", "pct")) or abs(value) > 1e6:
        return value
    return after if value == before else value * after / before


def write_renamed(path: Path, content: Any) -> None:
    """As a writer does it, so that nobody reads a half."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(content if isinstance(content, str) else json.dumps(content))
    os.replace(fresh, path)  # noqa: PTH105


def picture(root: Path) -> Desks:
    """Eight mirrored desks: one in drawdown, one silent, one with a poor router, one of the testnet."""
    desks = Desks(root)
    for name, scenario, nav_usd in (
        ("delta", "v7.1/drawdown", 10912.44),
        ("beta", QUIET, 8204.15),
        ("epsilon", HEALTHY, 15330.90),
        ("zeta", QUIET, 5004.66),
        ("alpha", QUIET, 10461.27),
        ("gamma", QUIET, 22118.04),
        ("eta", QUIET, 31870.25),
        ("lab", QUIET, 100012.40),
    ):
        desks.add(name, scenario, None, nav_usd=nav_usd)
        desks.beat(name, 252.0 if name == "beta" else 2.0, env="testnet" if name == "lab" else "live")
    return desks.mirror()
