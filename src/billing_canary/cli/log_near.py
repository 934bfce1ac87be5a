"""Whether a project with an audit log could be near: looking for the project takes longer than a list."""

from __future__ import annotations

import os

LOG = "gates/audit-log.jsonl"
"""As `audit_log.AUDIT_LOG` has it; importing that would double what a list of runs imports."""


def log_is_near() -> bool:
    """Whether the working directory, or a folder above it, holds a log where a project keeps it."""
    folder = os.getcwd()  # noqa: PTH109 - as text, for the loop
    while not os.path.lexists(os.path.join(folder, LOG)):  # noqa: PTH118 - as above
        above = os.path.dirname(folder)  # noqa: PTH120 - as above
        if above == folder:
            return False
        folder = above
    return True
