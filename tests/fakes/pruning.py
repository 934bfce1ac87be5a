"""Pruning archives of made-up runs, and what is left of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.archives import KIND

from billing_canary.artifact.listing import list_runs
from billing_canary.artifact.prune import Pruned, prune
from billing_canary.artifact.prune_plan import PrunePlan, Told, plan_prune
from billing_canary.artifact.retention import Limits
from billing_canary.audit.chain import next_entry
from billing_canary.audit.log import AuditLog, EntryKind

NOW = "2026-11-21T12:00:00.000Z"
ONE = Limits(passed=1, failed=1, other=1)
INCIDENT: dict[str, str | int] = {"title": "x", "severity": 1, "billing": "yes", "impact": "x", "owner": "x"}


def planned(root: Path, limits: Limits = ONE, log: AuditLog | None = None) -> PrunePlan:
    return plan_prune(root, (), limits, Told(log=log), trust_index=False)


def pruned(root: Path, limits: Limits = ONE, log: AuditLog | None = None) -> Pruned:
    return prune(root, planned(root, limits, log), lambda: log or AuditLog(), NOW)


def left(root: Path) -> list[int]:
    """Numbers of the runs that are listed, newest first."""
    return [int(row.run_id.split("-")[1], 16) for row in list_runs(root, (KIND,))]


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def opened(*fields: dict[str, str | int]) -> AuditLog:
    """A log with one open incident for each of `fields`."""
    log = AuditLog()
    for each in fields:
        log = extended(log, EntryKind.INCIDENT_OPENED, {**INCIDENT, **each})
    return log


def extended(log: AuditLog, kind: EntryKind, fields: dict[str, str | int]) -> AuditLog:
    entry = next_entry(log, kind, "Taylor", fields, NOW)
    return AuditLog(entries=(*log.entries, entry), head=entry.digest)


def decide(root: Path, cites: object, name: str = "20261102T000000.000Z-dec1") -> Path:
    folder = root / "billing-decisions" / name
    folder.mkdir(parents=True)
    (folder / "decision.json").write_text(json.dumps({"cites": cites, "verdict": "GO"}))
    return folder
