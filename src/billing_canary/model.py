"""The words that probes, gates and reports share: statuses, evidence and results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from billing_canary.money import Money


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
class ProbeResult:
    """What one probe came to. `duration_ms` is monotonic time; `started_at` RFC 3339 UTC."""

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
    """One money-moving request of the spend ledger. `total` is the running total in its currency."""

    what: str
    amount: Money
    total: Money
    idempotency_key: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class SpendReport:
    """Money of a run: what the probes planned, what was sent, and the caps that held."""

    planned: tuple[Money, ...] = ()
    moved: tuple[Money, ...] = ()
    caps_per_run: tuple[Money, ...] = ()
    caps_per_call: tuple[Money, ...] = ()
    entries: tuple[SpendEntry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProjectFiles:
    """Which project a run used.

    Attributes:
        root: the project's folder, or "bundled default".
        origin: how it was found: "--project", "found above the working directory" or "bundled".
        sha256: path inside the project to the hash of each file that the run loaded.
    """

    root: str
    origin: str
    sha256: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The overall status of a run and the sentences that say why."""

    overall_status: Status
    reasons: tuple[str, ...]


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
