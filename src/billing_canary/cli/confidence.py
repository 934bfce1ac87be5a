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
  billing-canary confidence pr-fast --plan 2 --json
  billing-canary confidence pr-fast --shard 1/2
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
@click.option(
    "--plan",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Print how the suites split into at most N shards, and stop; --json prints a matrix for GitHub.",
)
@click.option("--shard", metavar="K/N", help="Run only part K of N. 'runs merge' makes one run of all parts.")
@click.option(
    "--suites", metavar="A,B", help="With --shard: the suites that the plan named for it (default: the same)."
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
    plan: int | None,
    shard: str | None,
    suites: str | None,
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
    if list_only == (tier is not None) or (list_only and (plan, shard) != (None, None)):
        raise click.UsageError("Name one TIER, or give --list.")
    if tier is None:
        from billing_canary.cli.confidence_list import list_tiers

        return list_tiers(folder, as_json=as_json)
    if (plan is not None and shard is not None) or (suites is not None and shard is None):
        raise click.UsageError("--plan and --shard exclude each other, and --suites goes with --shard.")
    if plan is not None:
        from billing_canary.cli.confidence_plan import plan_shards

        return plan_shards(folder, Path(artifacts), tier, plan, as_json=as_json)
    from billing_canary.cli.confidence_run import ConfidenceOptions, run_confidence_command

    chosen = ConfidenceOptions(
        tier=tier,
        jobs=jobs,
        shard=_shard(shard),
        suites=() if suites is None else tuple(suites.split(",")),
        reruns=reruns,
        fail_fast=fail_fast,
        project=folder,
        artifacts=Path(artifacts),
        run_id=run_id,
        as_json=as_json,
        quiet=quiet,
    )
    return run_confidence_command(chosen)


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    from billing_canary.cli.confidence_plan import read_shard

    return read_shard(text)
