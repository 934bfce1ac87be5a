"""What people decided: the nouns of the project's append-only audit log, one chained entry a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from billing_canary.audit.place import AUDIT_LOG as AUDIT_LOG  # noqa: PLC0414 - one of these nouns, too


class EntryKind(StrEnum):
    """What an entry says. Nothing is rewritten: an entry that ends another names it in `fields["of"]`."""

    APPROVAL = "approval"
    APPROVAL_WITHDRAWN = "approval-withdrawn"
    RISK = "risk"
    RISK_CLOSED = "risk-closed"
    ATTESTATION = "attestation"
    ATTESTATION_WITHDRAWN = "attestation-withdrawn"
    INCIDENT_OPENED = "incident-opened"
    INCIDENT_UPDATED = "incident-updated"
    INCIDENT_CLOSED = "incident-closed"
    BASELINE = "baseline"
    TRIGGER_CLEARED = "trigger-cleared"
    RUN_INVALIDATED = "run-invalidated"


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One entry.

    Attributes:
        sequence: 1 for the first, then without a gap.
        at: RFC 3339, UTC.
        by: who wrote it, as they call themselves; `gates/release.toml` says who that is.
        fields: what the kind holds, text and whole numbers only.
        previous: digest of the entry before; 64 zeros in the first.
        digest: SHA-256 of the canonical JSON of everything else.
    """

    sequence: int
    at: str
    kind: EntryKind
    by: str
    fields: Mapping[str, str | int]
    previous: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class AuditLog:
    """The whole log as read, or why it cannot be trusted.

    Attributes:
        entries: in order; empty when `problems` is not.
        problems: what breaks the chain or a line, each with its line number.
        head: digest of the last entry, 64 zeros when there is none.
    """

    entries: tuple[AuditEntry, ...] = ()
    problems: tuple[str, ...] = ()
    head: str = field(default="0" * 64)
