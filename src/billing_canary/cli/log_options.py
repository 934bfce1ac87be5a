"""Options that the commands of the audit log share. Light: `--help` loads this."""

from __future__ import annotations

import click

_MOST_DIGITS = 12

by = click.option(
    "--by",
    metavar="NAME",
    help="Who says so, as gates/release.toml knows them (default: Git's user.name and user.email here).",
)
reason = click.option("--reason", metavar="TEXT", help="Why; other people will read it.")
commit = click.option("--commit", metavar="SHA", help="The commit that it is about.")
expires = click.option(
    "--expires",
    metavar="WHEN",
    help="Until when it counts: 14d, 12h, or the last day as 2026-12-31 (UTC). At most 366 days.",
)
owner = click.option("--owner", metavar="NAME", help="Who answers for it.")
severity = click.option(
    "--severity",
    type=click.Choice(["sev-1", "sev-2", "sev-3", "sev-4"], case_sensitive=False),
    help="How bad it is; sev-1 is the worst.",
)
billing = click.option("--billing", type=click.Choice(["yes", "no"]), help="Whether billing is affected.")
impact = click.option("--impact", metavar="TEXT", help="Who cannot do what.")
withdraw = click.option("--withdraw", type=click.IntRange(min=1), metavar="N", help="Take entry N back.")
list_only = click.option("--list", "list_only", is_flag=True, help="List what is in force and write nothing.")


def incident_number(text: str) -> int:
    """The number of an incident, also as reports name it: 5 or incident-5.

    Raises:
        BadParameter: it is none.
    """
    digits = text.lower().removeprefix("incident-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS and int(digits)):
        raise click.BadParameter(f"{text[:40]!r} is no incident; 'incident list' shows their numbers.")
    return int(digits)


def severity_number(severity: str | None) -> int | None:
    """1 for "sev-1", the worst; None for None."""
    return int(severity[-1]) if severity is not None else None


def required(**values: object) -> None:
    """Refuse a call in which any of these options is missing, naming all of them.

    Raises:
        UsageError: one is None.
    """
    missing = [f"--{name.replace('_', '-')}" for name, value in values.items() if value is None]
    if missing:
        raise click.UsageError(f"Missing: {', '.join(missing)}.")


def excluded(mode: str, **values: object) -> None:
    """Refuse options that say nothing beside `mode`.

    Raises:
        UsageError: one is given.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in values.items() if value is not None]
    if given:
        raise click.UsageError(f"{mode} goes without {', '.join(given)}.")
