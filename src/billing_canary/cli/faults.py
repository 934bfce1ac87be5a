"""`billing-canary faults`: prove that the probes catch every known billing fault."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary faults
  billing-canary faults --only F01 --only F02
  billing-canary faults --json > faults.json
"""


@click.command(epilog=EPILOG)
@click.option("--only", multiple=True, metavar="ID", help="Faults to try, e.g. F01. Repeatable.")
@click.option(
    "--healthy-runs",
    type=click.IntRange(1, 100),
    default=2,
    show_default=True,
    help="How often the healthy service is tried; any alarm there is a failure.",
)
@click.option("--jobs", type=click.IntRange(1, 64), help="Runs at once (default: two for each core).")
@options.project
@options.artifacts
@options.run_id
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    only: tuple[str, ...],
    healthy_runs: int,
    jobs: int | None,
    project: str | None,
    artifacts: str,
    run_id: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Prove that the probes catch every known billing fault.

    Switches each fault of the reference service on alone, runs all probes against it, and prints the
    detection matrix. A fault counts as caught only by a failed claim that names it. Exits 1 when a fault
    goes undetected or the healthy service turns anything red.
    """
    from pathlib import Path

    from billing_canary.cli.matrix import MatrixOptions, run_faults_command

    chosen = MatrixOptions(
        only=only,
        healthy_runs=healthy_runs,
        jobs=jobs,
        project=Path(project) if project is not None else None,
        artifacts=Path(artifacts),
        run_id=run_id,
        as_json=as_json,
        quiet=quiet,
    )
    return run_faults_command(chosen)
