"""`--help` of every command, which is what starting the program costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import click
from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import CANARY, ROOT, in_turn, spend

from billing_canary.cli.main import COMMANDS

MINIMAL = (sys.executable, str(Path(__file__).parents[1] / "minimal_click.py"), "--help")
"""The floor for the start-up of a Click program."""

_BASE = "--help of a minimal six-command click program"
_EACH = tuple(
    Metric(name="COMMAND --help", unit=f"x {unit}", base=_BASE, goal=1.15) for unit in ("wall", "cpu")
)
_SLOWEST = tuple(replace(metric, name="--help of the slowest command") for metric in _EACH)


def commands() -> Iterator[str]:
    """The words of every command, of the program itself and of its groups included."""
    yield ""
    for name in COMMANDS:
        yield name
        command = import_module(f"billing_canary.cli.{name}").command
        if isinstance(command, click.Group):
            yield from (f"{name} {sub}" for sub in command.list_commands(click.Context(command)))


def measure_help(setup: Setup) -> Iterator[Figure]:
    """`--help` of every command against that of a minimal Click program with six commands."""
    taken: list[tuple[Figure, Figure]] = []
    asked = list(commands())
    for words in asked[: setup.sized(len(asked))]:
        command = (CANARY, *words.split(), "--help")
        turns = in_turn(partial(spend, command, ROOT), partial(spend, MINIMAL, ROOT), setup.rounds)
        wall, cpu = (replace(metric, name=f"{words} --help".strip()) for metric in _EACH)
        taken.append(
            (
                wall.of([ours.wall / minimal.wall for ours, minimal in turns]),
                cpu.of([ours.cpu / minimal.cpu for ours, minimal in turns]),
            )
        )
        yield from taken[-1]
    for metric, figures in zip(_SLOWEST, zip(*taken, strict=True), strict=True):
        yield replace(max(figures, key=lambda figure: figure.median), metric=metric)


MEASUREMENTS = (Measurement(name="help", take=measure_help, metrics=(*_EACH, *_SLOWEST)),)
