"""`billing-canary probe`: run synthetic billing probes."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary probe --mode mock
  billing-canary probe --mode mock --only 'webhooks.*' --json
  billing-canary probe --mode mock --fault F01     see a known fault caught
  billing-canary probe --list
  billing-canary probe --mode staging --require-sandbox --max-amount-rub 10
"""


@click.command(epilog=EPILOG)
@click.option(
    "--mode",
    type=click.Choice(["mock", "staging"]),
    default="mock",
    show_default=True,
    help="mock: a reference billing service started for the run. staging: your own, in test mode.",
)
@click.option("--only", multiple=True, metavar="GLOB", help="Probes by id, e.g. 'wallet.*'. Repeatable.")
@click.option("--list", "list_only", is_flag=True, help="List the probes and stop.")
@click.option("--fault", "faults", multiple=True, metavar="ID", help="Mock: switch a catalogued fault on.")
@click.option("--schedule", metavar="NAME", help="Mock: webhook delivery schedule (default: prompt).")
@click.option(
    "--require-sandbox/--no-require-sandbox",
    default=True,
    show_default=True,
    help="Refuse to run unless the provider itself proves that it is in test mode.",
)
@options.caps
@options.expect_build
@options.project
@options.artifacts
@options.run_id
@options.as_json
@options.quiet
def command(  # noqa: PLR0913 - click hands over one argument for each option
    *,
    mode: str,
    only: tuple[str, ...],
    list_only: bool,
    faults: tuple[str, ...],
    schedule: str | None,
    require_sandbox: bool,
    max_amount: tuple[str, ...],
    max_amount_rub: str | None,
    expect_build: str | None,
    project: str | None,
    artifacts: str,
    run_id: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run synthetic billing probes and write a bundle with the verdict.

    Mock mode needs no account and no network: it starts a reference billing service and a payment
    provider on this machine, for this run alone. Staging mode runs the same probes against the
    project's own staging target and its payment provider in test mode, within the caps of
    gates/money.toml.
    """
    from pathlib import Path

    from billing_canary.cli.canary import CanaryOptions, run_probe_command

    folder = Path(project) if project is not None else None
    if list_only:
        from billing_canary.cli.probe_list import list_probes

        return list_probes(folder, only, as_json=as_json)
    chosen = CanaryOptions(
        mode=mode,
        only=only,
        faults=faults,
        schedule=schedule,
        require_sandbox=require_sandbox,
        caps=_caps(max_amount, max_amount_rub),
        expect_build=expect_build,
        project=folder,
        artifacts=Path(artifacts),
        run_id=run_id,
        as_json=as_json,
        quiet=quiet,
    )
    return run_probe_command(chosen)


def _caps(amounts: tuple[str, ...], roubles: str | None) -> tuple[str, ...]:
    return (*amounts, f"{roubles} RUB") if roubles is not None else amounts
