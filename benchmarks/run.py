"""Measure how fast and how small this is, beside what it is held against.

Usage: make bench, or make bench ARGS="--only tiers --rounds 5"

Every ratio is taken in one run: whole processes in turn with their base (A B A B ...), and the median of
the ratios round by round, since a machine's speed drifts. It judges nothing: a busy machine gives other
figures, and the goal is printed beside them.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

if not __package__:  # run by its path, which puts this folder first and not the project's
    sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.figure import COLUMNS, Figure
from benchmarks.measurement import Measurement, Setup
from benchmarks.subjects import (
    coverage_gate,
    faults,
    guard,
    junit,
    probe,
    redaction,
    retention,
    start_up,
    suite_log,
    tiers,
    verdicts,
)

_SUBJECTS = (
    probe,
    start_up,
    faults,
    guard,
    tiers,
    suite_log,
    redaction,
    junit,
    coverage_gate,
    retention,
    verdicts,
)
REGISTRY: tuple[Measurement, ...] = tuple(each for subject in _SUBJECTS for each in subject.MEASUREMENTS)
"""Every measurement, in the order in which they are taken."""


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def take(measurement: Measurement, rounds: int, scale: float, *, as_json: bool = False) -> Iterator[Figure]:
    """The figures of one measurement, as they come."""
    with tempfile.TemporaryDirectory() as scratch:
        say = partial(click.echo, err=as_json)
        yield from measurement.take(Setup(scratch=Path(scratch), rounds=rounds, scale=scale, say=say))


def _listed() -> Iterator[str]:
    for each in REGISTRY:
        yield f"{each.name:<18}{each.title}"
        for metric in each.metrics:
            yield f"{'':<18}- {metric.name}: {metric.limit or 'no goal'} {metric.unit}, {metric.base}"


def _show_list(context: click.Context, _: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if asked:
        click.echo("\n".join(_listed()))
        context.exit()


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option(
    "--only", type=click.Choice([each.name for each in REGISTRY]), multiple=True, help="Repeatable."
)
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True)
@click.option(
    "--scale",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Size of generated data; goals hold for 1.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_show_list, help="Show what there is."
)
def main(only: tuple[str, ...], rounds: int, scale: float, *, as_json: bool) -> None:
    """Take the measurements and print each figure as it comes."""
    say = partial(click.echo, err=as_json)
    before, figures = machine(), []
    say(f"{before['cores']} cores, Python {before['python']}; load at start {before['load']}")
    say(f"{rounds} rounds{'' if scale == 1 else f', at {scale:g} of the full size: goals do not hold'}")
    say(COLUMNS)
    for measurement in REGISTRY:
        if not only or measurement.name in only:
            for figure in take(measurement, rounds, scale, as_json=as_json):
                figures.append(figure.document())
                say(figure.line())
    after = machine()
    say(f"load at end {after['load']}")
    if as_json:
        told = {**before, "load_at_end": after["load"], "rounds": rounds, "scale": scale}
        click.echo(json.dumps({"machine": told, "figures": figures}, indent=2))


if __name__ == "__main__":
    main()
