from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_canary.git_command import ask_git, in_repository


def _program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_an_answer_has_code_and_output(tmp_path: Path, tool: Callable[[str], str]) -> None:
    tool("git")
    answer = ask_git(tmp_path, "--version")

    assert (answer.code, answer.problem) == (0, "")
    assert answer.text.startswith("git version ")
    assert answer.output.endswith(b"\n")


def test_a_complaint_is_its_first_line(tmp_path: Path, tool: Callable[[str], str]) -> None:
    tool("git")
    answer = ask_git(tmp_path, "rev-parse", "HEAD")

    assert answer.code == 128
    assert answer.problem.startswith("fatal: not a git repository")


def test_a_silent_failure_names_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "git", "exit 7")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert ask_git(tmp_path, "status").problem == "git ended with 7"


def test_no_git_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = ask_git(tmp_path, "status")

    assert (answer.code, answer.output) == (None, b"")
    assert answer.problem == "git cannot be started: No such file or directory"


def test_a_git_that_hangs_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "git", "exec /bin/sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("billing_canary.git_command._PATIENCE_SECONDS", 0.2)

    assert ask_git(tmp_path, "status").problem == "git did not answer within 0.2 s"


def test_it_asks_for_no_lock_no_remote_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = shutil.which("env")
    assert env is not None
    _program(tmp_path, "git", env)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    said = ask_git(tmp_path, "status").text.splitlines()

    wanted = {
        "GIT_OPTIONAL_LOCKS=0",
        "GIT_NO_LAZY_FETCH=1",
        "GIT_TERMINAL_PROMPT=0",
        "GIT_LITERAL_PATHSPECS=0",
        "LC_ALL=C",
    }
    assert wanted <= set(said)


def test_a_folder_below_a_work_tree_is_in_a_repository(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    assert not in_repository(tmp_path / "deep/er")

    (tmp_path / ".git").write_text("gitdir: elsewhere")
    assert in_repository(tmp_path / "deep/er")
    assert in_repository(tmp_path)


def test_another_repository_of_a_hook_is_not_asked(
    tmp_path: Path, tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        subprocess.run([tool("git"), "init", "-q"], cwd=tmp_path / name, check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "two/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "two"))

    assert ask_git(tmp_path / "one", "rev-parse", "--show-toplevel").text == str(tmp_path / "one")
