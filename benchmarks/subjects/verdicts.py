"""Verdicts against `--help`: the table of `triggers --simulate`, and `decide` among 1,000 bundles."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.archive import write_archive
from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import CANARY, HELP, ROOT, in_turn, spend
from benchmarks.tier_projects import TRIVIAL, write_tiers

_BUNDLES = 1_000
_UNITS = ("wall", "cpu")
_SIMULATE = {unit: Metric(name="triggers --simulate", unit=f"x {unit}", base="--help") for unit in _UNITS}
_DECIDE = {
    unit: Metric(name="decide among 1,000 bundles", unit=f"x {unit}", base="--help") for unit in _UNITS
}
_RELEASE = """
title = "Measured"
environment = "production"

[[item]]
id = "tier"
title = "Tier"
kind = "tier"
tier = "quick"
max_age_h = 24

[[item]]
id = "probe"
title = "Probes"
kind = "probe"
mode = "mock"
max_age_h = 24

[[item]]
id = "suites"
title = "Suites"
kind = "suites"
tier = "quick"
suites = ["topup"]
max_age_h = 24

[[item]]
id = "artifacts"
title = "Evidence"
kind = "artifacts"
"""
_IGNORED = "artifacts/\n"


def _against_help(
    metrics: dict[str, Metric], command: tuple[str, ...], setup: Setup, cwd: Path
) -> Iterator[Figure]:
    turns = in_turn(partial(spend, command, cwd), partial(spend, HELP, cwd), setup.rounds)
    for unit, metric in metrics.items():
        yield metric.of([getattr(ours, unit) / getattr(base, unit) for ours, base in turns])


def measure_simulate(setup: Setup) -> Iterator[Figure]:
    """The whole table of `triggers --simulate` against `--help`."""
    yield from _against_help(_SIMULATE, (CANARY, "triggers", "--simulate"), setup, ROOT)


def measure_decide(setup: Setup) -> Iterator[Figure]:
    """A GO of `decide` among 1,000 bundles, the newest of which match, against `--help`."""
    folder = setup.scratch / "project"
    spend((CANARY, "init", str(folder)), setup.scratch)
    write_tiers(folder, {"quick": {"topup": ("sh", "-c", TRIVIAL)}})
    (folder / "gates/release.toml").write_text(_RELEASE, encoding="utf-8")
    (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    _commit(folder)
    write_archive(folder / "artifacts", lambda _: "pass", setup.sized(_BUNDLES))
    spend((CANARY, "confidence", "quick"), folder)
    spend((CANARY, "probe", "--mode", "mock"), folder)
    yield from _against_help(_DECIDE, (CANARY, "decide"), setup, folder)


def _commit(folder: Path) -> None:
    named = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "measured")):
        subprocess.run(("git", *named, *words), cwd=folder, check=True)  # noqa: S607 - found as users find it


MEASUREMENTS = (
    Measurement(name="simulate", take=measure_simulate, metrics=tuple(_SIMULATE.values())),
    Measurement(name="decide", take=measure_decide, metrics=tuple(_DECIDE.values())),
)
