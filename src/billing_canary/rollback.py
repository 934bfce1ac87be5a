"""The nouns of roll back or hold: the triggers of the policy, what each came to, and the recommendation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from billing_canary.reading import Reading


class TriggerState(StrEnum):
    """What one trigger came to."""

    FIRED = "fired"
    CLEAR = "clear"
    INSUFFICIENT_DATA = "insufficient_data"
    STALE = "stale"
    ERROR = "error"


class TriggerRule(StrEnum):
    """What a trigger of `gates/rollback.toml` looks for; each has one rule in `gate/`."""

    CANARY_FAILED = "canary-failed"
    CANARY_STALE = "canary-stale"
    SUCCESS_RATE = "success-rate"
    FAILURE_RATIO = "failure-ratio"
    BACKLOG = "backlog"
    """A count, an age in seconds, or any other level over its limit; also a queue's staleness."""
    REPEATED = "repeated"
    """The same wallet or account more often than allowed, such as blocks of solvent wallets."""
    INCIDENT = "incident"


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """One trigger of the policy.

    Attributes:
        source: name of the source that it asks.
        settings: what its rule needs, checked when loaded.
        why: the reason that the policy gives, shown when it fires.
    """

    id: str
    title: str
    rule: TriggerRule
    source: str
    settings: Mapping[str, object]
    why: str
    place: str


@dataclass(frozen=True, kw_only=True)
class DisabledTrigger:
    """A trigger that the policy switches off. It judges nothing, and every report shows it with its owner."""

    id: str
    title: str
    reason: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class RollbackPolicy:
    """`gates/rollback.toml`, checked, apart from its sources."""

    title: str
    triggers: tuple[Trigger, ...]
    disabled: tuple[DisabledTrigger, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """An agreed success rate: declared (a rate), or measured (k of n in a period).

    Attributes:
        declared: decimal text such as "0.97", or "" when it was measured.
    """

    metric: str
    declared: str
    good: int
    total: int
    period: str
    owner: str
    set_at: str


@dataclass(frozen=True, kw_only=True)
class EarlierFiring:
    """That a trigger fired in an earlier evaluation and was not re-armed since.

    Attributes:
        run_id: evaluation whose readings fired it last.
        fired_at: when that was, RFC 3339 UTC.
        cleared_by: person or new release that cleared it since, or "".
        commit: what was running then; None when nobody knew.
        since: when it fired first without being re-armed since.
    """

    trigger: str
    run_id: str
    fired_at: str
    cleared_by: str = ""
    commit: str | None = None
    since: str = ""


@dataclass(frozen=True, kw_only=True)
class TriggerResult:
    """What one trigger came to: the numbers in words, as `k/n` where there are counts.

    Attributes:
        firing: the firing that keeps it fired, this evaluation's own included; the next evaluation starts
            from it.
    """

    id: str
    title: str
    state: TriggerState
    rule: str
    measured: str
    limit: str
    evidence: str
    reason: str
    fix: str = ""
    firing: EarlierFiring | None = None


@dataclass(frozen=True, kw_only=True)
class RollbackEvidence:
    """Everything that the recommendation is judged from.

    Attributes:
        judged_at: RFC 3339, UTC: the only clock of the judgement.
        commit: what is running, as far as it is known.
        readings: by trigger id.
        earlier: at most one for each trigger.
        run_id: the evaluation that this is the evidence of.
    """

    judged_at: str
    commit: str | None
    readings: Mapping[str, Reading]
    baselines: tuple[Baseline, ...]
    earlier: tuple[EarlierFiring, ...]
    run_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """`hold`, `rollback` or `unknown`, with every trigger."""

    verdict: str
    judged_at: str
    triggers: tuple[TriggerResult, ...]
    reasons: tuple[str, ...]
