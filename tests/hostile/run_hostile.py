"""`make hostile`: 100,000 hostile requests against two workers; exit code 1 when one of them did any harm."""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from serving import HEALTHY_STATE, serving
from siege import Findings, Siege

SETTINGS = {"HEDGE_STATE_DIR": str(HEALTHY_STATE), "HEDGE_NOW": "1764197100", "HEDGE_WORKERS": "2"}
GROWTH_MB = 24.0  # beside what the answers that are held may take
LOG_BYTES = 20_000  # a minute, which is what warnings are counted by


def judge(found: Findings, growth_mb: float = GROWTH_MB) -> list[str]:
    """What was wrong, in words."""
    wrongs = found.wrongs[:20]
    if found.growth_mb() > growth_mb:
        wrongs.append(f"a worker grew by {found.growth_mb():.1f} MB")
    if found.log_bytes > LOG_BYTES * (1 + found.seconds / 60):
        wrongs.append(f"the log took {found.log_bytes:,} bytes")
    return wrongs


def tell(found: Findings) -> None:
    """The table of answers, and what it cost."""
    rows: dict[str, dict[int, int]] = defaultdict(dict)
    for (kind, status), count in sorted(found.statuses.items()):
        rows[kind][status] = count
    for kind, counts in rows.items():
        print(f"{kind:10}", "  ".join(f"{status or 'hung up'}: {count:,}" for status, count in counts.items()))
    memory = " ".join(f"{size:.0f}" for size in found.rss_mb)
    print(f"{found.requests:,} requests in {found.seconds:.0f} s; {found.honest:,} times an honest tab in between")
    print(f"memory of the larger worker, MB: {memory}; log: {found.log_bytes:,} bytes")


def main() -> int:
    """Run it; 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hedge-hostile-") as directory:
        with serving(Path(directory) / "log", SETTINGS) as server:
            found = Siege(server, options.seed).run(options.requests)
        log = server.log.read_text(errors="replace")
    tell(found)
    wrongs = judge(found)
    print("\n".join(wrongs) or "nothing wrong")
    if wrongs:
        print(log[-4000:], file=sys.stderr)
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
