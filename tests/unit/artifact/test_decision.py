"""The bundle of a decision: its document, its evidence, its history, and that it can be judged again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.releases import COMMIT, EVIDENCE, HEAVY, NOW, POLICY, evidence

from billing_canary.artifact import schema
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete_decision import complete_decision
from billing_canary.artifact.decision_evidence import (
    EVIDENCE_FILE,
    RISK_COPY,
    Judged,
    evidence_document,
    read_evidence,
)
from billing_canary.artifact.decision_history import (
    DecisionHistory,
    EarlierDecision,
    earlier_decisions,
    lost_citations,
    since_when,
)
from billing_canary.artifact.decision_report import (
    DecisionReport,
    decision_document,
    read_decision_report,
    verdict_of,
)
from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.seal import sealed
from billing_canary.artifact.verify import BundleState
from billing_canary.cli.decide_evidence import full_check
from billing_canary.cli.judge_decision import judge_decision
from billing_canary.errors import EvidenceError
from billing_canary.model import ProjectFiles
from billing_canary.redact import Redactor
from billing_canary.release import Decision, ReleaseEvidence
from billing_canary.risk_policy import read_risk_policy
from billing_canary.verdict import Status

ROOT = Path(__file__).parents[3]
RISK_FILE = ROOT / "gates/risk.toml"
FAILED = evidence(bundles=(replace(HEAVY, overall_status="fail"),))
ID = "20261121T120000.000Z-0000"
CITES = ("billing-confidence/heavy-1", "billing-canary/canary-1")
HEAD = ReportHead(
    mode="decision",
    commit=COMMIT,
    dirty=None,
    argv=("decide",),
    project=ProjectFiles(root="/srv/shop", origin="--project"),
)


def decided(held: ReleaseEvidence) -> Decision:
    return judge_decision(Judged(policy=POLICY, evidence=held), read_risk_policy(RISK_FILE, "risk.toml"))


def report_of(held: ReleaseEvidence, run_id: str = ID, since: str = NOW) -> DecisionReport:
    return DecisionReport(
        head=HEAD,
        run_id=run_id,
        title=POLICY.title,
        environment=POLICY.environment,
        decision=decided(held),
        log_head=held.log.head,
        since=since,
        started_at=NOW,
        finished_at=NOW,
        duration_ms=5,
    )


def write(root: Path, held: ReleaseEvidence = EVIDENCE, run_id: str = ID) -> Path:
    head = {"argv": ["decide"], "mode": "decision", "started_at": NOW, "project": asdict(HEAD.project)}
    writer = BundleWriter.create(root, "billing-decisions", run_id, head, Redactor())
    writer.write_json("runner.json", {"schema_version": "1"}, kind="runner")
    writer.write_json(EVIDENCE_FILE, evidence_document(Judged(policy=POLICY, evidence=held)), kind="evidence")
    writer.write_text("release.toml", "title = 1\n", kind="policy")
    writer.write_bytes(RISK_COPY, RISK_FILE.read_bytes(), kind="policy")
    writer.open_log().write("decided\n")
    complete_decision(writer, report_of(held, run_id))
    return writer.folder


def reseal(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((folder / "decision.json").read_text())
    del document["document_sha256"]
    change(document)
    (folder / "decision.json").write_bytes(sealed(document))


@pytest.mark.parametrize(("held", "verdict"), [(EVIDENCE, "GO"), (FAILED, "NO-GO")])
def test_a_report_comes_back_as_it_was(held: ReleaseEvidence, verdict: str) -> None:
    report = report_of(held)
    document = decision_document(report)

    assert document["verdict"] == verdict
    assert document["overall_status"] == ("pass" if verdict == "GO" else "fail")
    schema.validate(document, "decision")
    assert read_decision_report(json.loads(json.dumps(document))) == report


def test_the_reasons_of_a_verdict() -> None:
    assert verdict_of(decided(EVIDENCE)).reasons == ("all 10 required items are green",)
    red = decided(FAILED)
    assert verdict_of(red).reasons == red.blockers
    assert verdict_of(replace(red, verdict="GO")).overall_status is Status.FAIL
    odd = verdict_of(replace(red, blockers=()))
    assert (odd.overall_status, odd.reasons) == (Status.FAIL, ("no reason is recorded",))


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "MAYBE"},
        {"verdict": "NO-GO"},
        {"overall_status": "fail"},
        {"blockers": ["x"]},
        {"commit": None},
        {"dirty": False},
        {"items": []},
        {"cites": ["x"]},
        {"log_head": "x"},
        {"since": "yesterday"},
    ],
)
def test_a_document_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        read_decision_report({**decision_document(report_of(EVIDENCE)), **change})


@pytest.mark.parametrize("held", [EVIDENCE, FAILED])
def test_the_bundle_is_verified_and_judged_again_from_itself(tmp_path: Path, held: ReleaseEvidence) -> None:
    folder = write(tmp_path, held)

    assert full_check(folder).problems == ()
    assert read_evidence(folder).evidence == held


def _go(document: dict[str, Any]) -> None:
    document.update(verdict="GO", blockers=[], overall_status="pass", reasons=["fine"])


def _items(document: dict[str, Any]) -> None:
    document["items"][0].update(status="inconclusive")


def _risk(document: dict[str, Any]) -> None:
    document["risk"].update(score=1)


def _cites(document: dict[str, Any]) -> None:
    document.update(cites=[])


def _head(document: dict[str, Any]) -> None:
    document.update(log_head="f" * 64)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (_go, "says pass, but its evidence says fail: "),
        (_items, "items, risk or citations are not what the recorded evidence leads to"),
        (_risk, "items, risk or citations are not what the recorded evidence leads to"),
        (_cites, "items, risk or citations are not what the recorded evidence leads to"),
        (_head, "log_head is not the head of the recorded audit log"),
    ],
)
def test_a_decision_that_does_not_follow_is_damaged_though_it_is_sealed(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], detail: str
) -> None:
    folder = write(tmp_path, FAILED)
    reseal(folder, change)

    check = full_check(folder)

    assert check.state is BundleState.DAMAGED
    assert check.problems[0].detail.startswith(detail)


def _in_evidence(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((folder / EVIDENCE_FILE).read_text())
    change(document)
    (folder / EVIDENCE_FILE).write_text(json.dumps(document))


def _version(document: dict[str, Any]) -> None:
    document["schema_version"] = "2"


def _extra(document: dict[str, Any]) -> None:
    document["more"] = 1


def _policy(document: dict[str, Any]) -> None:
    document["policy"]["items"][0]["kind"] = "whim"


def _clock(document: dict[str, Any]) -> None:
    document["evidence"]["decided_at"] = "now"


def _log(document: dict[str, Any]) -> None:
    document["evidence"]["log"]["entries"][0]["by"] = "Mallory"


def _log_end(document: dict[str, Any]) -> None:
    document["evidence"]["log"]["entries"].pop()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_version, "is not in the format of version 1"),
        (_extra, "is not in the format of version 1"),
        (_policy, "policy.items[0].kind: is 'whim'"),
        (_clock, "decided_at is no instant in UTC"),
        (_log, "its audit log is not an unbroken one"),
        (_log_end, "its audit log is not an unbroken one"),
    ],
)
def test_evidence_that_cannot_be_judged(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    folder = write(tmp_path)
    _in_evidence(folder, change)

    with pytest.raises(EvidenceError) as raised:
        read_evidence(folder)
    assert message in str(raised.value)


def test_a_log_with_problems_is_recorded_as_such(tmp_path: Path) -> None:
    broken = replace(EVIDENCE.log, entries=(), problems=("line 1: cut",), head="0" * 64)
    folder = write(tmp_path, evidence(log=broken))

    assert full_check(folder).problems == ()
    assert read_evidence(folder).evidence.log == broken


def test_a_risk_policy_that_does_not_load_is_damage(tmp_path: Path) -> None:
    folder = write(tmp_path)
    data = json.loads((folder / "decision.json").read_text())
    (folder / RISK_COPY).write_bytes(b"x = 1\n")
    row = next(row for row in data["artifact_index"] if row["path"] == RISK_COPY)

    import hashlib  # noqa: PLC0415 - for this test only

    digest = hashlib.sha256(b"x = 1\n").hexdigest()
    at = data["artifact_index"].index(row)
    reseal(folder, lambda document: document["artifact_index"][at].update(bytes=6, sha256=digest))

    check = full_check(folder)

    assert check.state is BundleState.DAMAGED
    assert "risk.toml: x: is not known here" in check.problems[0].detail


def test_earlier_decisions_newest_first_and_only_whole_ones(tmp_path: Path) -> None:
    write(tmp_path, FAILED, "20261121T100000.000Z-0000")
    newest = write(tmp_path, EVIDENCE, "20261121T110000.000Z-0000")
    damaged = newest.with_name("20261121T113000.000Z-0000")
    shutil.copytree(newest, damaged)
    (damaged / "decision.json").write_bytes((newest / "decision.json").read_bytes().replace(b"GO", b"NO"))
    (tmp_path / "billing-decisions/20261121T114500.000Z-0000").mkdir()
    told = EarlierDecision(commit=COMMIT, verdict="", since=NOW, log_head=EVIDENCE.log.head)

    assert earlier_decisions(tmp_path) == DecisionHistory(
        decisions=(
            replace(told, verdict="GO", cites=CITES),
            replace(told, verdict="NO-GO", cites=CITES[:1]),
        ),
        doubtful=(f"billing-decisions/{damaged.name}",),
    )
    assert earlier_decisions(tmp_path / "absent") == DecisionHistory(decisions=(), doubtful=())


def test_a_run_that_a_decision_cites_is_missed(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / CITES[0]).mkdir(parents=True)
    (tmp_path / CITES[1]).parent.mkdir()
    (tmp_path / CITES[1]).touch()
    history = earlier_decisions(tmp_path)

    assert lost_citations(tmp_path, history, COMMIT) == CITES[1:]
    assert lost_citations(tmp_path, history, "b" * 40) == ()


def test_a_decision_that_was_made_and_has_lost_its_report_is_doubtful(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "decision.json").unlink()

    assert earlier_decisions(tmp_path) == DecisionHistory(decisions=(), doubtful=(f"billing-decisions/{ID}",))


def test_since_when_a_verdict_stands() -> None:
    go = EarlierDecision(commit=COMMIT, verdict="GO", since="then", log_head="")
    other = replace(go, commit="b" * 40, verdict="NO-GO", since="elsewhere")

    assert since_when((), COMMIT, "GO", "now") == "now"
    assert since_when((other, go), COMMIT, "GO", "now") == "then"
    assert since_when((other, go), COMMIT, "NO-GO", "now") == "now"
