"""Options that several commands share, in one place.

Folders stay text here: importing `pathlib` would cost `--help` more than the rest of a command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

project = click.option(
    "--project",
    type=click.Path(),
    metavar="DIR",
    help="Project folder (default: the nearest one above, else the bundled default).",
)
artifacts = click.option(
    "--artifacts",
    type=click.Path(),
    default="artifacts",
    metavar="DIR",
    show_default=True,
    help="Where bundles are written.",
)
run_id = click.option("--run-id", metavar="ID", help="Name of the run (default: time and a random part).")
as_json = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on stdout; people's text goes to stderr."
)
quiet = click.option("--quiet", "-q", is_flag=True, help="Only the verdict, no progress.")
RUN_KINDS = (
    "billing-canary",
    "billing-confidence",
    "billing-decisions",
    "billing-faults",
    "billing-triggers",
)
"""The kinds of recorded runs, as `artifact.kinds.KINDS` has them; importing that would cost `--help` more."""

run_kind = click.option(
    "--kind", type=click.Choice(RUN_KINDS), help="Only runs of this kind (default: every kind)."
)
expect_build = click.option(
    "--expect-build",
    metavar="ID",
    help="Build id that must be running (default: the target file's expected_build).",
)


def caps(command: Command) -> Command:
    """The caps of a run: `--max-amount "10 RUB"`, repeatable, and its alias `--max-amount-rub 10`."""
    command = click.option(
        "--max-amount-rub", metavar="AMOUNT", help="The same in roubles: --max-amount-rub 10."
    )(command)
    return click.option(
        "--max-amount",
        multiple=True,
        metavar="'AMOUNT CUR'",
        help="Lower the cap for the run, e.g. '10 RUB'. Repeat for other currencies.",
    )(command)
