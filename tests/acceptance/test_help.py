"""Help: every command explains itself, with examples that are right."""

from __future__ import annotations

import shlex
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import click
import pytest

from billing_canary import cli as package
from billing_canary.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary


def _paths(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    below = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [path, *(found for name, sub in below if sub for found in _paths(sub, (*path, name)))]


PATHS = _paths(cli)


def _examples(text: str) -> list[list[str]]:
    lines = [line.strip().removeprefix("Try:").strip() for line in text.splitlines()]
    words = [shlex.split(line.split("     ")[0]) for line in lines if line.startswith("billing-canary ")]
    return [line[1:] for line in words]


def test_the_walk_finds_every_command() -> None:
    assert {path[0] for path in PATHS if path} == set(COMMANDS)
    assert ("runs", "verify") in PATHS


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_shows_examples_that_parse_and_fits_a_terminal(canary: Canary, path: tuple[str, ...]) -> None:
    done = canary(*path, "--help")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(" ".join(["Usage: billing-canary", *path]))
    assert max(map(len, done.stdout.splitlines())) <= 100
    examples = _examples(done.stdout)
    assert examples
    for example in examples:
        words = example[: example.index(">")] if ">" in example else example
        # Options are parsed before --help is obeyed, so an option that does not exist is exit 2.
        assert canary(*words, "--help").code == 0, example


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_short_help_is_the_same(canary: Canary, path: tuple[str, ...]) -> None:
    assert canary(*path, "-h") == canary(*path, "--help")


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_an_unknown_option_is_a_wrong_call(canary: Canary, path: tuple[str, ...]) -> None:
    done = canary(*path, "--bogus")
    assert (done.code, done.stdout) == (2, "")
    assert "--bogus" in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "bogus",
        "runs bogus",
        "probe extra",
        "doctor extra",
        "init one two",
        "probe --mode production",
        "faults --healthy-runs 0",
        "faults --jobs 0",
        "faults --jobs many",
        "mock --port 65536",
        "mock --port -1",
        "gate bogus",
        "gate coverage extra",
        "gate coverage --write",
        "decide extra",
        "triggers extra",
        "triggers --clear it",
        "triggers --simulate --trials 0",
        "runs list --limit 0",
        "runs list --kind nonsense",
        "runs list --status wonderful",
        "runs show",
        "runs verify",
        "runs verify --all and-one",
        "runs merge",
        "confidence smoke --plan 0",
        "confidence smoke --plan 2 --shard 1/2",
        "confidence smoke --suites hung",
        "confidence --list --shard 1/2",
        "probe --run-id",
        "approve",
        "approve --list --role lead",
        "approve --withdraw 0 --reason why",
        "attest",
        "attest one two",
        "attest --withdraw 1",
        "risk bogus",
        "risk add",
        "risk close",
        "risk close 0 --reason why",
        "incident open --title only",
        "incident open --severity sev-5",
        "incident update five --note new",
        "incident close 5",
        "baseline set",
        "baseline set rate --owner Ada",
        "baseline set rate --owner Ada --rate 0.9 --good 1 --total 2",
    ],
)
def test_a_wrong_call_is_exit_2_with_a_sentence(canary: Canary, words: str) -> None:
    done = canary(*words.split())
    assert (done.code, done.stdout) == (2, "")
    assert "Error: " in done.stderr
    assert not canary.artifacts.exists()


def test_the_help_table_agrees_with_the_commands() -> None:
    modules = (
        import_module(f"{package.__name__}.{module.name}") for module in iter_modules(package.__path__)
    )
    commands = {
        module.__name__.rpartition(".")[2]: module.command
        for module in modules
        if isinstance(getattr(module, "command", None), click.Command)
    }
    assert set(commands) == set(COMMANDS)
    for name, command in commands.items():
        line, own = COMMANDS[name], command.help or ""
        assert line.endswith(".")
        assert line.split()[0] == own.split()[0], f"{name}: {line!r} and {own!r} begin with other verbs"


def test_the_version_is_the_package_s(canary: Canary) -> None:
    import billing_canary  # noqa: PLC0415 - the package of this process is the expectation here

    assert canary("--version").stdout == f"billing-canary, version {billing_canary.__version__}\n"
