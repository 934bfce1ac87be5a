"""What an audit log says now: what was approved, accepted, attested, opened or declared and not ended since.

Pure. A log with problems has no entries, so each view of it is empty. Nothing here looks at a clock: what
has expired is still listed, and whoever judges compares `expires` with its own time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from billing_canary.audit.chain import open_entries
from billing_canary.audit.log import AuditEntry, AuditLog, EntryKind
from billing_canary.reading import IncidentSeen
from billing_canary.rollback import Baseline


@dataclass(frozen=True, kw_only=True)
class Approval:
    """An approval that was not withdrawn. `by` is a spelling; `people.identify` says who it is."""

    sequence: int
    at: str
    by: str
    commit: str
    role: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Risk:
    """A known risk that was not closed. `expires`: RFC 3339, UTC; it may have passed."""

    sequence: int
    at: str
    by: str
    title: str
    owner: str
    mitigation: str
    expires: str


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """Manual evidence that was not withdrawn.

    Attributes:
        by: its owner.
        expires: RFC 3339, UTC; it may have passed.
        state: "verified", "partial" or "none", or "" where the item has no state.
        rehearsed_on: ISO date, or "".
    """

    sequence: int
    at: str
    by: str
    item: str
    commit: str
    reason: str
    expires: str
    state: str
    rehearsed_on: str


@dataclass(frozen=True, kw_only=True)
class Incident:
    """An incident with what its updates changed. `id` is how reports name it; `severity`: 1 is the worst."""

    id: str
    sequence: int
    at: str
    by: str
    title: str
    severity: int
    billing: bool
    impact: str
    owner: str
    open: bool
    updated_at: str


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """That somebody cleared a trigger that had fired."""

    sequence: int
    at: str
    by: str
    trigger: str
    reason: str


S = TypeVar("S", Approval, Risk, Attestation, Cleared)


def approvals(log: AuditLog, commit: str | None = None) -> tuple[Approval, ...]:
    """Approvals in force, oldest first; those of `commit` (full hash) only, when it is given."""
    return tuple(
        _seen(Approval, entry)
        for entry in _open(log, EntryKind.APPROVAL)
        if commit in {None, entry.fields["commit"]}
    )


def open_risks(log: AuditLog) -> tuple[Risk, ...]:
    """Known risks that nobody closed, oldest first."""
    return tuple(_seen(Risk, entry) for entry in _open(log, EntryKind.RISK))


def attestations(log: AuditLog, commit: str | None = None) -> tuple[Attestation, ...]:
    """Attestations in force, oldest first; those of `commit` (full hash) only, when it is given."""
    return tuple(
        _seen(Attestation, entry)
        for entry in _open(log, EntryKind.ATTESTATION)
        if commit in {None, entry.fields["commit"]}
    )


def incident_details(log: AuditLog) -> tuple[Incident, ...]:
    """Every incident, open or closed, oldest first, as its updates left it."""
    still = open_entries(log.entries)
    merged = {e.sequence: dict(e.fields) for e in log.entries if e.kind is EntryKind.INCIDENT_OPENED}
    touched: dict[int, str] = {}
    for entry in log.entries:
        if entry.kind in {EntryKind.INCIDENT_UPDATED, EntryKind.INCIDENT_CLOSED}:
            merged[int(entry.fields["of"])].update(entry.fields)
            touched[int(entry.fields["of"])] = entry.at
    return tuple(
        Incident(
            id=f"incident-{entry.sequence}",
            sequence=entry.sequence,
            at=entry.at,
            by=entry.by,
            title=str(merged[entry.sequence]["title"]),
            severity=int(merged[entry.sequence]["severity"]),
            billing=merged[entry.sequence]["billing"] == "yes",
            impact=str(merged[entry.sequence]["impact"]),
            owner=str(merged[entry.sequence]["owner"]),
            open=entry.sequence in still,
            updated_at=touched.get(entry.sequence, entry.at),
        )
        for entry in log.entries
        if entry.kind is EntryKind.INCIDENT_OPENED
    )


def incidents(log: AuditLog) -> tuple[IncidentSeen, ...]:
    """Every incident as triggers see it."""
    return tuple(
        IncidentSeen(
            id=incident.id,
            severity=incident.severity,
            billing=incident.billing,
            open=incident.open,
            title=incident.title,
            opened_at=incident.at,
        )
        for incident in incident_details(log)
    )


def baselines(log: AuditLog) -> tuple[Baseline, ...]:
    """The latest baseline of each metric, by metric."""
    latest = {_text(entry, "metric"): entry for entry in _open(log, EntryKind.BASELINE)}
    return tuple(
        Baseline(
            metric=metric,
            declared=_text(entry, "declared"),
            good=int(entry.fields.get("good", 0)),
            total=int(entry.fields.get("total", 0)),
            period=_text(entry, "period"),
            owner=_text(entry, "owner"),
            set_at=entry.at,
        )
        for metric, entry in sorted(latest.items())
    )


def invalidated(log: AuditLog) -> Mapping[str, str]:
    """The reason for each run that was declared void, by "kind/run-id"; the first reason stands."""
    found: dict[str, str] = {}
    for entry in _open(log, EntryKind.RUN_INVALIDATED):
        found.setdefault(f"{entry.fields['kind']}/{entry.fields['run_id']}", _text(entry, "reason"))
    return found


def cleared(log: AuditLog) -> tuple[Cleared, ...]:
    """Every clearing of a trigger, oldest first."""
    return tuple(_seen(Cleared, entry) for entry in _open(log, EntryKind.TRIGGER_CLEARED))


def _seen(kind: type[S], entry: AuditEntry) -> S:
    """`entry` as a `kind`: what the kind has beside the entry's own are texts of the same names."""
    told: dict[str, Any] = {each.name: _text(entry, each.name) for each in fields(kind)}
    return kind(**(told | {"sequence": entry.sequence, "at": entry.at, "by": entry.by}))


def _open(log: AuditLog, kind: EntryKind) -> Iterator[AuditEntry]:
    still = open_entries(log.entries)
    return (entry for entry in log.entries if entry.kind is kind and entry.sequence in still)


def _text(entry: AuditEntry, name: str) -> str:
    return str(entry.fields.get(name, ""))
