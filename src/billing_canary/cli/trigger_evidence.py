"""Collecting what the recommendation is judged from: every answer, the baselines, and what fired before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from billing_canary.artifact.trigger_readings import Recorded
from billing_canary.artifact.triggers_history import Remembered, remember
from billing_canary.audit.log import AuditLog
from billing_canary.audit.log_file import load_log
from billing_canary.audit.views import baselines, cleared, invalidated
from billing_canary.cli.trigger_runs import runs_below
from billing_canary.errors import EvidenceError
from billing_canary.project import Project
from billing_canary.reading import Reading
from billing_canary.rollback import EarlierFiring, RollbackEvidence
from billing_canary.telemetry.reader import read_signal
from billing_canary.telemetry.rollback_policy import Watched, in_mode

_SHORT = 12


@dataclass(frozen=True, kw_only=True)
class Collecting:
    """What evidence is collected for.

    Attributes:
        mode: only canary runs in this mode count; None leaves it to the policy.
        commit: what is running, or None.
        now: RFC 3339, UTC.
    """

    project: Project
    watched: Watched
    artifacts: Path
    mode: str | None
    commit: str | None
    run_id: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The evidence, and the earlier evaluations that it was compared with."""

    recorded: Recorded
    remembered: Remembered


def collect(collecting: Collecting) -> Collected:
    """Ask every source, and look back.

    Raises:
        EvidenceError: the artifacts folder cannot be listed.
    """
    log, problems = _log(collecting.project.root)
    triggers = collecting.watched.policy.triggers
    remembered = remember(collecting.artifacts, {trigger.id for trigger in triggers}, collecting.run_id)
    evidence = RollbackEvidence(
        judged_at=collecting.now,
        commit=collecting.commit,
        readings=dict(_readings(collecting, log)),
        baselines=baselines(log),
        earlier=tuple(_firings(remembered.firings, log, collecting.commit)),
        run_id=collecting.run_id,
    )
    notes = (*problems, *remembered.notes)
    return Collected(recorded=Recorded(evidence=evidence, notes=notes), remembered=remembered)


def _log(root: Path) -> tuple[AuditLog, tuple[str, ...]]:
    """The audit log; with problems it counts as empty, so that nothing in it clears a trigger."""
    try:
        log = load_log(root)
    except EvidenceError as error:
        return AuditLog(), (f"the audit log is not used: {error}",)
    if log.problems:
        return AuditLog(), (f"the audit log is broken and not used: {log.problems[0]}",)
    return log, ()


def _readings(collecting: Collecting, log: AuditLog) -> Iterator[tuple[str, Reading]]:
    watched = collecting.watched
    sources = in_mode(watched.sources, collecting.mode)
    runs = runs_below(collecting.artifacts, invalidated(log))
    for trigger in watched.policy.triggers:
        yield (
            trigger.id,
            read_signal(
                sources[trigger.source],
                watched.questions[trigger.id],
                now=collecting.now,
                environment=os.environ,
                root=collecting.project.root,
                artifacts=collecting.artifacts,
                runs=runs,
            ),
        )


def _firings(
    firings: tuple[EarlierFiring, ...], log: AuditLog, commit: str | None
) -> Iterator[EarlierFiring]:
    for firing in firings:
        yield replace(firing, cleared_by=_cleared_by(firing, log, commit))


def _cleared_by(firing: EarlierFiring, log: AuditLog, commit: str | None) -> str:
    """Who or what cleared a firing after it fired last, or ""."""
    for entry in reversed(cleared(log)):
        if entry.trigger == firing.trigger and entry.at > firing.fired_at:
            return f"{entry.by} at {entry.at}: {entry.reason}"
    if commit and firing.commit and commit != firing.commit:
        return f"a new release: {commit[:_SHORT]} runs, {firing.commit[:_SHORT]} ran when it fired"
    return ""
