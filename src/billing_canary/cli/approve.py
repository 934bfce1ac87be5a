"""`billing-canary approve`: say that a commit may be released, in a role."""

from __future__ import annotations

import click

from billing_canary.cli import log_options, options

EPILOG = """\b
Examples:
  billing-canary approve --commit HEAD --role engineering-lead --by "Taylor Ng"
  billing-canary approve --withdraw 7 --reason "the migration changed since"
  billing-canary approve --list --commit v1.4.0 --json
"""


@click.command(epilog=EPILOG)
@log_options.commit
@click.option("--role", metavar="ROLE", help="The role in which you approve; gates/release.toml names them.")
@log_options.by
@log_options.reason
@log_options.withdraw
@log_options.list_only
@options.project
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    commit: str | None,
    role: str | None,
    by: str | None,
    reason: str | None,
    withdraw: int | None,
    list_only: bool,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Approve the release of a commit, in the project's audit log.

    'billing-canary decide' counts it for exactly this commit, if gates/release.toml lists you in that
    role and you wrote nothing of what is released.
    """
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry
    from billing_canary.cli.log_lists import list_approvals

    if list_only:
        log_options.excluded("--list", role=role, by=by, reason=reason, withdraw=withdraw)
        return list_approvals(log_entry.open_desk(project, as_json=as_json, writing=False), commit)
    if withdraw is not None:
        log_options.excluded("--withdraw", commit=commit, role=role)
        log_options.required(reason=reason)
        said = f"approval {withdraw} is withdrawn"
        desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
        ended = {"of": withdraw, "reason": reason}
        return log_entry.write_entry(desk, EntryKind.APPROVAL_WITHDRAWN, by, ended, said)
    log_options.required(commit=commit, role=role)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    full = log_entry.full_commit(desk, str(commit))
    said = f"approved as entry {{n}}: {full[:12]} as {role}"
    approval = {"commit": full, "role": role, "reason": reason}
    return log_entry.write_entry(desk, EntryKind.APPROVAL, by, approval, said)
