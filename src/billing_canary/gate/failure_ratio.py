"""Rule `failure-ratio`: more failures than a threshold allows, in two adjacent closed windows."""

from __future__ import annotations

from decimal import Decimal

from billing_canary.gate.baseline_rate import percent
from billing_canary.gate.trigger_finding import Finding, share, whole
from billing_canary.gate.windows import Counted, newest_pair
from billing_canary.reading import Reading
from billing_canary.rollback import RollbackEvidence, Trigger, TriggerState


def failure_ratio(trigger: Trigger, reading: Reading, evidence: RollbackEvidence) -> Finding:
    """Hold the share of failures in the two newest closed windows against the threshold.

    Raises:
        ValueError: a bound of a window is no instant.
    """
    pair = newest_pair(trigger, reading, evidence.judged_at)
    if isinstance(pair, Finding):
        return pair
    threshold, least = share(trigger, "threshold"), whole(trigger, "min_samples")
    measured = f"{_failed(pair[0])} then {_failed(pair[1])} failed"
    limit = f"over {percent(threshold)} in both"
    if min(pair[0].total, pair[1].total) < least:
        return Finding(
            state=TriggerState.INSUFFICIENT_DATA,
            reason=f"{pair[0].total} and {pair[1].total} samples, and each window needs {least}",
            measured=measured,
            limit=limit,
            fix="wait for more traffic, or take longer windows (window_s)",
        )
    over = [_over(window, threshold) for window in pair]
    return Finding(
        state=TriggerState.FIRED if all(over) else TriggerState.CLEAR,
        reason=f"{sum(over)} of 2 windows are over the threshold",
        measured=measured,
        limit=limit,
        recovered=not any(over),
    )


def _over(window: Counted, threshold: Decimal) -> bool:
    return window.total - window.good > threshold * window.total


def _failed(window: Counted) -> str:
    failed = window.total - window.good
    return f"{failed}/{window.total} ({percent(Decimal(failed) / window.total)})"
