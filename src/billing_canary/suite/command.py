"""From a suite to the command that is really started: its interpreter, report and witness filled in."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from billing_canary.suite.freshness import Mark, mark
from billing_canary.suite.suite_table import JUNIT_PLACE, PYTHON_PLACE
from billing_canary.tier import Suite

_WITNESS = "billing_canary_witness"
_WITNESS_FOLDER = str(Path(__file__).with_name("witness"))
_NO_PYTHONPATH = re.compile(r"-[A-Za-z]*[IE][A-Za-z]*")
"""Options of the interpreter with which it reads no PYTHONPATH, so that it would not find the witness."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """An argument list and the variables that it needs beside the inherited ones."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


Cover = Callable[[Suite, Call], Call]
"""Puts a suite under coverage measurement."""


@dataclass(frozen=True, kw_only=True)
class PreparedSuite:
    """One attempt of a suite, ready to be started.

    Attributes:
        junit: where its report must appear.
        witness: where the pytest plugin writes; None for other commands.
        mark: how its files looked before the start.
    """

    suite: Suite
    number: int
    call: Call
    cwd: Path
    junit: Path
    witness: Path | None
    mark: Mark


def prepare(
    suite: Suite, number: int, *, root: Path, work: Path, cover: Cover | None = None
) -> PreparedSuite:
    """The attempt `number` (from 1) of `suite`.

    Args:
        suite: what is to be run.
        number: which attempt it is.
        root: the project's folder.
        work: a folder of this run alone; the attempt gets one of its own in it.
        cover: measures the coverage of suites that ask for it.
    """
    private = work / f"{suite.name}.{number}"
    private.mkdir(parents=True)
    cwd = root / suite.cwd
    junit = cwd / suite.junit if suite.junit else private / "junit.xml"
    call = Call(argv=_filled(suite.command, junit), env=dict(suite.environment))
    if suite.coverage and cover is not None:
        call = cover(suite, call)
    witness = None
    if suite.adds_junit:
        call = _reporting(call, junit)
        if not any(map(_NO_PYTHONPATH.fullmatch, call.argv[: _pytest_at(call.argv)])):
            witness = private / "witness.json"
            call = _witnessed(call, witness)
    watched = (junit, *(cwd / path for path in suite.artifacts))
    return PreparedSuite(
        suite=suite,
        number=number,
        call=call,
        cwd=cwd,
        junit=junit,
        witness=witness,
        mark=mark(private, watched),
    )


def _filled(command: tuple[str, ...], junit: Path) -> tuple[str, ...]:
    places = {PYTHON_PLACE: sys.executable, JUNIT_PLACE: str(junit)}
    filled = list(command)
    for place, value in places.items():
        filled = [word.replace(place, value) for word in filled]
    return tuple(filled)


def _reporting(call: Call, junit: Path) -> Call:
    return _with_options(call, f"--junitxml={junit}")


def _witnessed(call: Call, witness: Path) -> Call:
    inherited = call.env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(filter(None, (_WITNESS_FOLDER, inherited)))
    env = {**call.env, "PYTHONPATH": path, "BILLING_CANARY_WITNESS": str(witness)}
    return _with_options(Call(argv=call.argv, env=env), "-p", _WITNESS)


def _with_options(call: Call, *options: str) -> Call:
    """Put `options` behind the name of pytest: its arguments begin there, whatever started it."""
    at = _pytest_at(call.argv) + 1
    return Call(argv=(*call.argv[:at], *options, *call.argv[at:]), env=call.env)


def _pytest_at(argv: tuple[str, ...]) -> int:
    return next(at for at, word in enumerate(argv) if PurePosixPath(word).name in {"pytest", "py.test"})
