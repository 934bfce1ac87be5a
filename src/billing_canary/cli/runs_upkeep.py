"""`billing-canary runs compare`, `invalidate` and `prune`: what is done with runs that were recorded."""

from __future__ import annotations

import click

from billing_canary.cli import options

COMPARE_EPILOG = """\b
Example:
  billing-canary runs compare 20261121T103716.123Z-4f2a 20261121T110716.001Z-9c11
"""
INVALIDATE_EPILOG = """\b
Example:
  billing-canary runs invalidate 20261121T103716.123Z-4f2a --reason "ran against the wrong build"
"""
PRUNE_EPILOG = """\b
Examples:
  billing-canary runs prune
  billing-canary runs prune --keep 20 --keep-failed 50 --yes
"""


@click.command(epilog=COMPARE_EPILOG)
@click.argument("before")
@click.argument("after")
@options.run_kind
@options.artifacts
@options.as_json
def compare_command(*, before: str, after: str, kind: str | None, artifacts: str, as_json: bool) -> int:
    """Show what differs in run AFTER from run BEFORE, both of one kind.

    Verdict, commit, results, timings, coverage, versions and project files. Exits 0 also when they differ,
    and 3 when one of the two is damaged or was interrupted.
    """
    from pathlib import Path

    from billing_canary.cli.run_comparison import compare_recorded

    return compare_recorded(Path(artifacts), before, after, kind=kind, as_json=as_json)


@click.command(epilog=INVALIDATE_EPILOG)
@click.argument("run_id")
@click.option("--by", metavar="NAME", help="Who says so (default: Git's user.name and user.email here).")
@click.option("--reason", required=True, metavar="TEXT", help="Why; other people will read it.")
@options.run_kind
@options.project
@options.artifacts
@options.as_json
@options.quiet
def invalidate_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    run_id: str,
    by: str | None,
    reason: str,
    kind: str | None,
    project: str | None,
    artifacts: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Declare a run void, for good, in the project's audit log. Its bundle stays as it is.

    It is evidence of nothing from then on: no decision counts it, and later runs are not compared with it.
    """
    from pathlib import Path

    from billing_canary.cli.run_invalidation import Invalidation, invalidate_recorded

    said = Invalidation(run_id=run_id, kind=kind, by=by, reason=reason, project=project)
    return invalidate_recorded(Path(artifacts), said, as_json=as_json, quiet=quiet)


@click.command(epilog=PRUNE_EPILOG)
@click.option("--keep", type=click.IntRange(min=0), default=10, show_default=True, help="Newest passed runs.")
@click.option(
    "--keep-failed", type=click.IntRange(min=0), default=10, show_default=True, help="Newest failed runs."
)
@options.run_kind
@click.option("--yes", is_flag=True, help="Remove them; without it, only say what would be removed.")
@options.project
@options.artifacts
@options.as_json
def prune_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    keep: int,
    keep_failed: int,
    kind: str | None,
    yes: bool,
    project: str | None,
    artifacts: str,
    as_json: bool,
) -> int:
    """Remove old runs, or say what would be removed: the default.

    Of each kind the newest passed, the newest failed and the 10 newest of any other outcome stay, counted
    apart. So do the newest run of all, what a decision cites, what an open incident names, what is still
    being written, and examples. Exits 3 when something could not be removed.
    """
    from pathlib import Path

    from billing_canary.cli.run_pruning import PruneOptions, prune_recorded

    chosen = PruneOptions(keep=keep, keep_failed=keep_failed, kind=kind, yes=yes, project=project)
    return prune_recorded(Path(artifacts), chosen, as_json=as_json)
