"""What a probe is: a short function with a title, an owner, its needs and the money that it plans to move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from billing_canary.model import Severity
from billing_canary.target.operations import Operation

if TYPE_CHECKING:
    from billing_canary.probe.context import ProbeContext

MOCK = "mock"
MODES = (MOCK, "staging")


def own_servers(mode: str) -> bool:
    """Whether the target is started by the run, for the run, in this mode."""
    return mode == MOCK


class Phase(StrEnum):
    """When in a run a probe runs."""

    FIRST = "first"
    """Alone, before all others."""
    TOGETHER = "together"
    """Beside other probes: it touches nothing but its own accounts."""
    ALONE = "alone"
    """One by one, after those: it changes something that all accounts share."""
    LAST = "last"
    """Alone, after all others."""


@dataclass(frozen=True, kw_only=True)
class Spends:
    """Money that a probe plans to move at most: `payments` times the target's amount in `currency`.

    `currency` None is the target's own; `minor_units` more for a step that needs a little beyond.
    """

    payments: int = 0
    minor_units: int = 0
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One probe. Its id is `<file>.<function>`, its surface the file's name."""

    id: str
    title: str
    surface: str
    severity: Severity
    owner: str
    needs: tuple[Operation, ...]
    spends: Spends
    phase: Phase
    modes: tuple[str, ...]
    run: Callable[[ProbeContext], None]


collecting: ContextVar[list[Probe] | None] = ContextVar("collecting", default=None)
"""Where the probes of the file that is being loaded go."""

Function = Callable[["ProbeContext"], None]


def billing_probe(  # noqa: PLR0913 - a probe's declaration is this list
    *,
    title: str,
    severity: Severity,
    owner: str,
    needs: Sequence[Operation] = (),
    spends: Spends | None = None,
    phase: Phase = Phase.TOGETHER,
    modes: Sequence[str] = MODES,
) -> Callable[[Function], Function]:
    """Declare the decorated function a probe.

    Args:
        title: one line that an incident commander understands, true when the product is right.
        severity: what a failure means for the people who pay.
        owner: who mends it.
        needs: operations without which the probe is skipped.
        spends: money that it moves at most; none by default.
        phase: when it runs; beside others by default.
        modes: run modes in which it may run; all by default.
    """

    def declare(function: Function) -> Function:
        collected = collecting.get()
        if collected is not None:
            surface = function.__module__.rpartition(".")[2]
            declared = Probe(
                id=f"{surface}.{function.__name__}",
                title=title,
                surface=surface,
                severity=severity,
                owner=owner,
                needs=tuple(needs),
                spends=spends or Spends(),
                phase=phase,
                modes=tuple(modes),
                run=function,
            )
            collected.append(declared)
        return function

    return declare
