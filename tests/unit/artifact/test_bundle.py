"""Writing a bundle: what stands on disk after each step, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport, canary_document
from billing_canary.artifact.complete import complete_faults
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.verify import BundleState, verify_bundle
from billing_canary.errors import EvidenceError, ExitCode, ProjectError
from billing_canary.redact import Redactor

Claim = Callable[..., BundleWriter]


def run_json(writer: BundleWriter) -> Any:
    return json.loads((writer.folder / "run.json").read_text())


def test_the_run_announces_itself_first(claim: Claim) -> None:
    writer = claim()

    assert [entry.name for entry in writer.folder.iterdir()] == ["run.json"]
    assert run_json(writer)["state"] == "running"
    assert verify_bundle(writer.folder).state is BundleState.INTERRUPTED


def test_a_taken_run_id_is_a_wrong_call_that_names_the_folder(claim: Claim) -> None:
    first = claim()

    with pytest.raises(ProjectError, match=f"{first.folder}: run id taken") as caught:
        claim()

    assert caught.value.exit_code is ExitCode.WRONG_CALL


@pytest.mark.parametrize("run_id", ["", ".", "..", "a..b", "a/b", "-x", ".x", "a" * 101, "ä", "a\n", "a b"])
def test_a_malformed_run_id_is_a_wrong_call(claim: Claim, tmp_path: Path, run_id: str) -> None:
    with pytest.raises(ProjectError, match="--run-id"):
        claim(run_id)

    assert list(tmp_path.iterdir()) == []


def test_a_run_id_that_would_be_masked_is_a_wrong_call(claim: Claim) -> None:
    with pytest.raises(ProjectError, match="looks like a secret or a card number"):
        claim("4242-4242-4242-4242")


def test_a_file_in_the_way_is_named_before_anything_runs(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "root").write_text("in the way")

    with pytest.raises(ProjectError, match=r"root.*cannot be made"):
        claim(root=tmp_path / "root")


def test_a_file_called_like_the_kind_is_in_the_way_too(claim: Claim, tmp_path: Path) -> None:
    (tmp_path / "billing-canary").write_text("in the way")

    with pytest.raises(ProjectError, match="cannot be made"):
        claim()


def test_a_finished_bundle_has_every_file_in_its_index(bundle: Path) -> None:
    final = json.loads((bundle / "billing-canary-report.json").read_text())

    rows = {row["path"]: row for row in final["artifact_index"]}
    assert sorted(rows) == [
        "billing-canary-report.md",
        "junit.xml",
        "logs/run.log",
        "run.json",
        "runner.json",
    ]
    for path, row in rows.items():
        data = (bundle / path).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert row["required"]
        assert row["present"]
    assert final["missing_count"] == 0
    assert json.loads((bundle / "run.json").read_text())["state"] == "finished"
    assert not list(bundle.rglob("*.tmp"))


def test_a_file_that_nobody_declared_is_indexed_as_found(claim: Claim, report: CanaryReport) -> None:
    writer = claim()
    (writer.folder / "extra.txt").write_text("left by a probe")

    final = json.loads(writer.finish(canary_document(report)).read_text())

    row = next(row for row in final["artifact_index"] if row["path"] == "extra.txt")
    assert (row["kind"], row["required"], row["bytes"]) == ("other", False, 15)


def test_missing_files_are_counted(claim: Claim, report: CanaryReport) -> None:
    final = json.loads(claim().finish(canary_document(report)).read_text())

    absent = [row["path"] for row in final["artifact_index"] if not row["present"]]
    assert absent == ["billing-canary-report.md", "junit.xml", "logs/run.log", "runner.json"]
    assert final["missing_count"] == 4


def test_a_pass_without_a_required_file_is_not_written(claim: Claim, green: CanaryReport) -> None:
    writer = claim()

    writer.write_text("junit.xml", "<testsuites/>", kind="junit")
    writer.write_text("billing-canary-report.md", "x", kind="report")

    with pytest.raises(EvidenceError, match=r"a pass without runner\.json, logs/run\.log is no pass"):
        writer.finish(canary_document(green))

    assert verify_bundle(writer.folder).state is BundleState.INTERRUPTED


def test_evidence_is_missing_until_it_is_written_but_not_what_is_rendered_later(claim: Claim) -> None:
    writer = claim()
    assert writer.missing_evidence() == ("runner.json", "logs/run.log")

    writer.write_json("runner.json", {}, kind="runner")
    writer.open_log().close()

    assert writer.missing_evidence() == ()


def test_an_invalid_document_is_not_written(claim: Claim, report: CanaryReport) -> None:
    writer = claim()

    with pytest.raises(EvidenceError, match=r"\$.spend: .* is not of type 'object'"):
        writer.finish({**canary_document(report), "spend": []})

    assert not (writer.folder / "billing-canary-report.json").exists()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\0b", "a\\b", "run.json"])
def test_a_path_out_of_the_bundle_is_refused(claim: Claim, path: str) -> None:
    with pytest.raises(EvidenceError, match="bundle path"):
        claim().write_text(path, "x", kind="other")


def test_something_that_is_no_file_is_no_evidence(claim: Claim, report: CanaryReport) -> None:
    writer = claim()
    (writer.folder / "link").symlink_to("/etc/hostname")

    with pytest.raises(EvidenceError, match="link cannot be read"):
        writer.finish(canary_document(report))


def test_an_interrupted_run_says_so_and_why(claim: Claim) -> None:
    writer = claim()
    log = writer.open_log()
    log.write("the last line\n")

    writer.interrupt("SIGTERM")

    assert (run_json(writer)["state"], run_json(writer)["reason"]) == ("interrupted", "SIGTERM")
    assert (writer.folder / "logs/run.log").read_text() == "the last line\n"


def test_an_interrupt_after_the_end_changes_nothing(bundle: Path, claim: Claim, report: CanaryReport) -> None:
    writer = claim("other")
    writer.finish(canary_document(report))

    writer.interrupt("too late")

    assert run_json(writer)["state"] == "finished"
    assert verify_bundle(bundle).state is BundleState.VERIFIED


def test_a_log_line_is_on_disk_at_once(claim: Claim) -> None:
    writer = claim()
    log = writer.open_log()

    log.write("first\n")

    assert (writer.folder / "logs/run.log").read_text() == "first\n"
    log.close()


def test_a_bundle_of_faults_is_complete_and_verifies(claim: Claim, faults_report: FaultsReport) -> None:
    writer = claim(kind="billing-faults")
    writer.open_log().write("trying F01\n")
    writer.write_json("runner.json", {}, kind="runner")

    shown = complete_faults(writer, faults_report)

    assert shown == writer.folder / "faults.md"
    assert verify_bundle(writer.folder).state is BundleState.VERIFIED


def test_an_unknown_kind_is_refused(claim: Claim) -> None:
    with pytest.raises(EvidenceError, match="is no kind of bundle"):
        claim(kind="billing-other")


def test_text_that_utf8_cannot_hold_is_written_escaped(claim: Claim) -> None:
    file = claim(redact=Redactor()).write_text("odd.txt", "half \ud800 pair", kind="other")

    assert file.read_text() == "half \\ud800 pair"
