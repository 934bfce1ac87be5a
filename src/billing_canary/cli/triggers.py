"""`billing-canary triggers`: roll back or hold, for what is running."""

from __future__ import annotations

from typing import Any

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary triggers
  billing-canary triggers --mode staging --json
  billing-canary triggers --clear topup-success-rate --by "Kim Sample" --reason "rolled back"
  billing-canary triggers --simulate --baseline 0.97 --samples 20,100,1000
"""


@click.command(epilog=EPILOG)
@click.option("--mode", type=click.Choice(["mock", "staging"]), help="Only canary runs in this mode count.")
@click.option("--commit", metavar="SHA", help="What is running (default: the commit checked out here).")
@click.option("--clear", metavar="ID", help="Say that a trigger that fired was dealt with, and stop.")
@click.option("--by", metavar="NAME", help="With --clear: who says so.")
@click.option("--reason", metavar="TEXT", help="With --clear: why.")
@click.option("--simulate", is_flag=True, help="Show how often the rule of two windows is wrong, and stop.")
@click.option(
    "--windows", type=click.IntRange(2, 10_000), default=168, show_default=True, help="Of a healthy period."
)
@click.option(
    "--baseline", "baselines", multiple=True, metavar="RATE", help="Repeatable (default: 0.99, 0.97, 0.95)."
)
@click.option(
    "--samples", default="5,20,100,1000", show_default=True, metavar="N,N", help="Samples in each window."
)
@click.option("--alpha", metavar="P", help="Limit of the pooled tail (default: the policy's, else 0.0001).")
@click.option(
    "--measured", type=click.IntRange(100, 1_000_000), metavar="M", help="Baselines measured on M samples."
)
@click.option("--trials", type=click.IntRange(1, 1_000_000), help="Draw at random instead of computing.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of --trials.")
@options.project
@options.artifacts
@options.run_id
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    mode: str | None,
    commit: str | None,
    clear: str | None,
    by: str | None,
    reason: str | None,
    simulate: bool,
    project: str | None,
    artifacts: str,
    run_id: str | None,
    as_json: bool,
    quiet: bool,
    **simulated: Any,
) -> int:
    """Say whether to roll back or hold what is running, from the triggers of gates/rollback.toml.

    One trigger fired is a rollback (exit 1). None fired but one that is not clear, or no trigger at all,
    means that nobody can tell (exit 3). What every source answered is stored in the bundle before it is
    judged, so that the verdict can be repeated. A trigger that fired stays fired until its numbers recover
    and a person, with --clear, or a new release clears it.
    """
    from pathlib import Path

    folder = Path(project) if project is not None else None
    _check_clear(clear, by, reason, simulate=simulate)
    if clear is not None:
        from billing_canary.cli.triggers_clear import clear_trigger

        return clear_trigger(folder, clear, by or "", reason or "", as_json=as_json)
    if simulate:
        from billing_canary.cli.triggers_simulate import SimulateOptions
        from billing_canary.cli.triggers_simulate import simulate as show_simulation

        return show_simulation(SimulateOptions(project=folder, as_json=as_json, **simulated))
    from billing_canary.cli.triggers_run import TriggersOptions, run_triggers

    chosen = TriggersOptions(
        mode=mode,
        commit=_full(commit),
        project=folder,
        artifacts=Path(artifacts),
        run_id=run_id,
        as_json=as_json,
        quiet=quiet,
    )
    return run_triggers(chosen)


def _check_clear(clear: str | None, by: str | None, reason: str | None, *, simulate: bool) -> None:
    if clear is None and (by, reason) != (None, None):
        raise click.UsageError("--by and --reason belong to --clear.")
    if clear is not None and simulate:
        raise click.UsageError("Give --clear or --simulate, not both.")
    if clear is not None and None in {by, reason}:
        raise click.UsageError("--clear needs --by NAME and --reason TEXT.")


def _full(commit: str | None) -> str | None:
    """A commit as it is compared: in full, since a short hash would look like another release."""
    whole = (40, 64)
    if commit is not None and (len(commit) not in whole or not set(commit) <= set("0123456789abcdef")):
        raise click.UsageError("--commit needs a full commit hash of 40 or 64 hexadecimal digits.")
    return commit
