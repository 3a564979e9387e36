"""What executor and daemon read of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from execution.utils.environment import read_log_dir

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("environ", "log_dir"),
    [
        ({}, "logs"),
        ({"HEDGE_LOG_DIR": "/var/lib/hedge"}, "/var/lib/hedge"),
        ({"HEDGE_LOG_DIR": ""}, "logs"),
        ({"HEDGE_LOGDIR": ""}, "logs"),
        ({"HEDGE_STATE_DIR": "x", "HEDGE_CACHE_DIR": "x", "HEDGE_DIRECT": "1", "HEDGE_EXECUTOR_ARGS": "x"}, "logs"),
        ({"LOGDIR": "x", "HEDGEHOG_LOG_DIR": "x"}, "logs"),
    ],
)
def test_the_directory_of_the_logs(environ: Mapping[str, str], log_dir: str) -> None:
    """One variable; those of the dashboard and of others are none of ours."""
    assert read_log_dir(environ) == Path(log_dir)


@pytest.mark.parametrize("name", ["HEDGE_LOGDIR", "HEDGE_LOGS_DIR", "HEDGE_LOG", "HEDGE_LOG_DIRECTORY"])
def test_a_misspelt_name_is_said(name: str) -> None:
    """Also where the right one is there too: one of them is a mistake."""
    with pytest.raises(SystemExit, match=rf"^{name} is no setting\. Did you mean HEDGE_LOG_DIR\?$"):
        read_log_dir({"HEDGE_LOG_DIR": "/var/lib/hedge", name: "/var/lib/other"})
