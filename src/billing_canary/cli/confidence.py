"""`billing-canary confidence`: run the suites of a confidence tier."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary confidence smoke           does this harness tell good from bad here?
  billing-canary confidence pr-fast
  billing-canary confidence merge-medium --jobs 4 --json
  billing-canary confidence pr-fast --reruns 1 --fail-fast
  billing-canary confidence --list
"""


@click.command(epilog=EPILOG)
@click.argument("tier", required=False)
@click.option("--list", "list_only", is_flag=True, help="List the tiers with their suites and stop.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 256), help="Suites at once (default: one for each core)."
)
@click.option(
    "--reruns",
    type=click.IntRange(0, 10),
    default=0,
    show_default=True,
    help="Try a suite that did not pass again, so often; one that passes then is flaky, no pass.",
)
@click.option("--fail-fast", is_flag=True, help="Start no further suite once one has not passed.")
@options.project
@options.artifacts
@options.run_id
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    tier: str | None,
    list_only: bool,
    jobs: int | None,
    reruns: int,
    fail_fast: bool,
    project: str | None,
    artifacts: str,
    run_id: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run the suites of a confidence tier, gate the coverage, and write a bundle with the verdict.

    TIER is a file of the project's suites/ folder: smoke, pr-fast, merge-medium or release-heavy in the
    bundled project. Suites run side by side, the longest first. A suite passes only when its exit code
    and its JUnit report agree, the report is of this run, and enough tests really ran.
    """
    from pathlib import Path

    folder = Path(project) if project is not None else None
    if list_only == (tier is not None):
        raise click.UsageError("Name one TIER, or give --list.")
    if tier is None:
        from billing_canary.cli.confidence_list import list_tiers

        return list_tiers(folder, as_json=as_json)
    from billing_canary.cli.confidence_run import ConfidenceOptions, run_confidence_command

    chosen = ConfidenceOptions(
        tier=tier,
        jobs=jobs,
        reruns=reruns,
        fail_fast=fail_fast,
        project=folder,
        artifacts=Path(artifacts),
        run_id=run_id,
        as_json=as_json,
        quiet=quiet,
    )
    return run_confidence_command(chosen)
