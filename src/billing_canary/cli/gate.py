"""`billing-canary gate`: judge evidence that others made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary gate coverage
  billing-canary gate coverage --data coverage.xml --json
"""

COVERAGE_EPILOG = """\b
Examples:
  billing-canary gate coverage --record-hashes hashes.json
  billing-canary gate coverage --data .coverage --hashes hashes.json
  billing-canary gate coverage --ratchet --write
"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Judge evidence by the project's gates. Runs nothing, sends nothing, writes no bundle."""


@command.command("coverage", epilog=COVERAGE_EPILOG)
@click.option(
    "--data",
    type=click.Path(),
    default=".coverage",
    metavar="FILE",
    show_default=True,
    help="coverage.py data, 'coverage json', Cobertura XML or LCOV.",
)
@click.option(
    "--hashes",
    type=click.Path(),
    metavar="FILE",
    help="Source hashes recorded before the tests ran: tells a stale source for sure.",
)
@click.option(
    "--record-hashes", type=click.Path(), metavar="FILE", help="Write these hashes, judge nothing, and stop."
)
@click.option("--ratchet", is_flag=True, help="Show which floors could be raised to what is reached.")
@click.option("--write", is_flag=True, help="With --ratchet: raise them in gates/coverage.toml.")
@options.project
@options.as_json
@options.quiet
def coverage_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    data: str,
    hashes: str | None,
    record_hashes: str | None,
    ratchet: bool,
    write: bool,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Judge the line and branch coverage of each module that gates/coverage.toml names.

    Exits 0 when each reaches its floors, 1 when one does not, 2 when there are no data, and 3 when they
    cannot be read. Floors can be overridden by BILLING_COVERAGE_MIN_<ROLE>_LINE and _BRANCH. In GitHub
    Actions, what is not covered is annotated.
    """
    if write and not ratchet:
        raise click.UsageError("--write goes with --ratchet.")
    with _unburdened():
        from pathlib import Path

        from billing_canary.cli.coverage_gate import CoverageOptions, gate_coverage, record

        folder = Path(project) if project is not None else None
        if record_hashes is not None:
            return record(folder, Path(record_hashes), as_json=as_json)
        return gate_coverage(
            CoverageOptions(
                data=Path(data),
                hashes=Path(hashes) if hashes is not None else None,
                ratchet=ratchet,
                write=write,
                project=folder,
                as_json=as_json,
                quiet=quiet,
            )
        )


@contextmanager
def _unburdened() -> Iterator[None]:
    """Without the cycle collector, which in so short a process only looks again at what importing leaves.

    What is there at the end is set aside, so that it is not looked at when the process ends either: all
    this is a fifth of the whole command.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
