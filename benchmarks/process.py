"""Whole processes: what they take, in time and in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
CANARY = str(Path(sys.executable).with_name("billing-canary"))
HELP = (CANARY, "--help")
_PEAK = """
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""
_KIB_A_MIB = 1024


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Seconds that a process and its children took; on an idle machine wall and CPU of one are the same."""

    wall: float
    cpu: float


def spend(command: Sequence[str], cwd: Path, *, ends: Collection[int] = (0,)) -> Spent:
    """Run a whole process in `cwd`.

    Raises:
        ClickException: it ended with another exit code than those of `ends`; carries what it printed.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ends:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise click.ClickException(f"{' '.join(command)} ended with {process.returncode}\n{said}")
    return Spent(wall=wall, cpu=usage.ru_utime + usage.ru_stime)


def environment() -> dict[str, str]:
    """This process's environment, but bytecode is kept, as an installation keeps it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def in_turn(one: Callable[[], Spent], base: Callable[[], Spent], rounds: int) -> list[tuple[Spent, Spent]]:
    """What both took, round by round and side by side, after one warm-up of each."""
    base(), one()
    return [(one(), base()) for _ in range(rounds)]


def peak_mib(program: str, cwd: Path) -> float:
    """Peak memory in MiB of a Python that runs `program`; an empty one tells that of a bare Python.

    It is asked from inside: what the system tells about an ended child counts its parent's memory, too.

    `program` must end without an exception and without ending the process; it may print.
    """
    argv = [sys.executable, "-c", program + _PEAK]
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise click.ClickException(f"the measured program failed: {done.stdout}{done.stderr}")
    return int(done.stdout.split()[-1]) / _KIB_A_MIB


def canary_program(words: Sequence[str]) -> str:
    """A program for `peak_mib` that runs billing-canary with `words`, which must succeed."""
    return f"from billing_canary.cli.main import run\nassert run({list(words)!r}) == 0\n"
