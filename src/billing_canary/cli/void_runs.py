"""Which recorded runs somebody declared void, from the project's audit log."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from billing_canary.audit.log import AUDIT_LOG, AuditLog
from billing_canary.cli.log_near import log_is_near
from billing_canary.errors import EvidenceError


@dataclass(frozen=True, kw_only=True)
class Void:
    """Who declared a run void, when (RFC 3339 UTC), and why."""

    by: str
    at: str
    reason: str


def read_log(root: Path) -> AuditLog:
    """The audit log of the project at `root`; one with problems when it cannot be read at all."""
    if not os.path.lexists(root / AUDIT_LOG):
        return AuditLog()
    from billing_canary.audit.log_file import load_log

    try:
        return load_log(root)
    except EvidenceError as error:
        return AuditLog(problems=(str(error),))


def void_in(log: AuditLog) -> Mapping[str, Void]:
    """The void runs of `log` by "kind/run-id"."""
    if not log.entries:
        return {}
    from billing_canary.audit.log import EntryKind
    from billing_canary.audit.views import invalidated

    reasons = invalidated(log)
    found: dict[str, Void] = {}
    for entry in log.entries:
        run = f"{entry.fields.get('kind')}/{entry.fields.get('run_id')}"
        if entry.kind is EntryKind.RUN_INVALIDATED and run in reasons:
            found.setdefault(run, Void(by=entry.by, at=entry.at, reason=reasons[run]))
    return found


def void_runs(root: Path) -> frozenset[str]:
    """The void runs of the project at `root`, "kind/run-id"; none when its log tells nothing.

    For histories, which are no evidence: those who decide look at what is wrong with the log.
    """
    return frozenset(void_in(read_log(root)))


def void_near(project: str | None) -> Mapping[str, Void]:
    """The void runs of the project that `--project` or the working directory leads to.

    Raises:
        ProjectError: `--project` names none.
    """
    return void_in(log_near(project)())


def log_near(project: str | None) -> Callable[[], AuditLog]:
    """What reads the log of that project, each time anew where it has changed.

    Looking for the project takes longer than listing runs; so it is looked for only where there is a log
    that could be its own.

    Raises:
        ProjectError: `--project` names none.
    """
    if project is None and not log_is_near():
        return AuditLog
    from billing_canary.project import find_project

    found = find_project(None if project is None else Path(project), Path.cwd())
    return AuditLog if found.bundled else _Reader(found.root)


class _Reader:
    """Reads a log again only when its file is another than before."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: object = None
        self._log = AuditLog()

    def __call__(self) -> AuditLog:
        try:
            found = (self._root / AUDIT_LOG).stat()
            seen: object = (found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError as error:
            seen = error.errno
        if seen != self._seen:
            self._log, self._seen = read_log(self._root), seen
        return self._log
