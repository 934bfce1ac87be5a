"""The commit that a report is about."""

from __future__ import annotations

from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.render.escape import code

_SHOWN = 12


def commit_told(head: ReportHead) -> str:
    """The commit in a few characters, and whether it was all that was tested."""
    if head.commit is None:
        return "unknown (no Git repository)"
    state = ", with uncommitted changes" if head.dirty else ""
    return f"{code(head.commit[:_SHOWN])}{state}"
