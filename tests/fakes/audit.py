"""Audit logs made by the same steps as the command line, but in memory."""

from __future__ import annotations

from collections.abc import Mapping

from billing_canary.audit.chain import log_bytes, next_entry, read_log
from billing_canary.audit.log import AuditEntry, AuditLog, EntryKind

COMMIT, OTHER_COMMIT = "a" * 40, "b" * 40
APPROVE = ("approve", "--commit", COMMIT, "--role", "lead", "--by", "Ada Byron")
"""A command line."""

EXPIRES = "2026-12-05T10:00:00.000Z"

FIELDS: dict[EntryKind, dict[str, str | int]] = {
    EntryKind.APPROVAL: {"commit": COMMIT, "role": "engineering-lead"},
    EntryKind.APPROVAL_WITHDRAWN: {"of": 1, "reason": "changed since"},
    EntryKind.RISK: {"title": "Slow", "owner": "Ada", "mitigation": "watch it", "expires": EXPIRES},
    EntryKind.RISK_CLOSED: {"of": 1, "reason": "fixed"},
    EntryKind.ATTESTATION: {
        "item": "finance-sign-off",
        "commit": COMMIT,
        "reason": "prices checked",
        "expires": EXPIRES,
    },
    EntryKind.ATTESTATION_WITHDRAWN: {"of": 1, "reason": "wrong build"},
    EntryKind.INCIDENT_OPENED: {
        "title": "Top-ups fail",
        "severity": 1,
        "billing": "yes",
        "impact": "nobody can pay",
        "owner": "Ada",
    },
    EntryKind.INCIDENT_UPDATED: {"of": 1, "note": "cards work"},
    EntryKind.INCIDENT_CLOSED: {"of": 1, "reason": "fixed"},
    EntryKind.BASELINE: {"metric": "top-up", "owner": "Ada", "declared": "0.97"},
    EntryKind.TRIGGER_CLEARED: {"trigger": "backlog", "reason": "drained"},
    EntryKind.RUN_INVALIDATED: {"kind": "billing-canary", "run_id": "one", "reason": "wrong target"},
}
"""The least that each kind can hold."""


def instant(minute: int) -> str:
    """A time on the morning on which all of this happens."""
    return f"2026-11-21T10:{minute:02d}:00.000Z"


def entry_after(log: AuditLog, kind: EntryKind, /, **fields: str | int) -> AuditEntry:
    """The next entry of `log`, one minute after the one before; `fields` are added to the least."""
    return next_entry(log, kind, "Ada Byron", {**FIELDS[kind], **fields}, instant(len(log.entries)))


def make_bytes(*entries: EntryKind | tuple[EntryKind, Mapping[str, str | int]]) -> bytes:
    """The file with these entries; the chain fits, whatever they say."""
    made: tuple[AuditEntry, ...] = ()
    for item in entries:
        kind, fields = item if isinstance(item, tuple) else (item, {})
        log = AuditLog(entries=made, head=made[-1].digest if made else "0" * 64)
        made = (*made, entry_after(log, kind, **fields))
    return log_bytes(AuditLog(entries=made))


def make_log(*entries: EntryKind | tuple[EntryKind, Mapping[str, str | int]]) -> AuditLog:
    """The log with these entries, read back."""
    log = read_log(make_bytes(*entries))
    assert log.problems == (), log.problems
    return log
