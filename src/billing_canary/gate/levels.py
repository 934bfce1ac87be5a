"""Rules `backlog` and `repeated`: no series of a level may be over its limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from billing_canary.gate.trigger_finding import Finding, seconds_from, share, text, whole
from billing_canary.reading import Reading, Sample
from billing_canary.rollback import RollbackEvidence, Trigger, TriggerState


def backlog(trigger: Trigger, reading: Reading, evidence: RollbackEvidence) -> Finding:
    """Fired when any series is over `limit`: a count, an age in seconds, a queue's staleness.

    Raises:
        ValueError: the time of a sample is no instant.
    """
    limit, unit = share(trigger, "limit"), text(trigger, "unit")
    return _judged(trigger, reading, evidence, _Limit(most=limit, words=f"at most {limit:f}{_unit(unit)}"))


def repeated(trigger: Trigger, reading: Reading, evidence: RollbackEvidence) -> Finding:
    """Fired when one wallet or account was counted `times` or more.

    Raises:
        ValueError: the time of a sample is no instant.
    """
    times = whole(trigger, "times")
    return _judged(trigger, reading, evidence, _Limit(most=Decimal(times - 1), words=f"under {times} times"))


@dataclass(frozen=True, kw_only=True)
class _Limit:
    most: Decimal
    words: str


def _judged(trigger: Trigger, reading: Reading, evidence: RollbackEvidence, limit: _Limit) -> Finding:
    values = [(_number(sample), sample) for sample in reading.samples]
    known = [(value, sample) for value, sample in values if value is not None and not value.is_nan()]
    max_age = whole(trigger, "max_age_s")
    old = [sample for sample in reading.samples if seconds_from(sample.at, evidence.judged_at) > max_age]
    over = [each for each in known if each[0] > limit.most and each[1] not in old]
    if over:
        worst = _named(_highest(over))
        reason = f"{len(over)} of {len(values)} over the limit, the worst is {worst}"
        return _finding(TriggerState.FIRED, reason, limit, measured=worst)
    wrong = [sample for value, sample in values if value is None]
    if wrong:
        return _finding(TriggerState.ERROR, f"{_named(wrong[0])} is no level", limit, fix=_MEND)
    if old:
        return _finding(TriggerState.STALE, f"{_named(old[0])} is of {old[0].at}", limit, fix=_LATE)
    if not known or len(known) < len(values):
        reason = f"{len(values) - len(known)} of {len(values)} series have no number"
        return _finding(TriggerState.INSUFFICIENT_DATA, reason, limit, fix=_MEND)
    highest = _named(_highest(known))
    reason = f"the highest of {len(values)} is {highest}"
    return _finding(TriggerState.CLEAR, reason, limit, measured=highest)


def _highest(known: Iterable[tuple[Decimal, Sample]]) -> Sample:
    return max(known, key=lambda each: each[0])[1]


_MEND = "see what the query of this trigger answers, and mend it or its source"
_LATE = "see why the source has nothing newer"


def _finding(
    state: TriggerState, reason: str, limit: _Limit, *, measured: str = "", fix: str = ""
) -> Finding:
    recovered = state is TriggerState.CLEAR
    return Finding(
        state=state, reason=reason, measured=measured, limit=limit.words, fix=fix, recovered=recovered
    )


def _number(sample: Sample) -> Decimal | None:
    """The level; NaN when the source has none; None for what no level can be."""
    try:
        value = Decimal(sample.value)
    except InvalidOperation:
        return None
    if value.is_nan():
        return Decimal("NaN")
    return None if value.is_infinite() or value < 0 else value


def _named(sample: Sample) -> str:
    return f"{sample.labels} = {sample.value}" if sample.labels else sample.value


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
