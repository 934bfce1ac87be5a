"""Who signs, which commit, until when: what the commands of the audit log share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from billing_canary.cli.log_entry import Desk, expiry, full_commit, signer
from billing_canary.cli.log_options import excluded, incident_number, required, severity_number
from billing_canary.errors import EvidenceError, ProjectError
from billing_canary.project import Project

NOW = "2026-11-21T10:00:00.000Z"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A project without Git, on a machine where Git knows nobody."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    return Desk(project=Project(tmp_path, "test"), as_json=False)


@pytest.fixture
def git(desk: Desk, tool: Callable[[str], str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        argv = [tool("git"), *arguments]
        return subprocess.run(argv, cwd=desk.root, check=True, capture_output=True, text=True).stdout.strip()

    run("init")
    return run


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("14d", "2026-12-05T10:00:00.000Z"),
        ("12h", "2026-11-21T22:00:00.000Z"),
        ("366d", "2027-11-22T10:00:00.000Z"),
        ("8784h", "2027-11-22T10:00:00.000Z"),
        ("2026-11-21", "2026-11-22T00:00:00.000Z"),
        ("2026-12-31", "2027-01-01T00:00:00.000Z"),
        ("2027-11-21", "2027-11-22T00:00:00.000Z"),
    ],
)
def test_an_expiry_is_a_span_or_the_last_day(text: str, end: str) -> None:
    assert expiry(text, NOW) == end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0d",
        "367d",
        "8785h",
        "99999d",
        "-1d",
        "1.5d",
        "14",
        "14 d",
        "14D",
        "2w",
        "1\u0664d",
        "forever",
        "2026-11-20",
        "2027-11-22",
        "2026-02-30",
        "9999-12-31",
        "20261231",
        "2026-12-31T10:00:00Z",
    ],
)
def test_other_expiries_are_wrong_calls(text: str) -> None:
    with pytest.raises(ProjectError, match="is not within the next 366 days"):
        expiry(text, NOW)


def test_who_is_named_signs(desk: Desk) -> None:
    assert signer(desk, "Ada Byron") == "Ada Byron"


def test_nobody_signs_by_accident(desk: Desk, git: Callable[..., str]) -> None:
    git("status")
    with pytest.raises(ProjectError, match=r"--by: is missing, and Git knows no user\.name here"):
        signer(desk, None)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ({"name": "Ada Byron", "email": "ada@example.invalid"}, "Ada Byron <ada@example.invalid>"),
        ({"name": "Ada Byron"}, "Ada Byron"),
        ({"email": "ada@example.invalid"}, "ada@example.invalid"),
    ],
)
def test_git_knows_who_works_here(
    desk: Desk, git: Callable[..., str], known: dict[str, str], shown: str
) -> None:
    for key, value in known.items():
        git("config", f"user.{key}", value)
    assert signer(desk, None) == shown


def test_outside_of_a_repository_only_a_full_hash_is_a_commit(desk: Desk) -> None:
    for full in ("a" * 40, "0" * 64):
        assert full_commit(desk, full) == full
    for part in ("HEAD", "a" * 39, "A" * 40, ""):
        with pytest.raises(ProjectError, match="git rev-parse HEAD"):
            full_commit(desk, part)


def _commit(git: Callable[..., str]) -> str:
    git("-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "--allow-empty", "-m", "x")
    return git("rev-parse", "HEAD")


def test_in_a_repository_git_resolves(desk: Desk, git: Callable[..., str]) -> None:
    full = _commit(git)
    git("-c", "user.name=T", "-c", "user.email=t@example.invalid", "tag", "-a", "v1.0", "-m", "one")
    (desk.root / "checks").mkdir()
    below = Desk(project=Project(desk.root / "checks", "test"), as_json=False)

    for name in (full, full[:8], "HEAD", "v1.0", "HEAD~0", "refs/tags/v1.0", "v1.0^{commit}"):
        assert full_commit(desk, name) == full
        assert full_commit(below, name) == full


@pytest.mark.parametrize(
    "name", ["b" * 40, "nowhere", "HEAD~9", "-x", "--all", "", "a b", "x\ny", "HEAD:gates", "é"]
)
def test_what_git_does_not_know_is_no_commit(desk: Desk, git: Callable[..., str], name: str) -> None:
    _commit(git)
    with pytest.raises(ProjectError, match="is no commit"):
        full_commit(desk, name)


def test_no_commit_before_the_first(desk: Desk, git: Callable[..., str]) -> None:
    git("status")
    with pytest.raises(ProjectError, match="is no commit here"):
        full_commit(desk, "HEAD")


def test_without_an_answer_of_git_nothing_is_written(
    desk: Desk, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = _commit(git)
    monkeypatch.setenv("PATH", str(desk.root))
    with pytest.raises(EvidenceError, match="--commit cannot be looked up: git cannot be started"):
        full_commit(desk, full)


@pytest.mark.parametrize(("text", "number"), [("5", 5), ("incident-5", 5), ("INCIDENT-12", 12)])
def test_an_incident_has_a_number(text: str, number: int) -> None:
    assert incident_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "-5", "five", "incident-", "5.0", "\u0665", "²", "9" * 13])
def test_other_texts_name_no_incident(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no incident"):
        incident_number(text)


def test_a_severity_is_its_digit() -> None:
    assert [severity_number(text) for text in ("sev-1", "SEV-4", None)] == [1, 4, None]


def test_all_missing_options_are_named_at_once() -> None:
    required(title="x", good=0)
    with pytest.raises(click.UsageError, match=r"^Missing: --title, --rehearsed-on\.$"):
        required(title=None, owner="Ada", rehearsed_on=None)


def test_options_that_say_nothing_are_refused() -> None:
    excluded("--list", by=None)
    with pytest.raises(click.UsageError, match=r"^--list goes without --by, --role\.$"):
        excluded("--list", by="Ada", role="lead", reason=None)
