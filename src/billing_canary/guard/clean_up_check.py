"""The safety check about clean-up: what the run created is gone again, or named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from billing_canary.model import SafetyCheck, Status

CLEANUP_RULE = "clean-up"


def accounts_check(created: int, removed: int, left: Sequence[str], *, possible: bool) -> SafetyCheck:
    """What became of the accounts that the run opened.

    Args:
        created: accounts that were opened.
        removed: of these, the ones that were closed.
        left: what could not be closed, and why.
        possible: whether the target has a way to close accounts at all.
    """
    status = Status.ERROR if left else Status.PASS if created and possible else Status.SKIP
    detail = f"{created} accounts were opened, each with the run id; {removed} were closed"
    if left:
        detail += f"; left: {'; '.join(left)}"
    elif created and not possible:
        detail += "; the target maps no close_account, so they stay"
    claim = "What the run created carries its id and is removed after it"
    return SafetyCheck(id=CLEANUP_RULE, status=status, claim=claim, detail=detail)


def after_sweep(check: SafetyCheck, removed: int, left: Sequence[str]) -> SafetyCheck:
    """`check` with what the last look for the run id found: how much was removed, and what was not."""
    if not removed and not left:
        return check
    detail = f"{check.detail}; {removed} more things with the run id were removed"
    detail += f"; left: {'; '.join(left)}" if left else ""
    return replace(check, status=Status.ERROR if left else check.status, detail=detail)
