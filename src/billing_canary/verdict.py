"""What a check or a run came to: the statuses, best to worst, and a verdict with its reasons.

Apart from the other nouns, since commands that judge load this and little else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What one check came to, best to worst in this order; the worst of many wins."""

    PASS = "pass"  # noqa: S105 - a status, no password
    SKIP = "skip"
    """The target lacks a capability that the probe needs."""
    INCONCLUSIVE = "inconclusive"
    """We could not tell."""
    ERROR = "error"
    """The harness or a probe broke."""
    REFUSED = "refused"
    """The guard stopped it."""
    FAIL = "fail"
    """The product is wrong."""


_ORDER = {status: rank for rank, status in enumerate(Status)}


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of `statuses`; `inconclusive` when there is none, since nothing was shown."""
    return max(statuses, key=_ORDER.__getitem__, default=Status.INCONCLUSIVE)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The overall status of a run and the sentences that say why."""

    overall_status: Status
    reasons: tuple[str, ...]
