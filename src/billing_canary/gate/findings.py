"""What speaks against a pass, one finding for each thing, and how many make a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing_canary.verdict import Status, Verdict, worst

_DECISIVE = (Status.FAIL, Status.REFUSED)
"""Only these two are overall statuses of their own; everything else that blocks means "can't tell"."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a verdict rests on.

    Attributes:
        status: how bad it is.
        blocks: whether it keeps the run from passing; a finding that does not is told, not counted.
        weight: order among findings of one status, lower first.
        sentence: for people: who, which claim, what was observed.
    """

    status: Status
    blocks: bool = True
    weight: int = 0
    sentence: str


def conclude(findings: Iterable[Finding], praise: str) -> Verdict:
    """The verdict that `findings` leave: `pass` with `praise` when none of them blocks.

    An overall status is only ever pass, inconclusive, refused or fail.
    """
    ordered = sorted(findings, key=_worst_first)
    sentences = tuple(finding.sentence for finding in ordered)
    blocking = [finding.status for finding in ordered if finding.blocks]
    if not blocking:
        return Verdict(overall_status=Status.PASS, reasons=(praise, *sentences))
    found = worst(blocking)
    overall = found if found in _DECISIVE else Status.INCONCLUSIVE
    return Verdict(overall_status=overall, reasons=sentences)


def _worst_first(finding: Finding) -> tuple[bool, int, int]:
    return (not finding.blocks, -list(Status).index(finding.status), finding.weight)
