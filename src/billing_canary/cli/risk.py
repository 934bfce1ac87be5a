"""`billing-canary risk`: known risks that a release is accepted with."""

from __future__ import annotations

import click

from billing_canary.cli import log_options, options

EPILOG = """\b
Examples:
  billing-canary risk add --title "Slow refunds" --owner Ada --mitigation "alert" --expires 14d
  billing-canary risk close 4 --reason "fixed in 1.4.1"
  billing-canary risk list --json
"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Add, close and list known risks, in the project's audit log."""


@command.command(
    "add",
    epilog="\b\nExample:\n  billing-canary risk add --title T --owner Ada --mitigation M --expires 14d\n",
)
@click.option("--title", metavar="TEXT", help="The risk in one line.")
@log_options.owner
@click.option("--mitigation", metavar="TEXT", help="What keeps it small, or what is done when it happens.")
@log_options.expires
@log_options.by
@options.project
@options.as_json
@options.quiet
def add_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    title: str | None,
    owner: str | None,
    mitigation: str | None,
    expires: str | None,
    by: str | None,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Write down a known risk with its owner, its mitigation and the day on which it is looked at again."""
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry

    log_options.required(title=title, owner=owner, mitigation=mitigation, expires=expires)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    end = log_entry.expiry(str(expires), desk.now)
    fields = {"title": title, "owner": owner, "mitigation": mitigation, "expires": end}
    said = f"risk {{n}} is open until {end[:16]}Z: {title}"
    return log_entry.write_entry(desk, EntryKind.RISK, by, fields, said)


@command.command("close", epilog='\b\nExample:\n  billing-canary risk close 4 --reason "fixed in 1.4.1"\n')
@click.argument("number", type=click.IntRange(min=1), metavar="N")
@log_options.reason
@log_options.by
@options.project
@options.as_json
@options.quiet
def close_command(  # noqa: PLR0913 - click hands over one argument for each option
    *, number: int, reason: str | None, by: str | None, project: str | None, as_json: bool, quiet: bool
) -> int:
    """Close risk N: it is gone, or no longer accepted."""
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry

    log_options.required(reason=reason)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    fields = {"of": number, "reason": reason}
    return log_entry.write_entry(desk, EntryKind.RISK_CLOSED, by, fields, f"risk {number} is closed")


@command.command("list", epilog="\b\nExample:\n  billing-canary risk list --json\n")
@options.project
@options.as_json
def list_command(*, project: str | None, as_json: bool) -> int:
    """List open risks, also those that expired."""
    from billing_canary.cli.log_entry import open_desk
    from billing_canary.cli.log_lists import list_risks

    return list_risks(open_desk(project, as_json=as_json, writing=False))
