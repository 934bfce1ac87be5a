"""The words that probes, gates and reports share: statuses, evidence and results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing_canary.money import Money
from billing_canary.project_files import ProjectFiles as ProjectFiles  # noqa: PLC0414 - one of these nouns, too
from billing_canary.verdict import Status as Status  # noqa: PLC0414 - one of these nouns, too
from billing_canary.verdict import Verdict as Verdict  # noqa: PLC0414 - one of these nouns, too
from billing_canary.verdict import worst as worst  # noqa: PLC0414 - one of these nouns, too


class Severity(StrEnum):
    """What a failed probe means for the people who pay."""

    CRITICAL = "critical"
    """Money or access is wrong for customers: stops a release, calls for a rollback."""
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One sentence that was tested. Texts are redacted before they are stored here.

    Attributes:
        claim: the sentence, true when the product is right.
        expected: what the claim asks for.
        observed: what was seen.
        held: whether the claim was true.
        source: where the observation comes from, e.g. "read_wallet" or "provider".
        reveals: fault ids of the catalogue that this claim exposes when it does not hold.
    """

    claim: str
    expected: str
    observed: str
    held: bool
    source: str
    reveals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotApplicable:
    """The project's own word that a target need not have what a probe needs: why, and who answers for it."""

    reason: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What one probe came to.

    Attributes:
        duration_ms: monotonic time.
        started_at: RFC 3339 UTC.
        not_applicable: what excuses a skipped probe; None for one that ran or that nothing excuses.
    """

    id: str
    title: str
    surface: str
    severity: Severity
    owner: str
    status: Status
    reason: str
    evidence: tuple[Evidence, ...]
    planned: tuple[Money, ...]
    spend: tuple[Money, ...]
    attempts: int
    flaky: bool
    duration_ms: int
    started_at: str
    not_applicable: NotApplicable | None = None

    @property
    def failed_claims(self) -> tuple[Evidence, ...]:
        """The evidence rows that did not hold."""
        return tuple(row for row in self.evidence if not row.held)


@dataclass(frozen=True, kw_only=True)
class SafetyCheck:
    """One rule of the guard: what was proved in this run, and how."""

    id: str
    status: Status
    claim: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """The target's own word about itself, asked before the first probe."""

    status: Status
    detail: str


@dataclass(frozen=True, kw_only=True)
class SpendEntry:
    """One money-moving request of the spend ledger.

    Attributes:
        total: the running total in its currency.
        counted: whether the amount was added to the total; a retry, or a later step of a payment that was
            counted before, is not.
    """

    what: str
    amount: Money
    total: Money
    idempotency_key: str
    answer: str
    counted: bool = True


@dataclass(frozen=True, kw_only=True)
class SpendReport:
    """Money of a run: what the probes planned, what was sent, and the caps that held."""

    planned: tuple[Money, ...] = ()
    moved: tuple[Money, ...] = ()
    caps_per_run: tuple[Money, ...] = ()
    caps_per_call: tuple[Money, ...] = ()
    entries: tuple[SpendEntry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CanaryRun:
    """Everything that one canary run saw: what the gate judges and the bundle records."""

    run_id: str
    mode: str
    target: str
    health_check: HealthCheck
    safety_checks: tuple[SafetyCheck, ...]
    probes: tuple[ProbeResult, ...]
    spend: SpendReport
    started_at: str
    finished_at: str
    duration_ms: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FaultResult:
    """What the probes made of one known fault, switched on alone.

    Attributes:
        id: the catalogue's id, e.g. "F01".
        caught: whether at least one probe turned red for a claim that reveals this fault.
        by: ids of the probes that caught it.
        claims: the claims that did not hold in those probes.
        statuses: every probe that ran, by id, with the status that it came to.
    """

    id: str
    title: str
    caught: bool
    by: tuple[str, ...]
    claims: tuple[str, ...]
    statuses: dict[str, str]
    duration_ms: int


@dataclass(frozen=True, kw_only=True)
class FaultMatrix:
    """The detection matrix: every fault alone, and the healthy service, against the probes.

    Attributes:
        healthy_runs: how often the probes ran against the service with every fault off.
        healthy_alarms: what was not a pass in those runs, as "<probe id>: <what was observed>".
    """

    run_id: str
    faults: tuple[FaultResult, ...]
    healthy_runs: int
    healthy_alarms: tuple[str, ...]
    started_at: str
    finished_at: str
    duration_ms: int
