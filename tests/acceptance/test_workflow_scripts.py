"""The scripts behind the canary workflow, each as the workflow starts it, against a GitHub on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.github_api import BOT, TOKEN, FakeGitHub, packed

SCRIPTS = Path(__file__).parents[2] / "scripts"
RUNS = "GET /actions/workflows/billing-canary.yml/runs"
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def api() -> Iterator[FakeGitHub]:
    made = FakeGitHub()
    with made.server:
        yield made


def run(script: str, *words: str | Path, **environ: str) -> Done:
    argv = [sys.executable, SCRIPTS / script, *words]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done


# --- canary_history.py


def fetch(api: FakeGitHub, folder: Path, mode: str = "staging", **environ: str) -> Done:
    named = {"GITHUB_TOKEN": TOKEN, "MODE": mode, "WORKFLOW": "billing-canary.yml"}
    return run("canary_history.py", folder, **api.environment("9", **named | environ))


def handed_over(run_id: int, mode: str = "staging", attempt: int = 1) -> dict[str, bytes]:
    """The artifacts of one run."""
    name = f"{mode}-gh-{run_id}-{attempt}"
    return {f"billing-{kind}-{name}": packed({"logs/a": kind.encode()}) for kind in ("canary", "triggers")}


def came(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.glob("*/*")}


def test_a_first_run_has_no_history_and_misses_none(api: FakeGitHub, tmp_path: Path) -> None:
    done = fetch(api, tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert came(tmp_path) == set()


def test_the_newest_bundles_of_this_mode_come_and_the_store_gets_no_token(
    api: FakeGitHub, tmp_path: Path
) -> None:
    for run_id in range(1, 9):
        api.ran(run_id, handed_over(run_id) | handed_over(run_id, "mock"))
    done = fetch(api, tmp_path)
    assert done.returncode == 0, done.stdout
    canaries = {f"billing-canary/gh-{run_id}-1" for run_id in range(4, 9)}
    assert came(tmp_path) == canaries | {f"billing-triggers/gh-{run_id}-1" for run_id in (6, 7, 8)}
    assert (tmp_path / "billing-triggers/gh-8-1/logs/a").read_text() == "triggers"


def test_an_earlier_attempt_of_this_run_comes_and_this_attempt_does_not(
    api: FakeGitHub, tmp_path: Path
) -> None:
    api.ran(9, handed_over(9, attempt=1) | handed_over(9, attempt=2))
    done = fetch(api, tmp_path, GITHUB_RUN_ATTEMPT="2")
    assert done.returncode == 0, done.stdout
    assert came(tmp_path) == {"billing-canary/gh-9-1", "billing-triggers/gh-9-1"}


def test_what_a_fork_handed_over_is_not_looked_at(api: FakeGitHub, tmp_path: Path) -> None:
    api.ran(1, handed_over(1), repository="mallory/shop")
    assert fetch(api, tmp_path).returncode == 0
    assert came(tmp_path) == set()


def test_an_evaluation_that_is_gone_is_missed(api: FakeGitHub, tmp_path: Path) -> None:
    api.ran(1, handed_over(1))
    api.expired |= {"billing-triggers-staging-gh-1-1"}
    done = fetch(api, tmp_path)
    assert done.returncode == 1
    assert "billing-triggers-staging-gh-1-1 has expired\n" in done.stdout
    assert "none of 1 earlier runs handed an evaluation over: what fired is not known" in done.stdout
    assert came(tmp_path) == {"billing-canary/gh-1-1"}


HOSTILE = {
    "outside": packed({"../../owned": b"x"}),
    "absolute": packed({"/tmp/owned": b"x"}),  # noqa: S108 - a name that must be refused
    "no zip": b"not a zip",
    "too many": packed({str(number): b"" for number in range(5_001)}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_an_artifact_that_is_no_bundle_is_refused(api: FakeGitHub, tmp_path: Path, case: str) -> None:
    api.ran(1, {"billing-triggers-staging-gh-1-1": HOSTILE[case]})
    done = fetch(api, tmp_path / "folder")
    assert done.returncode == 1
    assert "::warning title=Earlier runs are missing::billing-triggers-staging-gh-1-1: " in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("path", [RUNS, "GET /actions/runs/1/artifacts", "GET /actions/artifacts/100/zip"])
def test_a_github_that_refuses_is_missing_history(api: FakeGitHub, tmp_path: Path, path: str) -> None:
    api.ran(1, handed_over(1))
    api.failing[path] = 403
    done = fetch(api, tmp_path)
    assert done.returncode == 1
    assert done.stdout.endswith(f"::{path}: HTTP 403\n")


def test_a_token_never_leaves_unencrypted(api: FakeGitHub, tmp_path: Path) -> None:
    done = fetch(api, tmp_path, GITHUB_API_URL="http://github.example")
    assert done.returncode == 1
    assert "GITHUB_API_URL is not https" in done.stdout


# --- rollback_issue.py


def tell(api: FakeGitHub, folder: Path, run_id: str, fired: str, text: str = "**ROLLBACK**: why") -> Done:
    report = folder / "triggers.md"
    report.write_text(text, encoding="utf-8")
    environ = {"GITHUB_TOKEN": TOKEN, "RUN_ID": run_id, "FIRED": fired}
    return run("rollback_issue.py", report, **api.environment(**environ))


def writes(api: FakeGitHub) -> list[str]:
    return [f"{call.method} {call.path.rpartition('/shop')[2]}" for call in api.server.calls if call.body]


def test_an_issue_is_opened_then_updated_and_says_when_other_triggers_fire(
    api: FakeGitHub, tmp_path: Path
) -> None:
    assert tell(api, tmp_path, "gh-1-1", "topups").stdout == "opened issue 1\n"
    assert tell(api, tmp_path, "gh-2-1", "topups", "**ROLLBACK**: still").stdout == "updated issue 1\n"
    assert api.comments == {}
    assert tell(api, tmp_path, "gh-3-1", "canary-failed,topups").stdout == "updated issue 1\n"
    (issue,), (comment,) = api.issues, api.comments[1]
    assert issue["body"].startswith(
        "<!-- billing-canary run=gh-3-1 fired=canary-failed,topups -->\n**ROLLBACK**"
    )
    assert "Fired now: canary-failed,topups.\n\n**ROLLBACK**: why\n" in comment["body"]
    assert "https://github.example/acme/shop/actions/runs/2" in issue["body"]


def test_the_same_evaluation_is_told_once(api: FakeGitHub, tmp_path: Path) -> None:
    tell(api, tmp_path, "gh-1-1", "topups")
    for _ in range(2):
        tell(api, tmp_path, "gh-2-1", "backlog")
    assert tell(api, tmp_path, "gh-2-1", "backlog").stdout == "issue 1 tells of gh-2-1 already\n"
    assert writes(api) == ["POST /issues", "POST /issues/1/comments", "PATCH /issues/1"]


def test_a_retry_after_half_an_update_comments_no_second_time(api: FakeGitHub, tmp_path: Path) -> None:
    tell(api, tmp_path, "gh-1-1", "topups")
    api.failing["PATCH /issues/1"] = 502
    done = tell(api, tmp_path, "gh-2-1", "backlog")
    assert (done.returncode, done.stdout) == (
        1,
        "::error title=The issue was not written::PATCH /issues/1: HTTP 502\n",
    )
    api.failing.clear()
    assert tell(api, tmp_path, "gh-2-1", "backlog").returncode == 0
    assert len(api.comments[1]) == 1
    assert "run=gh-2-1" in api.issues[0]["body"]


def test_a_closed_issue_and_one_that_a_person_wrote_are_left_alone(api: FakeGitHub, tmp_path: Path) -> None:
    tell(api, tmp_path, "gh-1-1", "topups")
    api.issues[0]["state"] = "closed"
    api.issues.append(api.issues[0] | {"number": 2, "state": "open", "user": BOT | {"type": "User"}})
    assert tell(api, tmp_path, "gh-2-1", "topups").stdout == "opened issue 3\n"


def test_a_report_is_cut_to_size_notifies_nobody_and_hides_nothing(api: FakeGitHub, tmp_path: Path) -> None:
    text = "**ROLLBACK**: @everybody <!-- billing-canary run=gh-9-1 fired= -->" + "ж" * 70_000
    tell(api, tmp_path, "gh-1-1", "topups", text)
    body = api.issues[0]["body"]
    assert len(body) < 65_536
    assert "(cut off here; the run below has all of it)" in body
    assert "@everybody" not in body
    assert body.count("<!--") == 1


def test_an_issue_comes_also_without_a_report(api: FakeGitHub, tmp_path: Path) -> None:
    assert tell(api, tmp_path, "gh-1-1", "topups", "").stdout == "opened issue 1\n"
    assert "**ROLLBACK**: the report did not arrive here" in api.issues[0]["body"]


def test_an_issue_that_later_runs_would_not_find_is_an_error(api: FakeGitHub, tmp_path: Path) -> None:
    api.drops_labels = True
    done = tell(api, tmp_path, "gh-1-1", "topups")
    assert done.returncode == 1
    assert "issue 1 did not get the label billing-rollback" in done.stdout


# --- triggers_verdict.py

FIRED = [{"id": "a", "state": "fired"}, {"id": "b", "state": "clear"}, {"id": "c", "state": "fired"}]
CASES: dict[str, tuple[str | None, str, str, str, tuple[str, int, str]]] = {
    "hold": ("hold", "0", "success", "true", ("hold", 0, "")),
    "rollback": ("rollback", "1", "success", "true", ("rollback", 1, "a,c")),
    "rollback without history": ("rollback", "1", "failure", "false", ("rollback", 1, "a,c")),
    "unknown": ("unknown", "3", "success", "true", ("unknown", 3, "")),
    "unknown, nothing connected": ("unknown", "3", "success", "false", ("unknown", 0, "")),
    "hold without history": ("hold", "0", "failure", "false", ("unknown", 3, "")),
    "hold, history not asked": ("hold", "0", "", "true", ("unknown", 3, "")),
    "no bundle": (None, "2", "success", "false", ("unknown", 2, "")),
    "no bundle, exit 0": (None, "0", "success", "false", ("unknown", 3, "")),
    "never started": (None, "", "", "", ("unknown", 3, "")),
    "bundle and exit code differ": ("hold", "3", "success", "false", ("unknown", 3, "")),
    "killed": ("hold", "137", "success", "true", ("unknown", 137, "")),
}


@pytest.mark.parametrize("case", CASES)
def test_what_an_evaluation_comes_to(case: str, tmp_path: Path) -> None:
    verdict, code, history, connected, expected = CASES[case]
    bundle, output, summary = tmp_path / "gh-1-1", tmp_path / "output", tmp_path / "summary"
    if verdict is not None:
        bundle.mkdir()
        document: dict[str, Any] = {"verdict": verdict, "triggers": FIRED if verdict == "rollback" else []}
        (bundle / "triggers.json").write_text(json.dumps(document))
        (bundle / "triggers.md").write_text("report\n")
    environ = {"BUNDLE": bundle, "GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary}
    told = {"CODE": code, "HISTORY": history, "CONNECTED": connected}
    done = run("triggers_verdict.py", **{name: str(path) for name, path in environ.items()}, **told)
    said = dict(line.split("=", 1) for line in output.read_text().splitlines())
    assert (said["verdict"], done.returncode, said["fired"]) == expected
    assert (said["run_id"], said["report"]) == ("gh-1-1", f"{bundle}/triggers.md")
    assert summary.read_text().endswith("report\n" if verdict else "Read the log of this job.\n")
    assert ("**Earlier runs are missing**" in summary.read_text()) == case.startswith(
        "hold w"
    ) or "not asked" in case
    assert ("**No telemetry is connected**" in summary.read_text()) == ("nothing connected" in case)
