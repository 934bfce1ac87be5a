"""`billing-canary runs`: list, show and verify recorded runs."""

from __future__ import annotations

import click

from billing_canary.cli import options

KINDS = ("billing-canary", "billing-confidence", "billing-faults")
STATUSES = ("pass", "inconclusive", "refused", "fail", "interrupted", "damaged")

EPILOG = """\b
Examples:
  billing-canary runs list --status fail --limit 5
  billing-canary runs show 20261121T103716.123Z-4f2a
  billing-canary runs verify --all
"""

_kind = click.option("--kind", type=click.Choice(KINDS), help="Only runs of this kind (default: every kind).")


@click.group(epilog=EPILOG)
def command() -> None:
    """List, show and verify recorded runs. Reads bundles only; nothing is sent anywhere."""


@command.command("list", epilog="\b\nExample:\n  billing-canary runs list --status fail --limit 5\n")
@_kind
@click.option("--status", type=click.Choice(STATUSES), help="Only runs that came to this.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@options.artifacts
@options.as_json
def list_command(*, kind: str | None, status: str | None, limit: int, artifacts: str, as_json: bool) -> int:
    """List runs, newest first."""
    from pathlib import Path

    from billing_canary.cli.recorded_runs import list_recorded

    return list_recorded(Path(artifacts), kind=kind, status=status, limit=limit, as_json=as_json)


@command.command("show", epilog="\b\nExample:\n  billing-canary runs show 20261121T103716.123Z-4f2a\n")
@click.argument("run_id")
@_kind
@options.artifacts
@options.as_json
def show_command(*, run_id: str, kind: str | None, artifacts: str, as_json: bool) -> int:
    """Show the verdict of one run again, from its bundle alone."""
    from pathlib import Path

    from billing_canary.cli.recorded_runs import show_recorded

    return show_recorded(Path(artifacts), run_id, kind=kind, as_json=as_json)


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
