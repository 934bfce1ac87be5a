"""A tier of four suites against other ways to run the same commands.

Each of the four suites is twenty pytest tests that work for 0.3, 0.5, 0.7 and 1.0 seconds together. The
base of the tier's ratio is a shell that runs the bare commands, longest first, as many at a time as there
are cores; peers are measured against four runs of pytest one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import in_turn, spend
from benchmarks.subjects.start_up import MINIMAL
from benchmarks.tier_projects import (
    AT_ONCE,
    TRIVIAL,
    peers,
    sequential,
    shell_pool,
    tier_command,
    write_project,
)

_POOL = f"bare commands, longest first, {AT_ONCE} at a time"
_FOUR = Metric(name="tier of four suites", unit="x wall", base=_POOL, goal=1.05)
_FIXED = Metric(name="CPU of a tier", unit="ms CPU", base="over a minimal click program", goal=60)
_MORE = Metric(name="CPU for each suite", unit="ms CPU", base="over the bare command", goal=10)
_PEER = Metric(name="PEER", unit="x wall", base="four pytest runs one after the other")


def measure_tier(setup: Setup) -> Iterator[Figure]:
    """A tier of four suites against a shell that runs the bare commands side by side."""
    folder = setup.scratch
    write_project(folder, setup.scale)
    tier, pool = partial(spend, tier_command(folder, "four"), folder), partial(spend, shell_pool(), folder)
    yield _FOUR.of([ours.wall / bare.wall for ours, bare in in_turn(tier, pool, setup.rounds)])


def measure_overhead(setup: Setup) -> Iterator[Figure]:
    """CPU of a tier's own: with one trivial suite, and what seven more add."""
    folder = setup.scratch
    write_project(folder, setup.scale)
    one, eight = tier_command(folder, "trivial1"), tier_command(folder, "trivial8")
    bare = ["sh", "-c", TRIVIAL.format(junit="/dev/null")]
    spend(eight, folder), spend(MINIMAL, folder)
    fixed, each = [], []
    for _ in range(setup.rounds):
        floor, trivial = spend(MINIMAL, folder).cpu, spend(bare, folder).cpu
        small, large = spend(one, folder).cpu, spend(eight, folder).cpu
        fixed.append(1000 * (small - trivial - floor))
        each.append(1000 * ((large - small) / 7 - trivial))
    yield _FIXED.of(fixed)
    yield _MORE.of(each)


def measure_peers(setup: Setup) -> Iterator[Figure]:
    """The tier and other ways to run four suites against four runs of pytest one after the other."""
    folder = setup.scratch
    write_project(folder, setup.scale)
    commands = {"this tier": tier_command(folder, "four"), "shell pool": shell_pool(), **peers()}
    for name in [name for name, command in commands.items() if not command]:
        del commands[name]
        setup.say(f"{name}: left out, not installed; pip install 'billing-canary[bench]' brings tox and nox")
    for command in commands.values():
        spend(command, folder)
    values: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(setup.some_rounds(2)):
        base = spend(sequential(), folder).wall
        for name, command in commands.items():
            values[name].append(spend(command, folder).wall / base)
    for name, found in values.items():
        yield replace(_PEER, name=name).of(found)


MEASUREMENTS = (
    Measurement(name="tiers", take=measure_tier, metrics=(_FOUR,)),
    Measurement(name="tier-cpu", take=measure_overhead, metrics=(_FIXED, _MORE)),
    Measurement(name="tier-peers", take=measure_peers, metrics=(_PEER,)),
)
