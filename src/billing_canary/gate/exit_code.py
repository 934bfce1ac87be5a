"""The exit code that an overall status asks for."""

from __future__ import annotations

from collections.abc import Mapping

from billing_canary.errors import ExitCode
from billing_canary.verdict import Status

_CODES: Mapping[Status, ExitCode] = {
    Status.PASS: ExitCode.YES,
    Status.FAIL: ExitCode.NO,
    Status.REFUSED: ExitCode.REFUSED,
}


def exit_code(status: Status) -> ExitCode:
    """0 for a pass, 1 for a failure, 4 for a refusal; 3, "can't tell", for everything else."""
    return _CODES.get(status, ExitCode.CANNOT_TELL)
