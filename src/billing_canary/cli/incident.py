"""`billing-canary incident`: what is broken now; rollback triggers look at it."""

from __future__ import annotations

import click

from billing_canary.cli import log_options, options

EPILOG = """\b
Examples:
  billing-canary incident open --title T --severity sev-1 --billing yes --impact I --owner Ada
  billing-canary incident update 5 --severity sev-3 --note "cards work again"
  billing-canary incident close 5 --reason "fixed in 1.4.1"
  billing-canary incident list --all
"""
OPEN_EPILOG = """\b
Example:
  billing-canary incident open --title T --severity sev-1 --billing yes --impact I --owner Ada
"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Open, update, close and list incidents, in the project's audit log.

    N is the number that 'incident list' shows.
    """


@command.command("open", epilog=OPEN_EPILOG)
@click.option("--title", metavar="TEXT", help="What is broken, in one line.")
@log_options.severity
@log_options.billing
@log_options.impact
@log_options.owner
@log_options.by
@options.project
@options.as_json
@options.quiet
def open_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    title: str | None,
    severity: str | None,
    billing: str | None,
    impact: str | None,
    owner: str | None,
    by: str | None,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Open an incident. An open sev-1 or sev-2 that affects billing asks for a rollback."""
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry

    log_options.required(title=title, severity=severity, billing=billing, impact=impact, owner=owner)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    fields = {
        "title": title,
        "severity": log_options.severity_number(severity),
        "billing": billing,
        "impact": impact,
        "owner": owner,
    }
    said = f"incident {{n}} is open as {severity}: {title}"
    return log_entry.write_entry(desk, EntryKind.INCIDENT_OPENED, by, fields, said)


@command.command(
    "update",
    epilog="\b\nExample:\n  billing-canary incident update 5 --severity sev-3 --note 'cards work again'\n",
)
@click.argument("number", metavar="N")
@click.option("--note", metavar="TEXT", help="What is new.")
@log_options.severity
@log_options.billing
@log_options.impact
@log_options.owner
@log_options.by
@options.project
@options.as_json
@options.quiet
def update_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    number: str,
    note: str | None,
    severity: str | None,
    billing: str | None,
    impact: str | None,
    owner: str | None,
    by: str | None,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say what is new about incident N, and change what is given. What is not given stays."""
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry

    log_options.required(note=note)
    of = log_options.incident_number(number)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    fields = {
        "of": of,
        "note": note,
        "severity": log_options.severity_number(severity),
        "billing": billing,
        "impact": impact,
        "owner": owner,
    }
    return log_entry.write_entry(
        desk, EntryKind.INCIDENT_UPDATED, by, fields, f"incident {of} is updated: {note}"
    )


@command.command(
    "close", epilog='\b\nExample:\n  billing-canary incident close 5 --reason "fixed in 1.4.1"\n'
)
@click.argument("number", metavar="N")
@log_options.reason
@log_options.by
@options.project
@options.as_json
@options.quiet
def close_command(  # noqa: PLR0913 - click hands over one argument for each option
    *, number: str, reason: str | None, by: str | None, project: str | None, as_json: bool, quiet: bool
) -> int:
    """Close incident N."""
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry

    log_options.required(reason=reason)
    of = log_options.incident_number(number)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    fields = {"of": of, "reason": reason}
    return log_entry.write_entry(desk, EntryKind.INCIDENT_CLOSED, by, fields, f"incident {of} is closed")


@command.command("list", epilog="\b\nExample:\n  billing-canary incident list --all --json\n")
@click.option("--all", "every", is_flag=True, help="List closed incidents, too.")
@options.project
@options.as_json
def list_command(*, every: bool, project: str | None, as_json: bool) -> int:
    """List open incidents."""
    from billing_canary.cli.log_entry import open_desk
    from billing_canary.cli.log_lists import list_incidents

    return list_incidents(open_desk(project, as_json=as_json, writing=False), every=every)
