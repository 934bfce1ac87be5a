"""`runs list` with its filters, `compare`, `invalidate` and `prune`, through the command line's own entry."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.archives import FINAL, KIND, add_run, run_id
from tests.fakes.canary_runs import HEAD, PROBE, canary, record

from billing_canary.artifact import kinds
from billing_canary.artifact.history import look_back
from billing_canary.artifact.tier_history import look_back as tier_look_back
from billing_canary.audit.log import AUDIT_LOG
from billing_canary.cli import log_near, options
from billing_canary.cli.main import run
from billing_canary.cli.void_runs import void_runs
from billing_canary.clock import SystemClock, utc_text
from billing_canary.model import (
    Status,
)

OLD, NEW = "20261121T100100.000Z-aaaa", "20261121T100200.000Z-bbbb"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is the working directory."""
    for folder in ("probes", "gates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "billing-canary.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def root(project: Path) -> Path:
    """Two runs of the canary: the newer one lost a probe, got another, and one turned red."""
    lost, added = replace(PROBE, id="lost"), replace(PROBE, id="added")
    record(project / "artifacts", canary(OLD, PROBE, lost))
    red = replace(PROBE, status=Status.FAIL, duration_ms=250)
    newer = canary(NEW, red, added, status=Status.FAIL)
    record(
        project / "artifacts",
        replace(newer, head=replace(HEAD, commit="b" * 40, versions={"billing-canary": "1.1"})),
    )
    return project / "artifacts"


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert run([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    return [row["run_id"] for row in told(capsys, "runs", "list", *words)["runs"]]


def test_the_commands_know_every_kind_and_the_log() -> None:
    assert set(options.RUN_KINDS) == set(kinds.KINDS)
    assert log_near.LOG == AUDIT_LOG


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("--commit bbbb", [NEW]),
        ("--commit AAAAAAA", [OLD]),
        ("--commit c", []),
        ("--status fail --commit a", []),
        ("--tier smoke", []),
        ("--limit 1", [NEW]),
    ],
)
def test_list_filters_by_what_is_recorded(
    words: str, found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(capsys, *words.split()) == found
    assert listed(capsys, *words.split()) == found


def test_list_filters_by_age(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = SystemClock().now()
    ids = {}
    for hours in (1, 30, 200):
        instant = utc_text(now - 3600 * hours)
        ids[hours] = f"{instant.replace('-', '').replace(':', '')}-{hours:04x}"
        add_run(project / "artifacts", hours, name=ids[hours], started_at=instant)
        add_run(project / "artifacts", hours, name=f"named-{hours}", started_at=instant)

    def ages(*words: str) -> list[int]:
        return sorted(int(name.split("-")[-1], 16) for name in listed(capsys, *words) if "named" not in name)

    assert ages("--since", "1d") == [1]
    assert ages("--since", "2d") == [1, 30]
    assert ages("--older-than", "1d") == [30, 200]
    assert ages("--since", "1w", "--older-than", "120m") == [30]
    assert "named-30" in listed(capsys, "--since", "2d")
    assert "named-30" not in listed(capsys, "--since", "1d")


@pytest.mark.parametrize("age", ["7", "d", "-1d", "7y", "1.5d", "\u0663d", "999999d"])
def test_what_is_no_age_is_a_wrong_call(age: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "list", f"--since={age}"]) == 2
    assert "no age" in capsys.readouterr().err


def test_list_shows_a_failed_run_as_failed_whatever_the_index_says(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = root / "index.jsonl"
    index.write_text(index.read_text().replace('"fail"', '"pass"'))

    rows = told(capsys, "runs", "list")["runs"]
    assert [row["status"] for row in rows] == ["fail", "pass"]
    assert listed(capsys, "--status", "fail") == [NEW]
    assert listed(capsys, "--status", "pass", "--tier", "") == [OLD]


def test_list_opens_no_final_file_that_the_index_rules_out(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        add_run(project / "artifacts", number)
    assert listed(capsys, "--tier", "none") == []

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("billing_canary.artifact.run_row.read_bytes", refuse)
    assert listed(capsys, "--tier", "none") == []


@pytest.mark.usefixtures("root")
def test_compare_tells_everything_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "runs", "compare", OLD, NEW)

    assert (found["before"]["overall_status"], found["after"]["overall_status"]) == ("pass", "fail")
    assert {"name": "commit", "before": "a" * 40, "after": "b" * 40} in found["facts"]
    assert found["statuses"] == [
        {"name": "wallet.top_up", "before": "pass", "after": "fail"},
        {"name": "lost", "before": "pass", "after": None},
        {"name": "added", "before": None, "after": "pass"},
    ]
    assert found["timings"][0] == {"name": "wallet.top_up", "before_ms": 100, "after_ms": 250, "ratio": 2.5}
    assert found["versions"] == [{"name": "billing-canary", "before": "1.0", "after": "1.1"}]
    assert found["files"] == []


@pytest.mark.usefixtures("root")
def test_compare_for_people_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "compare", OLD, NEW]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == KIND
    assert "  wallet.top_up                      pass -> fail" in lines
    assert any(line.startswith("  lost") and line.endswith("gone (was pass)") for line in lines)
    assert "x 2.50" in "\n".join(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.usefixtures("root")
def test_a_run_compared_with_itself_differs_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "runs", "compare", OLD, OLD)

    assert all(not found[part] for part in ("facts", "statuses", "coverage", "versions", "files"))
    assert found["same"] == {"pass": 2}


def test_a_damaged_run_is_compared_with_a_warning_and_exit_3(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / KIND / OLD / "junit.xml").write_text("x")

    assert run(["runs", "compare", OLD, NEW]) == 3
    assert f"{OLD} is damaged" in capsys.readouterr().err


def test_compare_of_what_cannot_be_compared(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_run(root, 0, "interrupted", name="dead")
    add_run(root, 0, kind="billing-faults", name="other")

    assert run(["runs", "compare", OLD, "dead"]) == 3
    assert run(["runs", "compare", OLD, "other"]) == 2
    assert "no two runs of one kind" in capsys.readouterr().err
    assert run(["runs", "compare", OLD, "unknown"]) == 2


def invalidate(name: str = NEW, *more: str) -> int:
    return run(["runs", "invalidate", name, "--by", "Taylor", "--reason", "wrong build", *more])


def test_an_invalidated_run_is_shown_as_such(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invalidate() == 0
    assert (root / KIND / NEW / FINAL).exists()
    capsys.readouterr()

    assert run(["runs", "list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("invalidated")
    assert shown[1] == "    was fail; Taylor: wrong build"
    assert listed(capsys, "--status", "fail") == []
    assert listed(capsys, "--status", "invalidated") == [NEW]
    rows = told(capsys, "runs", "list")["runs"]
    assert rows[0]["invalidated"]["reason"] == "wrong build"
    assert rows[1]["invalidated"] is None
    assert run(["runs", "show", NEW]) == 0
    assert "INVALIDATED by Taylor" in capsys.readouterr().out


@pytest.mark.usefixtures("root")
def test_what_cannot_be_invalidated(capsys: pytest.CaptureFixture[str]) -> None:
    assert invalidate("unknown") == 2
    assert invalidate("../etc") == 2
    assert invalidate() == 0
    capsys.readouterr()
    assert invalidate() == 2
    assert "is void already: Taylor" in capsys.readouterr().err


def test_a_run_whose_folder_is_gone_can_be_invalidated(root: Path) -> None:
    (root / KIND / NEW).rename(root / "away")

    assert invalidate() == 0


def test_a_run_that_only_a_decision_remembers_can_be_invalidated(root: Path) -> None:
    (root / KIND / NEW).rename(root / "away")
    (root / "index.jsonl").unlink(missing_ok=True)
    assert invalidate() == 2
    decision = root / "billing-decisions/rc1"
    decision.mkdir(parents=True)
    (decision / "decision.json").write_text(json.dumps({"cites": [f"{KIND}/{NEW}"]}))

    assert invalidate() == 0


def test_an_invalidated_run_leaves_the_history(root: Path, project: Path) -> None:
    later = canary("20261121T100300.000Z-cccc", PROBE).run
    before = look_back(root, later, Status.PASS, "b" * 40).previous
    assert before is not None
    assert before.run_id == NEW

    invalidate()

    after = look_back(root, later, Status.PASS, "b" * 40, void_runs(project)).previous
    assert after is not None
    assert after.run_id == OLD
    assert tier_look_back(root, "smoke", (), void_runs(project)).previous is None


def test_prune_is_a_dry_run_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(30):
        add_run(root, number)

    plan = told(capsys, "runs", "prune", "--keep", "3")

    assert plan["dry_run"]
    assert len(plan["gone"]) == 28
    assert [(run["run_id"], run["reason"]) for run in plan["kept"]] == [
        (NEW, "failed, 1 of 10"),
        (OLD, "passed, 1 of 3"),
        (run_id(29), "passed, 2 of 3"),
        (run_id(28), "passed, 3 of 3"),
    ]
    assert len(list((root / KIND).iterdir())) == 32
    assert run(["runs", "prune", "--keep", "3"]) == 0
    shown = capsys.readouterr().out
    assert "28 runs would go; --yes removes them" in shown
    assert "and 8 older ones" in shown
    assert max(map(len, shown.splitlines())) <= 80

    done = told(capsys, "runs", "prune", "--keep", "3", "--yes")

    assert not done["dry_run"]
    assert sorted(done["gone"]) == sorted(plan["gone"])
    assert len(list((root / KIND).iterdir())) == 4
    assert run(["runs", "prune"]) == 0
    assert "nothing would go" in capsys.readouterr().out


def test_prune_keeps_what_an_open_incident_of_the_project_names(
    root: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        add_run(root, number)
    words = [
        "incident",
        "open",
        "--title",
        "stuck",
        "--severity",
        "sev-1",
        "--billing",
        "yes",
        "--by",
        "Taylor",
    ]
    assert run([*words, "--impact", f"see {run_id(0)}", "--owner", "Taylor"]) == 0
    capsys.readouterr()

    plan = told(capsys, "runs", "prune", "--keep", "1")

    assert run_id(0) in [row["run_id"] for row in plan["kept"]]
    (project / AUDIT_LOG).write_text("broken\n")
    assert run(["runs", "prune", "--keep", "1"]) == 3
    assert run(["runs", "prune", "--keep", "1", "--yes"]) == 3
    assert len(list((root / KIND).iterdir())) == 7


def test_an_invalidated_pass_takes_no_passed_run_s_place(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_run(root, 1)
    assert invalidate(OLD) == 0
    capsys.readouterr()

    plan = told(capsys, "runs", "prune", "--keep", "1")

    assert [(run["run_id"], run["status"]) for run in plan["kept"]] == [
        (NEW, "fail"),
        (OLD, "invalidated"),
        (run_id(1), "pass"),
    ]


def test_the_whole_command_prunes_too(project: Path) -> None:
    for number in range(3):
        add_run(project / "artifacts", number)

    done = subprocess.run(
        [sys.executable, "-m", "billing_canary", "runs", "prune", "--keep", "1", "--yes"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("2 runs removed\n")
