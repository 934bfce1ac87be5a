"""`billing-canary runs`: list, show, verify, compare and prune recorded runs."""

from __future__ import annotations

import click

from billing_canary.cli import options
from billing_canary.cli.ages import age
from billing_canary.cli.runs_merge import merge_command
from billing_canary.cli.runs_upkeep import compare_command, invalidate_command, prune_command

KINDS = options.RUN_KINDS
STATUSES = ("pass", "inconclusive", "refused", "fail", "interrupted", "damaged", "invalidated")

EPILOG = """\b
Examples:
  billing-canary runs list --status fail --limit 5
  billing-canary runs show 20261121T103716.123Z-4f2a
  billing-canary runs verify --all
  billing-canary runs compare 20261121T103716.123Z-4f2a 20261121T110716.001Z-9c11
  billing-canary runs prune
"""

_kind = options.run_kind


@click.group(epilog=EPILOG)
def command() -> None:
    """List, show, verify, compare and prune recorded runs. Nothing is sent anywhere."""


command.add_command(merge_command, "merge")
command.add_command(compare_command, "compare")
command.add_command(invalidate_command, "invalidate")
command.add_command(prune_command, "prune")


LIST_EPILOG = """\b
Examples:
  billing-canary runs list --status fail --limit 5
  billing-canary runs list --kind billing-canary --commit 4f2a91c --since 7d --json
"""


@command.command("list", epilog=LIST_EPILOG)
@_kind
@click.option("--status", type=click.Choice(STATUSES), help="Only runs that came to this.")
@click.option("--commit", metavar="SHA", help="Only runs of the commit that begins so.")
@click.option("--tier", metavar="NAME", help="Only runs of this confidence tier.")
@click.option("--since", type=age, metavar="AGE", help="Only runs of the last 7d (or h, m, w).")
@click.option("--older-than", type=age, metavar="AGE", help="Only runs that started longer ago than 7d.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@options.project
@options.artifacts
@options.as_json
def list_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    kind: str | None,
    status: str | None,
    commit: str | None,
    tier: str | None,
    since: int | None,
    older_than: int | None,
    limit: int,
    project: str | None,
    artifacts: str,
    as_json: bool,
) -> int:
    """List runs, newest first, opening no more of them than it takes."""
    from pathlib import Path

    from billing_canary.cli.run_list import Wanted, list_recorded

    wanted = Wanted(
        kind=kind, status=status, commit=commit, tier=tier, since_s=since, older_than_s=older_than
    )
    return list_recorded(Path(artifacts), wanted, limit=limit, project=project, as_json=as_json)


@command.command("show", epilog="\b\nExample:\n  billing-canary runs show 20261121T103716.123Z-4f2a\n")
@click.argument("run_id")
@_kind
@options.project
@options.artifacts
@options.as_json
def show_command(*, run_id: str, kind: str | None, project: str | None, artifacts: str, as_json: bool) -> int:
    """Show the verdict of one run again, from its bundle alone."""
    from pathlib import Path

    from billing_canary.cli.recorded_runs import show_recorded

    return show_recorded(Path(artifacts), run_id, kind=kind, project=project, as_json=as_json)


@command.command("verify", epilog="\b\nExample:\n  billing-canary runs verify --all --json\n")
@click.argument("run_id", required=False)
@click.option("--all", "every", is_flag=True, help="Verify every run.")
@_kind
@options.artifacts
@options.as_json
def verify_command(
    *, run_id: str | None, every: bool, kind: str | None, artifacts: str, as_json: bool
) -> int:
    """Check that nothing in a bundle is missing, changed or added, and that its verdict follows from it.

    Exits 0 when every bundle is verified, 1 when one is damaged, and 3 when one was interrupted or there
    is nothing to verify.
    """
    from pathlib import Path

    from billing_canary.cli.recorded_runs import verify_recorded

    if every == (run_id is not None):
        raise click.UsageError("Name one RUN_ID, or give --all.")
    return verify_recorded(Path(artifacts), run_id, kind=kind, as_json=as_json)
