"""The `billing-canary` command: errors become sentences and exit codes here, and only here."""

from __future__ import annotations

import gc
import sys

_ALLOCATIONS = 50_000
"""Between two looks for garbage. What start-up makes stays: at Python's usual 700 they are in vain."""


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_ALLOCATIONS)
    from billing_canary.cli.main import run  # noqa: PLC0415 - nothing is imported before it is needed
    from billing_canary.cli.streams import settled, use_forgiving_streams  # noqa: PLC0415 - the same

    output = use_forgiving_streams()
    sys.exit(settled(output, run(sys.argv[1:])))


if __name__ == "__main__":
    main()
