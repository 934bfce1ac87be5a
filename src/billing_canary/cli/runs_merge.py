"""`billing-canary runs merge`: one run of the shards of a tier."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Example:
  billing-canary runs merge shards/billing-confidence/* --run-id merged
"""


@click.command(epilog=EPILOG)
@click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE...")
@options.project
@options.artifacts
@options.run_id
@options.as_json
def merge_command(
    *, bundles: tuple[str, ...], project: str | None, artifacts: str, run_id: str | None, as_json: bool
) -> int:
    """Merge the shards of a tier into one run, gate the coverage of all, and judge the whole.

    Each BUNDLE is a folder billing-confidence/RUN-ID that 'confidence TIER --shard K/N' wrote. All are
    verified, and must be of one commit, tier and project, the one that is here. A shard that is missing,
    interrupted or there twice is no pass.
    """
    from pathlib import Path

    from billing_canary.cli.merging import MergeOptions, merge_shards

    chosen = MergeOptions(
        bundles=tuple(map(Path, bundles)),
        project=None if project is None else Path(project),
        artifacts=Path(artifacts),
        run_id=run_id,
        as_json=as_json,
    )
    return merge_shards(chosen)
