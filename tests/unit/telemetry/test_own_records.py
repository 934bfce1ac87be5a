"""Our own bundles and the project's audit log as sources."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.signals import NOW, ask

from billing_canary.audit.log import AUDIT_LOG, EntryKind
from billing_canary.audit.log_file import append
from billing_canary.errors import EvidenceError
from billing_canary.reading import Outcome, RunSeen
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.settings import BundlesSource

RUNS = Question(trigger="canary", form=Form.RUNS)
INCIDENTS = Question(trigger="incident", form=Form.INCIDENTS)
RUN = RunSeen(
    run_id="r1",
    kind="billing-canary",
    state="verified",
    overall_status="pass",
    mode="staging",
    started_at=NOW,
    finished_at=NOW,
)


def test_the_newest_runs_of_a_mode_are_seen() -> None:
    asked: list[BundlesSource] = []

    def runs(source: BundlesSource) -> tuple[RunSeen, ...]:
        asked.append(source)
        broken = replace(RUN, run_id="r2", state="damaged", mode="")
        other = (replace(RUN, run_id="r3", mode="mock"), replace(RUN, run_id="r4", kind="billing-faults"))
        return (RUN, broken, *other, replace(RUN, run_id="r5"), replace(RUN, run_id="r6"))

    reading = ask({"kind": "bundles", "mode": "staging"}, RUNS, runs=runs)
    assert [run.run_id for run in reading.runs] == ["r1", "r2", "r5"]
    assert reading.question == "newest 3 runs of artifacts/billing-canary in staging mode"
    assert reading.outcome is Outcome.ANSWERED
    assert asked == [
        BundlesSource(name="it", kind="bundles", of="billing-canary", mode="staging", newest=3),
    ]
    everything = ask({"kind": "bundles", "newest": 5}, RUNS, runs=runs)
    assert [run.run_id for run in everything.runs] == ["r1", "r2", "r3", "r5", "r6"]


def test_no_run_is_empty() -> None:
    assert ask({"kind": "bundles"}, RUNS).outcome is Outcome.EMPTY


def test_bundles_that_cannot_be_read_are_told() -> None:
    def broken(_: BundlesSource) -> tuple[RunSeen, ...]:
        raise EvidenceError("artifacts cannot be read: Permission denied")

    reading = ask({"kind": "bundles"}, RUNS, runs=broken)
    assert (reading.outcome, reading.problem) == (
        Outcome.FAILED,
        "artifacts cannot be read: Permission denied",
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "gates").mkdir()
    return tmp_path


def open_incident(project: Path) -> None:
    fields: dict[str, str | int] = {
        "title": "Top-ups fail",
        "severity": 1,
        "billing": "yes",
        "impact": "all",
        "owner": "ann",
    }
    append(project, EntryKind.INCIDENT_OPENED, "ann", fields, NOW[:-1] + ".000Z")


def test_incidents_of_the_log_are_seen(project: Path) -> None:
    open_incident(project)
    reading = ask({"kind": "audit-log"}, INCIDENTS, root=project)
    [seen] = reading.incidents
    assert (seen.severity, seen.billing, seen.open, seen.title) == (1, True, True, "Top-ups fail")
    assert (reading.outcome, reading.question) == (Outcome.ANSWERED, AUDIT_LOG)


def test_a_project_without_a_log_has_no_incident(project: Path) -> None:
    reading = ask({"kind": "audit-log"}, INCIDENTS, root=project)
    assert (reading.outcome, reading.incidents) == (Outcome.ANSWERED, ())


def test_a_broken_log_fails(project: Path) -> None:
    open_incident(project)
    open_incident(project)
    log = project / AUDIT_LOG
    log.write_bytes(log.read_bytes().replace(b"Top-ups fail", b"Top-ups work", 1))
    reading = ask({"kind": "audit-log"}, INCIDENTS, root=project)
    assert (reading.outcome, reading.incidents) == (Outcome.FAILED, ())
    assert "line 1: its digest is not that of its content" in reading.problem


def test_a_log_with_much_wrong_shows_some_of_it(project: Path) -> None:
    (project / AUDIT_LOG).write_text("x\n" * 9)
    assert "and 6 more" in ask({"kind": "audit-log"}, INCIDENTS, root=project).problem


def test_a_log_that_is_no_file_fails(project: Path) -> None:
    (project / AUDIT_LOG).mkdir()
    assert ask({"kind": "audit-log"}, INCIDENTS, root=project).outcome is Outcome.FAILED


def test_now_must_be_an_instant() -> None:
    with pytest.raises(ValueError, match="no time with a zone"):
        ask({"kind": "audit-log"}, INCIDENTS, now="2026-07-01")


def test_nothing_heavy_is_imported_before_it_is_asked() -> None:
    heavy = "{'requests', 'sqlite3', 'psycopg', 'csv', 'urllib3', 'email'}"
    code = f"import sys, billing_canary.telemetry.reader; print(sorted({heavy} & set(sys.modules)))"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
