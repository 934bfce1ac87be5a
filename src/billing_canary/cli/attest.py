"""`billing-canary attest`: evidence that only a person can give."""

from __future__ import annotations

import click

from billing_canary.cli import log_options, options

EPILOG = """\b
Examples:
  billing-canary attest finance-sign-off --commit HEAD --reason "prices checked" --expires 14d
  billing-canary attest rollback-plan --commit HEAD --state partial --reason R --expires 7d
  billing-canary attest --withdraw 9 --reason "rehearsed on the wrong build"
  billing-canary attest --list --json
"""


@click.command(epilog=EPILOG)
@click.argument("item", required=False)
@log_options.commit
@log_options.by
@log_options.reason
@log_options.expires
@click.option(
    "--state", type=click.Choice(["verified", "partial", "none"]), help="How far a rollback plan is verified."
)
@click.option("--rehearsed-on", metavar="DATE", help="When it was rehearsed, such as 2026-11-20.")
@log_options.withdraw
@log_options.list_only
@options.project
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    item: str | None,
    commit: str | None,
    by: str | None,
    reason: str | None,
    expires: str | None,
    state: str | None,
    rehearsed_on: str | None,
    withdraw: int | None,
    list_only: bool,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Attest that ITEM of gates/release.toml holds for a commit, in the project's audit log.

    For what no run can show: a sign-off, a rehearsal, a runbook that was read. You own it until it
    expires.
    """
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry
    from billing_canary.cli.log_lists import list_attestations

    attested = {"item": item, "expires": expires, "state": state, "rehearsed_on": rehearsed_on}
    if list_only:
        log_options.excluded("--list", by=by, reason=reason, withdraw=withdraw, **attested)
        return list_attestations(log_entry.open_desk(project, as_json=as_json, writing=False), commit)
    if withdraw is not None:
        log_options.excluded("--withdraw", commit=commit, **attested)
        log_options.required(reason=reason)
        desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
        ended = {"of": withdraw, "reason": reason}
        said = f"attestation {withdraw} is withdrawn"
        return log_entry.write_entry(desk, EntryKind.ATTESTATION_WITHDRAWN, by, ended, said)
    if item is None:
        raise click.UsageError("Name the ITEM that you attest, or give --withdraw or --list.")
    log_options.required(commit=commit, reason=reason, expires=expires)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    full, end = log_entry.full_commit(desk, str(commit)), log_entry.expiry(str(expires), desk.now)
    fields = {**attested, "commit": full, "reason": reason, "expires": end}
    said = f"attested as entry {{n}}: {item} for {full[:12]} until {end[:16]}Z"
    return log_entry.write_entry(desk, EntryKind.ATTESTATION, by, fields, said)
