"""A healthy desk whose files change when told: each written whole and renamed, as the writers do it."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.worlds import CORPUS, NOW_S
from state.files import surfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

HEALTHY = CORPUS / "healthy" / "logs" / "state"
STAMP = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T")

Content = dict[str, Any]


class Desk:
    """The state files of a healthy desk; `vary(name, content, step)` is what a change makes of each."""

    def __init__(self, state_dir: Path, vary: Callable[[str, Content, int], Content]) -> None:
        """Write the first state."""
        self.state_dir = state_dir
        self.step = -1
        self._vary = vary
        self._contents = {path.name: json.loads(path.read_bytes()) for path in HEALTHY.glob("*.json")}
        state_dir.mkdir(parents=True)
        self.change()

    def change(self, names: Iterable[str] | None = None, step: int | None = None) -> None:
        """Write these files anew, or all of them, as of the next step or of the one given."""
        self.step = self.step + 1 if step is None else step
        for name in names or self._contents:
            self._write(name, self._vary(name, self._contents[name], self.step))

    def _write(self, name: str, content: Content) -> None:
        fresh = self.state_dir / f".{name}.new"
        fresh.write_text(json.dumps(content))
        os.replace(fresh, self.state_dir / name)  # noqa: PTH105 - the call the writers make


class MovingDesk(Desk):
    """Every amount and every stamp of every file is another one after each change, and all still fit together."""

    names = tuple(surface.name for surface in surfaces.SURFACES if (HEALTHY / surface.name).exists())

    def __init__(self, state_dir: Path) -> None:
        """Write the first state, as of now."""
        super().__init__(
            state_dir, lambda _name, content, step: move(content, 1.0 + step % 997 / 1e5, time.time() - NOW_S)
        )

    def change_all(self) -> None:
        """All surfaces."""
        self.change(self.names)

    def change_one(self) -> None:
        """What some figures of the router by symbol are made of, and nothing else."""
        self.change([surfaces.ROUTER_HEALTH])


def stays(key: str) -> bool:
    """Prices, ratios and leverage: the amounts grow, and the quantities with them."""
    return any(word in key.lower() for word in ("price", "ratio", "rate", "leverage"))


def move(content: Any, factor: float, later_s: float) -> Any:
    """The same content with amounts multiplied and stamps (epochs and ISO) moved on."""
    if isinstance(content, dict):
        return {key: move(value, 1.0 if stays(key) else factor, later_s) for key, value in content.items()}
    if isinstance(content, list):
        return [move(value, factor, later_s) for value in content]
    if isinstance(content, str) and STAMP.match(content):
        return (datetime.fromisoformat(content) + timedelta(seconds=later_s)).isoformat()
    if isinstance(content, float):
        return content + later_s if content > 1e9 else content * factor
    return content
