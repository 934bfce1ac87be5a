"""What a bundle is called while it is being removed. No run id begins so."""

from __future__ import annotations

from collections.abc import Iterable

TRASH = ".trash-"
"""Still whole; goes back if somebody turns out to need it."""

GONE = ".gone-"
"""Perhaps in pieces; only goes."""


def left_over(hidden: Iterable[str]) -> list[str]:
    """The ids of runs that a prune began to remove and nobody finished, from the hidden names of a kind."""
    marks = (TRASH, GONE)
    return sorted({name.removeprefix(mark) for name in hidden for mark in marks if name.startswith(mark)})
