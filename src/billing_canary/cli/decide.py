"""`billing-canary decide`: go or no-go for a release candidate."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary decide
  billing-canary decide --commit v1.4.0-rc1 --explain
  billing-canary decide --commit 0123abc --policy gates/hotfix.toml --json
"""


@click.command(epilog=EPILOG)
@click.option(
    "--commit",
    default="HEAD",
    metavar="COMMIT",
    show_default=True,
    help="The candidate: a hash, a tag, or anything that Git resolves.",
)
@click.option("--policy", metavar="FILE", help="The checklist (default: the project's gates/release.toml).")
@click.option("--explain", is_flag=True, help="Show the evidence of green items and each part of the risk.")
@options.project
@options.artifacts
@options.run_id
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    commit: str,
    policy: str | None,
    explain: bool,
    project: str | None,
    artifacts: str,
    run_id: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say GO only if every required item of gates/release.toml is green for exactly this commit.

    Looks for the newest matching run of each item, verifies it in full, and reads approvals, risks and
    attestations from the audit log. Whatever is missing, stale, altered or of another commit is a blocker,
    shown with the command that would mend it. Exits 0 for GO, 1 for NO-GO, 2 when the call or a file of
    the project is wrong. The decision is recorded, and 'runs verify' can judge it again.
    """
    from pathlib import Path

    from billing_canary.cli.decide_run import DecideOptions, run_decide_command

    return run_decide_command(
        DecideOptions(
            commit=commit,
            policy=Path(policy) if policy is not None else None,
            explain=explain,
            project=Path(project) if project is not None else None,
            artifacts=Path(artifacts),
            run_id=run_id,
            as_json=as_json,
            quiet=quiet,
        )
    )
