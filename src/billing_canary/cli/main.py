"""The group of commands, each imported when it is used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module

import click

from billing_canary import __version__

COMMANDS = {
    "probe": "Run synthetic billing probes and write a bundle with the verdict.",
    "confidence": "Run the suites of a confidence tier and write a bundle with the verdict.",
    "faults": "Prove that the probes catch every known billing fault.",
    "clean": "Remove what an interrupted staging run left: accounts, payments, customers.",
    "mock": "Serve the reference billing service for trying things by hand.",
    "gate": "Judge evidence that others made: coverage of the billing modules.",
    "decide": "Say GO or NO-GO for a release candidate, with every blocker and its fix.",
    "triggers": "Say whether to roll back or hold what is running, with every trigger.",
    "approve": "Approve the release of a commit, in the project's audit log.",
    "attest": "Attest what no run can show, such as a sign-off, for a commit.",
    "risk": "Add, close and list known risks with owner, mitigation and expiry.",
    "incident": "Open, update, close and list incidents; rollback triggers read them.",
    "baseline": "Set and list the success rates that rollback triggers compare with.",
    "runs": "List, show, verify, compare and prune recorded runs.",
    "init": "Write a project of your own: probes, gates and targets.",
    "doctor": "Check the project and this machine, and say what is missing.",
}
"""Every command with its line in `--help`; kept here so that help imports no command."""

_SHORTEST_KEY = 12
"""No shorter argument can hold a whole live key, so that `--version` need not load what looks for one."""

EPILOG = """\b
Exit codes: 0 yes, 1 no, 2 wrong call or project file, 3 can't tell,
            4 refused by the safety guard, 130 interrupted.
\b
Try:        billing-canary probe --mode mock
"""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"billing_canary.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="billing-canary")
def cli() -> None:
    """Is billing safe to ship, and safe to keep running? Answers with evidence."""


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code. Every expected error is one clear sentence on stderr."""
    try:
        _refuse_live_keys(arguments)
        result = cli.main(list(arguments), prog_name="billing-canary", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return 130
    except Exception as error:  # noqa: BLE001 - the last place that can turn an error into a sentence
        return _report(error)
    return result if isinstance(result, int) else 0


def _refuse_live_keys(arguments: Sequence[str]) -> None:
    """Look before any option is read: a complaint about an option quotes its value.

    Raises:
        RefusedError: an argument holds a live key.
    """
    if all(len(word) < _SHORTEST_KEY for word in arguments):
        return
    from billing_canary.errors import RefusedError
    from billing_canary.guard.keys import KEYS_RULE, holds_live_key

    for number, word in enumerate(arguments, start=1):
        if holds_live_key(word):
            reason = f"argument {number} of the command line holds a live key, which is not shown here"
            advice = "replace that key at the provider: process lists and shell histories show arguments"
            raise RefusedError(KEYS_RULE, f"{reason}; {advice}", ends_run=True)


def _report(error: Exception) -> int:
    from billing_canary.errors import BillingCanaryError, ExitCode, ProjectError
    from billing_canary.redact import Redactor

    redact = Redactor()
    if os.environ.get("BILLING_CANARY_DEBUG"):
        import traceback

        click.echo(redact("".join(traceback.format_exception(error))), err=True)
    if isinstance(error, ProjectError):
        count = len(error.problems)
        click.echo(f"{count} problem{'s' if count > 1 else ''}; nothing was run:", err=True)
    elif not isinstance(error, BillingCanaryError):
        click.echo(f"internal error: {type(error).__name__}: {redact(str(error))}", err=True)
        click.echo("    please report it; BILLING_CANARY_DEBUG=1 shows the traceback", err=True)
        return int(ExitCode.CANNOT_TELL)
    click.echo(redact(str(error)), err=True)
    return int(error.exit_code)
