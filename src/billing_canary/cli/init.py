"""`billing-canary init`: write a project of one's own."""

from __future__ import annotations

from pathlib import Path

import click

EPILOG = """\b
Examples:
  billing-canary init billing-checks
  cd billing-checks && billing-canary probe --mode mock
"""


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="What was written as one JSON document on stdout.")
def command(*, folder: Path, as_json: bool) -> int:
    """Write probes/, suites/, gates/ and billing-canary.toml into FOLDER (default: this one).

    The folder must be empty or new; nothing is ever overwritten.
    """
    from billing_canary.cli.project_copy import write_project

    return write_project(folder, as_json=as_json)
