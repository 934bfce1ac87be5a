"""`billing-canary init`: write a project of one's own."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  billing-canary init billing-checks
  cd billing-checks && billing-canary probe --mode mock
"""


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(), default=".")
@click.option("--json", "as_json", is_flag=True, help="What was written as one JSON document on stdout.")
def command(*, folder: str, as_json: bool) -> int:
    """Write probes/, suites/, gates/ and billing-canary.toml into FOLDER (default: this one).

    The folder must be empty or new; nothing is ever overwritten.
    """
    from pathlib import Path

    from billing_canary.cli.project_copy import write_project

    return write_project(Path(folder), as_json=as_json)
