"""The one word that a finished run came to, whatever its kind calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INTERRUPTED = "interrupted"
"""What a run without its final file came to."""

DAMAGED = "damaged"
"""What a run came to whose final file cannot be read."""

_MEANS = {"GO": "pass", "hold": "pass", "NO-GO": "fail", "rollback": "fail", "unknown": "inconclusive"}
"""What the verdicts of decisions and of triggers are among the statuses of runs."""


def overall_status(document: Mapping[str, Any]) -> str:
    """The status of the run whose final file holds `document`.

    Raises:
        KeyError: the document tells none.
    """
    told = document.get("overall_status")
    return str(told) if told is not None else _MEANS[document["verdict"]]


def first_reason(document: Mapping[str, Any]) -> str:
    """Its worst reason in words.

    Raises:
        KeyError: the document tells none.
        IndexError: the same.
    """
    if "reasons" in document:
        return str(document["reasons"][0])
    return str(next(iter(document.get("blockers", ())), document["verdict"]))
