from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.audit import make_bytes

from billing_canary.audit.chain import NO_HEAD, read_log
from billing_canary.audit.continuation import continuation_problem
from billing_canary.audit.log import AUDIT_LOG, EntryKind

K = EntryKind
ONE = make_bytes(K.APPROVAL)
TWO = make_bytes(K.APPROVAL, K.RISK)
OTHER = make_bytes(K.RISK, K.RISK)


@pytest.fixture
def git(tmp_path: Path, tool: Callable[[str], str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.invalid")
        argv = [tool("git"), *identity, *arguments]
        return subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    run("init")
    return run


def _commit(git: Callable[..., str], root: Path, data: bytes) -> None:
    (root / AUDIT_LOG).parent.mkdir(parents=True, exist_ok=True)
    (root / AUDIT_LOG).write_bytes(data)
    git("add", "-f", "--all")
    git("commit", "-m", "log")


def _problem(root: Path, data: bytes, *heads: str) -> str:
    return continuation_problem(root, read_log(data), heads)


def test_without_a_repository_nothing_was_committed(tmp_path: Path) -> None:
    assert _problem(tmp_path, b"") == ""
    assert _problem(tmp_path, TWO) == ""


def test_a_broken_log_is_no_continuation(tmp_path: Path) -> None:
    assert _problem(tmp_path, b"cut") == (
        f"{AUDIT_LOG} is broken: line 1: is cut short: it has no line end. "
        "Remove it if it is no whole entry, and write it again"
    )


def test_before_the_first_commit_and_before_the_log_is_committed(
    tmp_path: Path, git: Callable[..., str]
) -> None:
    assert _problem(tmp_path, TWO) == ""

    git("commit", "--allow-empty", "-m", "first")
    assert _problem(tmp_path, TWO) == ""


@pytest.mark.parametrize("committed", [b"", ONE, TWO])
def test_what_is_committed_is_a_prefix(tmp_path: Path, git: Callable[..., str], committed: bytes) -> None:
    _commit(git, tmp_path, committed or b"")

    assert _problem(tmp_path, TWO) == ""


@pytest.mark.parametrize("now", [b"", ONE, OTHER])
def test_what_was_committed_may_not_go(tmp_path: Path, git: Callable[..., str], now: bytes) -> None:
    _commit(git, tmp_path, TWO)

    assert _problem(tmp_path, now) == (
        f"{AUDIT_LOG} does not begin with what is committed: an entry was changed or removed since"
    )


def test_staging_another_log_changes_nothing(tmp_path: Path, git: Callable[..., str]) -> None:
    _commit(git, tmp_path, TWO)
    (tmp_path / AUDIT_LOG).write_bytes(OTHER)
    git("add", "--all")

    assert "does not begin with" in _problem(tmp_path, OTHER)


def test_the_project_may_be_a_folder_of_the_repository(tmp_path: Path, git: Callable[..., str]) -> None:
    _commit(git, tmp_path, OTHER)
    _commit(git, tmp_path / "checks", TWO)

    assert _problem(tmp_path / "checks", TWO) == ""
    assert "does not begin with" in _problem(tmp_path / "checks", OTHER)


def test_a_replaced_object_does_not_count(tmp_path: Path, git: Callable[..., str]) -> None:
    """`git replace` shows another content for a commit's own hash."""
    _commit(git, tmp_path, TWO)
    (tmp_path / "other").write_bytes(OTHER)
    git("replace", git("rev-parse", f"HEAD:{AUDIT_LOG}"), git("hash-object", "-w", "other"))

    assert git("show", f"HEAD:{AUDIT_LOG}").encode() + b"\n" == OTHER
    assert _problem(tmp_path, TWO) == ""
    assert "does not begin with" in _problem(tmp_path, OTHER)


def test_a_committed_link_is_a_problem(tmp_path: Path, git: Callable[..., str]) -> None:
    (tmp_path / "gates").mkdir()
    (tmp_path / AUDIT_LOG).symlink_to("elsewhere")
    git("add", "--all")
    git("commit", "-m", "link")

    assert _problem(tmp_path, TWO) == f"the committed {AUDIT_LOG} is no regular file"


def test_a_repository_that_cannot_be_asked_is_a_problem(
    tmp_path: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _commit(git, tmp_path, TWO)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert _problem(tmp_path, TWO) == (
        f"Git cannot tell what is committed of {AUDIT_LOG}: git cannot be started: No such file or directory"
    )


def test_a_broken_repository_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")

    assert _problem(tmp_path, TWO).startswith(f"Git cannot tell what is committed of {AUDIT_LOG}: fatal: ")


@pytest.mark.parametrize("wanted", ["tree", "blob"])
def test_a_missing_object_is_a_problem(tmp_path: Path, git: Callable[..., str], wanted: str) -> None:
    _commit(git, tmp_path, TWO)
    name = git("rev-parse", {"tree": "HEAD^{tree}", "blob": f"HEAD:{AUDIT_LOG}"}[wanted])
    (tmp_path / ".git/objects" / name[:2] / name[2:]).unlink()

    assert _problem(tmp_path, TWO).startswith(f"Git cannot tell what is committed of {AUDIT_LOG}: ")


def test_each_cited_head_is_an_entry(tmp_path: Path) -> None:
    heads = [entry.digest for entry in read_log(TWO).entries]

    assert _problem(tmp_path, TWO, NO_HEAD, *heads) == ""
    assert _problem(tmp_path, b"", NO_HEAD) == ""


def test_a_cited_head_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    lost = read_log(TWO).head

    assert _problem(tmp_path, ONE, lost) == (
        f"an earlier decision cites the entry {lost[:12]}, which {AUDIT_LOG} no longer holds"
    )
    assert "(and 1 more)" in _problem(tmp_path, b"", lost, lost, "f" * 64)
