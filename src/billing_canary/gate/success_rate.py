"""Rule `success-rate`: two adjacent closed windows below the baseline, and chance does not explain it."""

from __future__ import annotations

from decimal import Decimal

from billing_canary.gate.baseline_rate import BaselineRate, declared_rate, newest_of, percent, rate_of, unfit
from billing_canary.gate.pooled_rule import fires
from billing_canary.gate.power import smallest_drop
from billing_canary.gate.trigger_finding import Finding, share, text, whole
from billing_canary.gate.windows import Pair, counts, newest_pair
from billing_canary.reading import Reading
from billing_canary.rollback import RollbackEvidence, Trigger, TriggerState

RECOVERED = Decimal("0.05")
"""Two windows whose pooled tail is above this look like the baseline again."""


def success_rate(trigger: Trigger, reading: Reading, evidence: RollbackEvidence) -> Finding:
    """Judge the two newest closed windows against the agreed baseline.

    Raises:
        ValueError: a bound of a window is no instant.
    """
    baseline = _baseline(trigger, evidence)
    if baseline is None:
        metric = text(trigger, "metric")
        return Finding(
            state=TriggerState.INSUFFICIENT_DATA,
            reason=f"no baseline of {metric!r} was agreed",
            fix=f"record one with 'billing-canary baseline set {metric}', or declare it in the policy",
        )
    pair = newest_pair(trigger, reading, evidence.judged_at)
    if isinstance(pair, Finding):
        return pair
    drop = smallest_drop(baseline, share(trigger, "alpha"), (pair[0].total, pair[1].total))
    return _too_little(trigger, pair, baseline, drop) or _judged(trigger, pair, baseline, drop)


def _baseline(trigger: Trigger, evidence: RollbackEvidence) -> BaselineRate | None:
    declared = text(trigger, "baseline")
    if declared:
        return declared_rate(declared)
    recorded = newest_of(evidence.baselines, text(trigger, "metric"))
    return None if recorded is None else rate_of(recorded)


def _too_little(trigger: Trigger, pair: Pair, baseline: BaselineRate, drop: Decimal | None) -> Finding | None:
    """Why nothing can be said, with the smallest drop that these windows could have shown."""
    totals = (pair[0].total, pair[1].total)
    least, wanted = whole(trigger, "min_samples"), share(trigger, "visible_drop")
    if unfit(baseline, max(totals)):
        why = unfit(baseline, max(totals))
    elif min(totals) < least:
        why = f"{totals[0]} and {totals[1]} samples, and each window needs {least}"
    elif drop is None or drop > wanted:
        why = f"{totals[0]} and {totals[1]} samples are too few to show a drop of {points(wanted)}"
    else:
        return None
    return Finding(
        state=TriggerState.INSUFFICIENT_DATA,
        reason=f"{why}; {seen(drop)}",
        measured=_measured(pair),
        limit=_limit(trigger, baseline),
        fix="wait for more samples, take longer windows (window_s), or probe more often",
    )


def _judged(trigger: Trigger, pair: Pair, baseline: BaselineRate, drop: Decimal | None) -> Finding:
    alpha = share(trigger, "alpha")
    good, total = pair[0].good + pair[1].good, pair[0].total + pair[1].total
    tail = baseline.tail(good, total)
    fired = fires(baseline, alpha, counts(pair))
    chance = f"so few successes have a probability of {tail:.1e} at the baseline"
    return Finding(
        state=TriggerState.FIRED if fired else TriggerState.CLEAR,
        reason=f"both windows are below the baseline, and {chance}" if fired else f"{chance}; {seen(drop)}",
        measured=_measured(pair),
        limit=_limit(trigger, baseline),
        recovered=tail > RECOVERED,
    )


def _measured(pair: Pair) -> str:
    (good, total), (later_good, later_total) = counts(pair)
    both, all_of = good + later_good, total + later_total
    return f"{good}/{total} then {later_good}/{later_total}, {percent(Decimal(both) / all_of)} of {all_of}"


def _limit(trigger: Trigger, baseline: BaselineRate) -> str:
    return f"both below {baseline.words}, and by chance under {text(trigger, 'alpha')}"


def seen(drop: Decimal | None) -> str:
    """What two windows of this size could have seen, as a clause."""
    if drop is None:
        return "windows of this size could have shown no drop at all"
    return f"the smallest drop that could have been seen is {points(drop)}"


def points(drop: Decimal) -> str:
    """A drop as a share of one, in percentage points."""
    return f"{drop * 100:.1f} points"
