"""The reasons of a verdict on a terminal: the first few, and how many more the report has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing_canary.artifact.render.text import counted, plain, wrapped

_WIDTH = 80
_MOST = 5


def reasons_told(reasons: Sequence[str]) -> Iterator[str]:
    """A line or more for each of the first reasons."""
    for reason in reasons[:_MOST]:
        yield from wrapped(f"  - {plain(reason)}", _WIDTH, "    ")
    if len(reasons) > _MOST:
        yield f"  - and {counted(len(reasons) - _MOST, 'more reason')} in the report"
