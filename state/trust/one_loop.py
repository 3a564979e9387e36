"""Which two writings are of one moment: of one loop of a writer, or a copy beside what it was copied from."""

from typing import NamedTuple

from state.files.stamps import SAME_LOOP_S
from state.files.surfaces import BY_NAME, RISK_SNAPSHOT


class Writing(NamedTuple):
    """A file, whether the sync daemon wrote it, which reads the executor's, and when (epoch)."""

    file: str
    by_daemon: bool
    stamp: float | None


def is_of_one_loop(left: Writing, right: Writing) -> bool:
    """Whether what both say has to be the same; what one writer wrote after the other had read it may differ."""
    if left.stamp is None or right.stamp is None:
        return False
    if left.by_daemon == right.by_daemon:
        return abs(left.stamp - right.stamp) <= SAME_LOOP_S
    # The daemon has read what the executor had written before; from what stands now nothing has changed.
    copy, read = (left, right) if left.by_daemon else (right, left)
    after_s = (copy.stamp or 0.0) - (read.stamp or 0.0)
    return read.file == RISK_SNAPSHOT and SAME_LOOP_S < after_s <= BY_NAME[RISK_SNAPSHOT].stale_after_s
