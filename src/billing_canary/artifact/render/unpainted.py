"""Colours as an argument of the renderers, and their absence."""

from __future__ import annotations

from collections.abc import Callable

from billing_canary.verdict import Status

Paint = Callable[[str, Status], str]
"""Colours a text for a status; it must not change the text's visible width."""


def unpainted(text: str, _status: Status) -> str:
    """`text` as it is: for pipes, logs and `NO_COLOR`."""
    return text
