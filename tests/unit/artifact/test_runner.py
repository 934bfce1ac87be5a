from __future__ import annotations

import getpass
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_canary.artifact.runner import git_state, runner_metadata

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_WORKFLOW": "billing-canary",
    "GITHUB_ACTOR": "somebody",
    "GITHUB_TOKEN": "ghs_secret",
}


@pytest.fixture
def repository(tmp_path: Path, tool: Callable[[str], str]) -> Callable[..., None]:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.invalid")
        subprocess.run([tool("git"), *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    return git


def test_the_ci_job_is_recorded_without_the_person_and_the_token() -> None:
    job = runner_metadata(GITHUB)["ci"]

    assert job == {
        "provider": "github-actions",
        "repository": "acme/shop",
        "run_id": "42",
        "run_attempt": "2",
        "sha": "a" * 40,
        "workflow": "billing-canary",
    }


def test_host_and_user_names_are_left_out() -> None:
    text = json.dumps({**runner_metadata({}), "platform": None})

    assert socket.gethostname() not in text
    assert f'"{getpass.getuser()}"' not in text


def test_outside_of_ci_there_is_no_job() -> None:
    assert runner_metadata({})["ci"] is None
    assert runner_metadata({"CI": "1"})["ci"] == {"provider": "unknown"}


def test_versions_are_those_of_the_loaded_libraries_and_loading_none() -> None:
    code = (
        "import click, sys; from billing_canary.artifact.runner import tool_versions as v; "
        "found = v(); print(found, 'stripe' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert shown.startswith("{'click': '8.")
    assert shown.endswith("} False\n")


def test_no_repository_no_commit(tmp_path: Path) -> None:
    assert git_state(tmp_path) == (None, None)


def test_no_git_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert git_state(tmp_path) == (None, None)


def test_a_repository_without_a_commit_has_none(tmp_path: Path, repository: Callable[..., None]) -> None:
    repository("status")

    assert git_state(tmp_path) == (None, False)


def test_a_commit_is_clean_until_a_tracked_file_changes(
    tmp_path: Path, repository: Callable[..., None]
) -> None:
    (tmp_path / "a.txt").write_text("1")
    repository("add", "a.txt")
    repository("commit", "-m", "first")
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts/new.txt").write_text("untracked files do not count")

    commit, dirty = git_state(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    assert dirty is False

    (tmp_path / "a.txt").write_text("2")
    assert git_state(tmp_path / "artifacts") == (commit, True)


def test_a_folder_that_is_gone_has_no_commit(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    shutil.rmtree(gone)

    assert git_state(gone) == (None, None)


def test_an_approval_does_not_make_later_evidence_dirty(
    tmp_path: Path, repository: Callable[..., None]
) -> None:
    for project in (tmp_path, tmp_path / "checks"):
        (project / "gates").mkdir(parents=True)
        for name in ("audit-log.jsonl", "money.toml"):
            (project / "gates" / name).write_text("1")
    repository("add", "--all")
    repository("commit", "-m", "first")
    (tmp_path / "checks/gates/audit-log.jsonl").write_text("2")

    assert git_state(tmp_path / "checks")[1] is False
    assert git_state(tmp_path)[1] is True, "the log of another project is a file like any other"

    repository("add", "--all")
    assert git_state(tmp_path / "checks")[1] is False
    (tmp_path / "checks/gates/audit-log.jsonl").unlink()
    assert git_state(tmp_path / "checks")[1] is False
    for changed in ("checks/gates/money.toml", "gates/money.toml", "gates/audit-log.jsonl"):
        before = (tmp_path / changed).read_text()
        (tmp_path / changed).write_text("2")
        assert git_state(tmp_path / "checks")[1] is True, changed
        (tmp_path / changed).write_text(before)


def test_code_that_becomes_the_audit_log_is_a_change(tmp_path: Path, repository: Callable[..., None]) -> None:
    (tmp_path / "gates").mkdir()
    (tmp_path / "billing.py").write_text("x = 1\n" * 100)
    repository("add", "--all")
    repository("commit", "-m", "first")
    repository("mv", "billing.py", "gates/audit-log.jsonl")

    assert git_state(tmp_path)[1] is True


def test_a_caller_s_pathspec_settings_hide_no_change(
    tmp_path: Path, repository: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("1")
    repository("add", "a.txt")
    repository("commit", "-m", "first")
    (tmp_path / "a.txt").write_text("2")
    for setting in ("LITERAL", "GLOB", "NOGLOB", "ICASE"):
        monkeypatch.setenv(f"GIT_{setting}_PATHSPECS", "1")
        assert git_state(tmp_path)[1] is True
