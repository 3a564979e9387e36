"""`python -m execution.account`."""

from __future__ import annotations

import sys

from execution.account.cli import main

if __name__ == "__main__":
    sys.exit(main())
