"""`billing-canary runs` on real bundles, through the command line's own entry."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary, complete_faults
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.seal import sealed
from billing_canary.cli.main import run
from billing_canary.model import (
    CanaryRun,
    Evidence,
    FaultMatrix,
    FaultResult,
    HealthCheck,
    ProbeResult,
    ProjectFiles,
    Severity,
    SpendReport,
    Status,
    Verdict,
)
from billing_canary.redact import Redactor

NOW = "2026-11-21T10:37:16.123Z"
FINAL = "billing-canary-report.json"
HEAD = ReportHead(
    mode="mock", commit="a" * 40, dirty=False, argv=("probe",), project=ProjectFiles(root="/x", origin="x")
)
HELD = Evidence(claim="credited once", expected="1", observed="1", held=True, source="wallet")


def canary(run_id: str, status: Status) -> CanaryReport:
    probe = ProbeResult(
        id="wallet.top_up",
        title="A top-up is credited once",
        surface="wallet",
        severity=Severity.CRITICAL,
        owner="billing",
        status=status,
        reason="",
        evidence=(HELD,),
        planned=(),
        spend=(),
        attempts=1,
        flaky=False,
        duration_ms=5,
        started_at=NOW,
    )
    seen = CanaryRun(
        run_id=run_id,
        mode="mock",
        target="mock",
        health_check=HealthCheck(status=Status.PASS, detail="200"),
        safety_checks=(),
        probes=(probe,),
        spend=SpendReport(),
        started_at=NOW,
        finished_at=NOW,
        duration_ms=5,
    )
    return CanaryReport(
        head=HEAD, run=seen, verdict=Verdict(overall_status=status, reasons=(f"it is {status}",))
    )


def claim(root: Path, kind: str, run_id: str) -> BundleWriter:
    head = {"mode": "mock", "argv": [], "started_at": NOW, "project": asdict(HEAD.project)}
    writer = BundleWriter.create(root, kind, run_id, head, Redactor())
    writer.open_log().write("hello\n")
    writer.write_json("runner.json", {}, kind="runner")
    return writer


def record(root: Path, run_id: str, status: Status = Status.PASS) -> Path:
    writer = claim(root, "billing-canary", run_id)
    complete_canary(writer, canary(run_id, status))
    return writer.folder


def record_faults(root: Path, run_id: str) -> Path:
    fault = FaultResult(
        id="F01", title="twice", caught=True, by=("p",), claims=("c",), statuses={"p": "fail"}, duration_ms=1
    )
    matrix = FaultMatrix(
        run_id=run_id,
        faults=(fault,),
        healthy_runs=1,
        healthy_alarms=(),
        started_at=NOW,
        finished_at=NOW,
        duration_ms=1,
    )
    verdict = Verdict(overall_status=Status.PASS, reasons=("all caught",))
    writer = claim(root, "billing-faults", run_id)
    complete_faults(writer, FaultsReport(head=HEAD, matrix=matrix, verdict=verdict))
    return writer.folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default artifacts folder of the working directory, with one run of each outcome."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "artifacts"
    record(folder, "20261121T100100.000Z-good")
    record(folder, "20261121T100200.000Z-bad0", Status.FAIL)
    record_faults(folder, "20261121T100300.000Z-flts")
    claim(folder, "billing-canary", "20261121T100400.000Z-dead").interrupt("SIGTERM")
    return folder


def forged(folder: Path, old: str, new: str) -> None:
    """Rewrites the final file and seals it anew, as somebody would who knows how."""
    text = (folder / FINAL).read_text().replace(old, new)
    document: dict[str, Any] = json.loads(text)
    del document["document_sha256"]
    (folder / FINAL).write_bytes(sealed(document))


@pytest.mark.usefixtures("root")
def test_list_shows_the_newest_first_within_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["interrupted", "pass", "fail", "pass"]
    assert lines[0].endswith("billing-canary     20261121T100400.000Z-dead")
    assert lines[1] == "    SIGTERM"
    assert max(map(len, lines)) <= 80


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--status", "fail"], ["bad0"]),
        (["--status", "interrupted"], ["dead"]),
        (["--kind", "billing-faults"], ["flts"]),
        (["--limit", "2"], ["dead", "flts"]),
        (["--status", "pass", "--limit", "1"], ["flts"]),
        (["--status", "refused"], []),
    ],
)
def test_list_filters(options: list[str], found: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "list", "--json", *options]) == 0

    rows = json.loads(capsys.readouterr().out)["runs"]
    assert [row["run_id"][-4:] for row in rows] == found


def test_list_of_nothing_says_where_it_looked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "list", "--artifacts", str(tmp_path / "none")]) == 0

    out, err = capsys.readouterr()
    assert (out, "no such run below" in err) == ("", True)


@pytest.mark.usefixtures("root")
def test_show_prints_the_summary_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "show", "20261121T100200.000Z-bad0"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("FAIL: billing is not safe\n")
    assert "wallet.top_up" in out


def test_show_json_is_the_final_document_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "show", "20261121T100100.000Z-good", "--json"]) == 0

    out, err = capsys.readouterr()
    assert out == (root / "billing-canary/20261121T100100.000Z-good" / FINAL).read_text()
    assert "PASS" in err


@pytest.mark.usefixtures("root")
def test_show_prints_a_matrix_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "show", "20261121T100300.000Z-flts"]) == 0

    assert re.search(r"^F01 +X +", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("run_id", "code", "complaint"),
    [
        ("unknown", 2, "no run 'unknown' below artifacts"),
        ("../etc", 2, "is no run id"),
        ("20261121T100400.000Z-dead", 3, "the final file was never written"),
    ],
)
def test_show_of_what_cannot_be_shown(
    run_id: str, code: int, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["runs", "show", run_id]) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err


def test_one_id_of_two_kinds_asks_which(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_faults(root, "20261121T100100.000Z-good")

    assert run(["runs", "show", "20261121T100100.000Z-good"]) == 2
    assert "--kind" in capsys.readouterr().err
    assert run(["runs", "show", "20261121T100100.000Z-good", "--kind", "billing-faults"]) == 0


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("name", ["100100.000Z-good", "100200.000Z-bad0", "100300.000Z-flts"])
def test_verify_of_an_untouched_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "verify", f"20261121T{name}"]) == 0

    assert capsys.readouterr().out.startswith("verified: billing-")


def test_verify_names_each_problem_and_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "billing-canary/20261121T100100.000Z-good"
    size = (folder / "junit.xml").stat().st_size
    (folder / "junit.xml").write_text("x")
    (folder / "logs/run.log").unlink()

    assert run(["runs", "verify", folder.name]) == 1

    assert capsys.readouterr().out.splitlines() == [
        "damaged: billing-canary/20261121T100100.000Z-good",
        f"    changed: junit.xml: has 1 bytes, not {size}",
        "    missing: logs/run.log: was there when the run ended",
    ]


def test_verify_judges_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "billing-canary/20261121T100200.000Z-bad0"
    forged(folder, '"overall_status": "fail"', '"overall_status": "pass"')

    assert run(["runs", "verify", folder.name]) == 1

    assert "inconsistent: billing-canary-report.json: says pass, but its evidence says fail" in (
        capsys.readouterr().out
    )


def test_a_worse_verdict_than_the_evidence_is_no_contradiction(root: Path) -> None:
    folder = root / "billing-canary/20261121T100100.000Z-good"
    forged(folder, '"overall_status": "pass"', '"overall_status": "inconclusive"')

    assert run(["runs", "verify", folder.name]) == 0


@pytest.mark.usefixtures("root")
def test_verify_all_tells_the_worst(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "verify", "--all"]) == 3

    out = capsys.readouterr().out
    assert out.count("verified: ") == 3
    assert "interrupted: billing-canary/20261121T100400.000Z-dead" in out
    assert run(["runs", "verify", "--all", "--kind", "billing-faults"]) == 0


def test_verify_of_nothing_is_no_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "verify", "--all", "--artifacts", str(tmp_path)]) == 3

    assert "nothing to verify" in capsys.readouterr().err


def test_verify_json_is_one_document_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "billing-canary/20261121T100100.000Z-good/added").write_text("x")

    assert run(["runs", "verify", "--all", "--json"]) == 1

    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [row["state"] for row in runs] == ["interrupted", "verified", "verified", "damaged"]
    assert runs[3]["problems"] == [{"path": "added", "problem": "extra", "detail": "is not in the index"}]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("arguments", [[], ["x", "--all"]])
def test_verify_wants_one_run_or_all(arguments: list[str]) -> None:
    assert run(["runs", "verify", *arguments]) == 2


@pytest.mark.usefixtures("root")
def test_verify_of_an_unknown_run_is_a_wrong_call() -> None:
    assert run(["runs", "verify", "unknown"]) == 2


@pytest.mark.parametrize("arguments", [["runs"], ["runs", "list"], ["runs", "show"], ["runs", "verify"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from billing_canary.cli.main import run; "
        f"run({[*arguments, '--help']!r}); "
        "print(sorted({'jsonschema', 'requests', 'stripe', 'dataclasses', 'billing_canary.model'} "
        "& set(sys.modules)), file=sys.stderr)"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stderr.strip() == "[]"
    assert "billing-canary runs" in shown.stdout
