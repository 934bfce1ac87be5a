"""`billing-canary doctor`: check the project and this machine before a run."""

from __future__ import annotations

import click

from billing_canary.cli import options

EPILOG = """\b
Examples:
  billing-canary doctor
  billing-canary doctor --project billing-checks --json
"""


@click.command(epilog=EPILOG)
@options.project
@options.artifacts
@options.as_json
def command(*, project: str | None, artifacts: str, as_json: bool) -> int:
    """Check the project and this machine, and say what is missing.

    Loads every probe and policy, starts and stops the mock, and tries to write where bundles go.
    Spends nothing.
    """
    from pathlib import Path

    from billing_canary.cli.examination import examine

    folder = Path(project) if project is not None else None
    return examine(folder, Path(artifacts), as_json=as_json)
