"""The verdict of a detection matrix: whether the probes would have noticed each known fault."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.gate.findings import Finding, conclude
from billing_canary.model import FaultMatrix, Status, Verdict


def judge(matrix: FaultMatrix, *, missing_count: int = 0) -> Verdict:
    """`pass` when every fault was caught and the healthy service never raised an alarm.

    A matrix without a fault or without a healthy run shows nothing: `inconclusive`.
    """
    return conclude(
        [*_misses(matrix), *_alarms(matrix), *_gaps(matrix, missing_count)],
        praise=f"{len(matrix.faults)} of {len(matrix.faults)} faults caught; "
        f"no alarm in {matrix.healthy_runs} healthy runs",
    )


def _misses(matrix: FaultMatrix) -> Iterator[Finding]:
    for fault in matrix.faults:
        if not (fault.caught and fault.by):
            yield Finding(status=Status.FAIL, sentence=f"{fault.id} was not caught: {fault.title}")


def _alarms(matrix: FaultMatrix) -> Iterator[Finding]:
    for alarm in matrix.healthy_alarms:
        yield Finding(status=Status.FAIL, sentence=f"false alarm on the healthy service: {alarm}")


def _gaps(matrix: FaultMatrix, missing_count: int) -> Iterator[Finding]:
    if not matrix.faults:
        yield Finding(status=Status.INCONCLUSIVE, sentence="no fault was tried")
    if matrix.healthy_runs < 1:
        yield Finding(status=Status.INCONCLUSIVE, sentence="the healthy service was not tried")
    if missing_count:
        yield Finding(
            status=Status.INCONCLUSIVE, sentence=f"required files missing from the bundle: {missing_count}"
        )
