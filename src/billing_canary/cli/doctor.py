"""`billing-canary doctor`: check the project and this machine before a run."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary doctor
  billing-canary doctor --project billing-checks --json
  billing-canary doctor --mode staging
"""


@click.command(epilog=EPILOG)
@click.option(
    "--mode",
    type=click.Choice(["mock", "staging"]),
    default="mock",
    show_default=True,
    help="Which kind of run to check for.",
)
@options.project
@options.artifacts
@options.as_json
def command(*, mode: str, project: str | None, artifacts: str, as_json: bool) -> int:
    """Check the project and this machine, and say what is missing.

    Loads every probe and policy, and tries to write where bundles go. In mock mode it starts and stops
    the mock; in staging mode it looks at variables, keys and hosts, asks the target for its health and
    the provider for its mode, and says which probes would be skipped. Spends nothing.
    """
    from pathlib import Path

    from billing_canary.cli.examination import examine

    folder = Path(project) if project is not None else None
    return examine(folder, Path(artifacts), mode, as_json=as_json)
