"""Colours of statuses, where a terminal shows them and nobody asked for none."""

from __future__ import annotations

import os
import sys

import click

from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.verdict import Status

_COLOURS = {
    Status.PASS: "green",
    Status.SKIP: "cyan",
    Status.INCONCLUSIVE: "yellow",
    Status.ERROR: "yellow",
    Status.REFUSED: "magenta",
    Status.FAIL: "red",
}


def paint(text: str, status: Status) -> str:
    """`text` in the colour of `status`."""
    return click.style(text, fg=_COLOURS[status], bold=True)


def painter(*, err: bool) -> Paint:
    """`paint` where a terminal shows colours and nobody asked for none."""
    stream = sys.stderr if err else sys.stdout
    return paint if stream.isatty() and not os.environ.get("NO_COLOR") else unpainted
