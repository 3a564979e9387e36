"""Python's search for cyclic garbage, held back while a state is worked out."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """No search meanwhile, in the whole process; where it is off already it stays off.

    Parsed JSON has no cycles, and the search goes through all of it again and again as it grows: a third of the time
    that a universe of 5,000 symbols takes.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
