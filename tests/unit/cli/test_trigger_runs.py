"""Our own runs as triggers see them: one at work is none yet, a broken one is never left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.cli.trigger_runs import runs_below
from billing_canary.errors import EvidenceError
from billing_canary.redact import Redactor
from billing_canary.telemetry.settings import BundlesSource

PROJECT = {"root": "here", "origin": "test", "sha256": {}}


def _source(mode: str = "any", newest: int = 3, of: str = "billing-canary") -> BundlesSource:
    return BundlesSource(name="canary", kind="bundles", of=of, mode=mode, newest=newest)


def _begun(root: Path, run_id: str, mode: str = "mock") -> BundleWriter:
    head = {"mode": mode, "argv": [], "started_at": "2026-11-21T10:00:00.000Z", "project": PROJECT}
    return BundleWriter.create(root, "billing-canary", run_id, head, Redactor())


def test_a_run_at_work_is_passed_over_until_it_is_interrupted(tmp_path: Path) -> None:
    writer = _begun(tmp_path, "run-1")
    runs = runs_below(tmp_path, {})
    assert runs(_source()) == ()
    writer.interrupt("interrupted by a signal")
    (seen,) = runs(_source())
    assert (seen.run_id, seen.state, seen.mode) == ("run-1", "interrupted", "mock")
    assert (seen.finished_at, seen.reason) == ("", "interrupted by a signal")


def test_runs_of_another_mode_are_passed_over_but_not_what_hides_its_mode(tmp_path: Path) -> None:
    for number, mode in enumerate(("mock", "staging", "mock")):
        _begun(tmp_path, f"run-{number}", mode).interrupt("stopped")
    (tmp_path / "billing-canary/run-2/run.json").write_text("no json")
    found = runs_below(tmp_path, {})(_source("staging"))
    assert sorted(run.run_id for run in found) == ["run-1", "run-2"]


def test_no_more_runs_than_asked_for_are_read(tmp_path: Path) -> None:
    for minute in range(5):
        _begun(tmp_path, f"20261121T10{minute:02}00.000Z-0000").interrupt("stopped")
    found = runs_below(tmp_path, {})(_source(newest=2))
    assert [run.run_id[9:13] for run in found] == ["1004", "1003"]


def test_a_void_run_says_so(tmp_path: Path) -> None:
    _begun(tmp_path, "run-1").interrupt("stopped")
    (seen,) = runs_below(tmp_path, {"billing-canary/run-1": "wrong target"})(_source())
    assert (seen.state, seen.reason) == ("invalidated", "wrong target")


def test_an_unknown_kind_of_bundle_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="'billing-cannery' is no kind of bundle"):
        runs_below(tmp_path, {})(_source(of="billing-cannery"))
