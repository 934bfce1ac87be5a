"""`billing-canary baseline`: the success rates that rollback triggers compare with."""

from __future__ import annotations

import click

from billing_canary.cli import log_options, options

EPILOG = """\b
Examples:
  billing-canary baseline set top-up --good 9712 --total 9990 --period "May 2026" --owner Ada
  billing-canary baseline set top-up --rate 0.97 --owner Ada
  billing-canary baseline list --json
"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Set and list agreed success rates, in the project's audit log."""


@command.command("set", epilog="\b\nExample:\n  billing-canary baseline set top-up --rate 0.97 --owner Ada\n")
@click.argument("metric")
@click.option("--rate", metavar="RATE", help="A rate that was agreed on, such as 0.97.")
@click.option("--good", type=click.IntRange(min=0), metavar="K", help="Successes that were measured...")
@click.option("--total", type=click.IntRange(min=1), metavar="N", help="... of so many attempts...")
@click.option("--period", metavar="TEXT", help="... in this time.")
@log_options.owner
@log_options.by
@options.project
@options.as_json
@options.quiet
def set_command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    metric: str,
    rate: str | None,
    good: int | None,
    total: int | None,
    period: str | None,
    owner: str | None,
    by: str | None,
    project: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Set the baseline of METRIC: a rate that was agreed on, or K of N measured in a period.

    The latest one counts. Measured on fewer than 1,000 attempts it is too vague to judge by.
    """
    from billing_canary.audit.log import EntryKind
    from billing_canary.cli import log_entry

    log_options.required(owner=owner)
    if rate is None:
        log_options.required(good=good, total=total, period=period)
    else:
        log_options.excluded("--rate", good=good, total=total)
    desk = log_entry.open_desk(project, as_json=as_json, quiet=quiet)
    fields = {
        "metric": metric,
        "declared": rate,
        "good": good,
        "total": total,
        "period": period,
        "owner": owner,
    }
    shown = rate if rate is not None else f"{good}/{total}"
    said = f"baseline of {metric} is {shown} from entry {{n}} on"
    return log_entry.write_entry(desk, EntryKind.BASELINE, by, fields, said)


@command.command("list", epilog="\b\nExample:\n  billing-canary baseline list --json\n")
@options.project
@options.as_json
def list_command(*, project: str | None, as_json: bool) -> int:
    """List the latest baseline of each metric."""
    from billing_canary.cli.log_entry import open_desk
    from billing_canary.cli.log_lists import list_baselines

    return list_baselines(open_desk(project, as_json=as_json, writing=False))
