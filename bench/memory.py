"""How much memory this process has held at most."""

import re
from pathlib import Path


def peak_memory() -> int:
    """Bytes, of this program alone: `ru_maxrss` would begin with what its parent held."""
    (found,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found) * 1024
