"""`billing-canary clean`: remove what an interrupted staging run left."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary clean --run-id 20261121T103716.123Z-4f2a --dry-run
  billing-canary clean --run-id 20261121T103716.123Z-4f2a
  billing-canary clean --run-id nightly-4711 --project billing-checks --json
"""


@click.command(epilog=EPILOG)
@click.option("--run-id", required=True, metavar="ID", help="The whole id of the run; never a part of it.")
@click.option(
    "--mode",
    type=click.Choice(["staging"]),
    default="staging",
    show_default=True,
    help="Where the run was. A mock needs no clean-up: it ends with its run.",
)
@click.option("--dry-run", is_flag=True, help="List what is left and change nothing.")
@options.project
@options.artifacts
@options.as_json
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *, run_id: str, mode: str, dry_run: bool, project: str | None, artifacts: str, as_json: bool
) -> int:
    """Remove what a run left at staging: open accounts, unfinished payments, customers.

    Only what says itself that it is of exactly this run is touched, and only in test mode. Exits 0 when
    nothing is left, 1 when something is (each is named), 3 when that cannot be told.
    """
    from pathlib import Path

    from billing_canary.cli.cleaning import CleanOptions, clean

    chosen = CleanOptions(
        run_id=run_id,
        mode=mode,
        dry_run=dry_run,
        project=Path(project) if project is not None else None,
        artifacts=Path(artifacts),
        as_json=as_json,
    )
    return clean(chosen)
