"""What every final document says about the run beside its results: which code, project and tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from billing_canary.project_files import ProjectFiles
from billing_canary.verdict import Verdict

SCHEMA_VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class ReportHead:
    """Where a report comes from.

    Attributes:
        mode: "mock" or "staging".
        commit: full hash of the commit that was checked out, or None outside of a Git repository.
        dirty: whether tracked files differed from it; None when there is no commit.
        argv: the command line as it was typed; redacted when it is written.
        versions: distribution name to version, this program's own included.
    """

    mode: str
    commit: str | None
    dirty: bool | None
    argv: tuple[str, ...]
    project: ProjectFiles
    versions: Mapping[str, str] = field(default_factory=dict)


def opening(head: ReportHead, run_id: str, verdict: Verdict) -> dict[str, Any]:
    """The fields that a final document opens with."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "mode": head.mode,
        "commit": head.commit,
        "dirty": head.dirty,
        "overall_status": str(verdict.overall_status),
        "reasons": list(verdict.reasons),
    }


def closing(head: ReportHead, started_at: str, finished_at: str, duration_ms: int) -> dict[str, Any]:
    """The fields that a final document ends with; the bundle writer fills in index and count."""
    return {
        "artifact_index": [],
        "missing_count": 0,
        "started_at": started_at,
        "finished_at": finished_at,
        "duration_ms": duration_ms,
        "project": asdict(head.project),
        "argv": list(head.argv),
        "versions": dict(head.versions),
    }


def read_head(document: Mapping[str, Any]) -> ReportHead:
    """The head of a final document that its schema accepted."""
    project = document["project"]
    return ReportHead(
        mode=document["mode"],
        commit=document["commit"],
        dirty=document["dirty"],
        argv=tuple(document["argv"]),
        project=ProjectFiles(root=project["root"], origin=project["origin"], sha256=dict(project["sha256"])),
        versions=dict(document["versions"]),
    )
