"""One thing that `doctor` looked at, and how looking turns into findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from billing_canary.errors import BillingCanaryError, Problem, ProjectError
from billing_canary.guard.keys import live_variables
from billing_canary.model import Status
from billing_canary.redact import Redactor


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at. `fix` is empty when all is well."""

    what: str
    status: str
    detail: str
    fix: str = ""


def good(what: str, detail: str) -> Finding:
    """All is well."""
    return Finding(what=what, status=Status.PASS, detail=detail)


def warning(what: str, detail: str, fix: str) -> Finding:
    """A run can start, but a person should know."""
    return Finding(what=what, status=Status.SKIP, detail=detail, fix=fix)


def bad(what: str, detail: str, fix: str) -> Finding:
    """No run can start, or none would tell anything."""
    return Finding(what=what, status=Status.FAIL, detail=detail, fix=fix)


def wrong(problem: Problem) -> Finding:
    """A file of the project, or the call, is wrong."""
    what = f"{problem.where}: {problem.key}" if problem.key else problem.where
    return bad(what, problem.message, problem.fix)


def live_keys(used: Collection[str]) -> Iterator[Finding]:
    """A warning for each variable of this process that holds a live key and is not in `used`."""
    for name in live_variables(os.environ, used):
        fix = f"unset {name} where the canary runs; it is never used, and never shown"
        yield warning("environment", f"{name} holds a live key", fix)


def checked(what: str, look: Callable[[], str], redact: Redactor) -> Iterator[Finding]:
    """What `look` says when all is well, else a finding for each thing that it raised."""
    try:
        yield good(what, look())
    except ProjectError as error:
        yield from map(wrong, error.problems)
    except BillingCanaryError as error:
        yield bad(what, redact(str(error)), "see docs/troubleshooting.md")
