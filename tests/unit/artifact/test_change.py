"""What a candidate changes, read from real repositories, some of which try to hide something."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.risks import SHIPPED, evidence, release, result

from billing_canary.artifact.change import read_change
from billing_canary.gate.risk_facts import facts_from
from billing_canary.release import ItemKind

MARA = ("Mara", "mara@example.invalid")
TAYLOR = ("Taylor Ng", "taylor@example.invalid")


class Repository:
    """A little repository in a folder."""

    def __init__(self, folder: Path, git: str) -> None:
        self.folder = folder
        self.program = git
        self.git("init", "--initial-branch=main")

    def git(self, *arguments: str, **identity: str) -> str:
        usual = {
            "GIT_AUTHOR_NAME": MARA[0],
            "GIT_AUTHOR_EMAIL": MARA[1],
            "GIT_COMMITTER_NAME": MARA[0],
            "GIT_COMMITTER_EMAIL": MARA[1],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }
        done = subprocess.run(
            [self.program, "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env={**os.environ, **usual, **identity},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, *paths: str, text: str = "1") -> None:
        for path in paths:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    def commit(self, *paths: str, message: str = "change", **identity: str) -> str:
        self.write(*paths, text=message)
        self.git("add", "--all")
        self.git("commit", "--allow-empty", "--message", message, **identity)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, tool: Callable[[str], str]) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    return Repository(folder, tool("git"))


def test_the_seed_release_from_its_repository(repository: Repository) -> None:
    repository.commit("README.md", GIT_AUTHOR_NAME="Somebody Before")
    repository.git("tag", "v1.0")
    repository.commit("db/migrations/0007_seats.sql", "src/stripe_sync.py")
    message = "seats\n\nSome words.\n\nCo-authored-by: Taylor Ng <taylor@example.invalid>\n"
    commit = repository.commit("src/seats.py", "src/webhooks/intake.py", message=message)

    change = read_change(repository.folder, "HEAD", "v*")

    assert (change.commit, change.base, change.problem) == (commit, "v1.0", "")
    assert change.authors == (MARA, TAYLOR)
    assert change.paths == (
        "db/migrations/0007_seats.sql",
        "src/seats.py",
        "src/stripe_sync.py",
        "src/webhooks/intake.py",
    )
    checklist = release(("finance", ItemKind.SIGN_OFF))
    recorded = replace(evidence(change=change), commit=commit)
    found = facts_from(SHIPPED, checklist, recorded, [result("finance")])
    assert found.migration.value is True
    assert found.billing_logic.value is True
    assert found.modules.value == ("Stripe sync", "Subscription seats", "Webhooks")
    assert found.high_blast_radius.value is True


def test_without_a_tag_it_is_the_whole_history(repository: Repository) -> None:
    repository.commit("a", GIT_AUTHOR_NAME="First")
    repository.git("tag", "other-1")
    commit = repository.commit("dir/b")

    change = read_change(repository.folder, commit, "v*")

    assert (change.base, change.problem) == ("", "")
    assert change.authors == (("First", MARA[1]), MARA)
    assert change.paths == ("a", "dir/b")


def test_a_tag_on_the_commit_itself_does_not_count(repository: Repository) -> None:
    repository.commit("a")
    repository.git("tag", "v1")
    commit = repository.commit("b")
    repository.git("tag", "v2")
    repository.git("tag", "--annotate", "--message", "x", "v2-annotated")

    change = read_change(repository.folder, commit, "v*")

    assert (change.base, change.paths) == ("v1", ("b",))


def test_later_tags_and_those_of_other_branches_do_not_count(repository: Repository) -> None:
    repository.commit("a")
    repository.git("tag", "v1")
    commit = repository.commit("b")
    repository.commit("c")
    repository.git("tag", "v3")
    repository.git("checkout", "-b", "side", "v1")
    repository.commit("d")
    repository.git("tag", "v2")

    assert read_change(repository.folder, commit, "v*").base == "v1"


def test_the_last_of_several_tags_is_the_base_whatever_their_names_and_dates(repository: Repository) -> None:
    repository.commit("a", GIT_COMMITTER_DATE="2026-06-01T00:00:00Z")
    repository.git("tag", "v9")
    repository.commit("b", GIT_COMMITTER_DATE="2020-01-01T00:00:00Z")
    repository.git("tag", "--annotate", "--message", "x", "v1")
    repository.git("tag", "--annotate", "--message", "x", "v1.1", "v1")
    repository.commit("c", GIT_COMMITTER_DATE="2021-01-01T00:00:00Z")

    change = read_change(repository.folder, "HEAD", "v*")

    assert (change.base, change.paths) == ("v1.1", ("c",))


def test_of_two_merged_lines_the_one_that_leaves_more_is_the_base(repository: Repository) -> None:
    repository.commit("a")
    repository.git("checkout", "-b", "side")
    repository.commit("s1")
    repository.git("tag", "v2")
    repository.git("checkout", "main")
    repository.commit("m1")
    repository.git("tag", "v1")
    repository.commit("m2")
    repository.commit("m3")
    repository.git("merge", "--no-ff", "--message", "merge", "side")

    # From v2 on there are m1, m2, m3 and the merge; from v1 on one less.
    change = read_change(repository.folder, "HEAD", "v*")

    assert (change.base, change.paths) == ("v2", ("m1", "m2", "m3"))


def test_committers_and_co_authors_anywhere_in_a_message_are_authors(repository: Repository) -> None:
    repository.commit("a")
    repository.git("tag", "v1")
    messages = (
        "one\n\nCO-AUTHORED-BY :  Taylor Ng  <taylor@example.invalid>  \n\nand a last paragraph",
        "two\n\nCo-authored-by: Only A Name\nCo-authored-by: <mail@example.invalid>\nSigned-off-by: N <n@x>",
    )
    for message in messages:
        repository.commit(message=message, GIT_COMMITTER_NAME="Robot", GIT_COMMITTER_EMAIL="robot@x")

    assert read_change(repository.folder, "HEAD", "v*").authors == (
        ("", "mail@example.invalid"),
        MARA,
        ("Only A Name", ""),
        ("Robot", "robot@x"),
        TAYLOR,
    )


def test_a_mailmap_of_the_change_renames_nobody(repository: Repository) -> None:
    repository.commit("a")
    repository.write(".mailmap", text="Nobody <nobody@x> <mara@example.invalid>\n")
    repository.git("config", "log.mailmap", "true")
    repository.commit()

    assert read_change(repository.folder, "HEAD", "v*").authors == (MARA,)


def test_renamed_files_are_both_of_their_paths(repository: Repository) -> None:
    repository.commit("db/migrations/1.sql", message="long enough to be found again\n" * 9)
    repository.git("tag", "v1")
    repository.git("config", "diff.renames", "copies")
    (repository.folder / "other").mkdir()
    repository.git("mv", "db/migrations/1.sql", "other/1.txt")
    repository.commit()

    assert read_change(repository.folder, "HEAD", "v*").paths == ("db/migrations/1.sql", "other/1.txt")


def test_unusual_names_are_told_as_they_are(repository: Repository) -> None:
    names = ("-x", "a b", "\u00e4\u00f6.sql", "line\nbreak", '"quoted"', "tab\t.py")
    repository.commit("start")
    repository.git("tag", "v1")
    repository.commit(*names)

    assert read_change(repository.folder, "HEAD", "v*").paths == tuple(sorted(names))


def test_bytes_that_are_no_text_become_replacement_characters(repository: Repository) -> None:
    (Path(os.fsdecode(os.fsencode(repository.folder) + b"/bad\xff.sql"))).write_text("1")
    repository.commit()

    assert read_change(repository.folder, "HEAD", "v*").paths == ("bad\ufffd.sql",)


def test_a_submodule_is_one_path_even_if_it_asks_to_be_ignored(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "inner").mkdir()
    inner = Repository(tmp_path / "inner", repository.program)
    inner.commit("a")
    repository.git("submodule", "add", str(inner.folder), "billing")
    repository.git("config", "--file", ".gitmodules", "submodule.billing.ignore", "all")
    repository.git("config", "diff.ignoreSubmodules", "all")
    repository.commit()
    repository.git("tag", "v1")
    later = inner.commit("b")
    repository.git("update-index", "--cacheinfo", f"160000,{later},billing")
    repository.git("commit", "--allow-empty", "--message", "bump")

    assert read_change(repository.folder, "HEAD", "v*").paths == ("billing",)


def test_the_settings_of_a_repository_run_nothing_and_hide_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\necho > {sprung}\n")
    trap.chmod(0o755)
    repository.commit("a.sql")
    repository.git("tag", "v1")
    repository.write(".gitattributes", text="*.sql diff=trap\n")
    repository.commit("dir/a.sql")
    for key in ("core.fsmonitor", "core.pager", "pager.log", "diff.external", "gpg.program"):
        repository.git("config", key, str(trap))
    repository.git("config", "diff.trap.textconv", str(trap))
    repository.git("config", "diff.trap.command", str(trap))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "log.follow", "true")
    repository.git("config", "diff.relative", "true")
    repository.git("config", "core.quotePath", "true")

    change = read_change(repository.folder / "dir", "HEAD", "v*")

    assert (change.authors, change.paths) == ((MARA,), (".gitattributes", "dir/a.sql"))
    assert not sprung.exists()


def test_replaced_and_grafted_commits_are_read_as_they_were_committed(repository: Repository) -> None:
    repository.commit("a")
    repository.git("tag", "v1")
    real = repository.commit("b", GIT_AUTHOR_NAME="Hidden")
    repository.git("checkout", "-b", "fake", "v1")
    fake = repository.commit("c")
    repository.git("replace", real, fake)
    (repository.folder / ".git/info").mkdir(exist_ok=True)
    (repository.folder / ".git/info/grafts").write_text(f"{real}\n")

    change = read_change(repository.folder, real, "v*")

    assert (change.commit, change.base, change.paths) == (real, "v1", ("b",))
    assert ("Hidden", MARA[1]) in change.authors


def test_variables_that_name_another_repository_are_not_followed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit("a")
    (tmp_path / "other").mkdir()
    other = Repository(tmp_path / "other", repository.program)
    other.commit("b")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git/objects"))

    assert read_change(repository.folder, commit, "v*").paths == ("a",)


def test_a_shallow_clone_tells_nothing_and_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    repository.commit("a")
    commit = repository.commit("b")
    repository.git("clone", "--depth=1", f"file://{repository.folder}", str(tmp_path / "clone"))

    change = read_change(tmp_path / "clone", commit, "v*")

    assert (change.commit, change.base, change.authors, change.paths) == (commit, "", (), ())
    assert change.problem.startswith("the clone is shallow: run 'git fetch --unshallow --tags'")


def test_a_clone_without_its_objects_fetches_nothing(repository: Repository, tmp_path: Path) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit("a")
    repository.git("tag", "v1")
    commit = repository.commit("dir/b")
    clone = tmp_path / "clone"
    repository.git("clone", "--filter=tree:0", "--no-checkout", f"file://{repository.folder}", str(clone))

    change = read_change(clone, commit, "v*")

    assert change.problem.startswith("git ")
    assert (change.authors, change.paths) == ((), ())


@pytest.mark.parametrize("commit", ["", "-h", "--all", "--output=x", "a\nb", "a\0b", "\ud800"])
def test_what_looks_like_an_option_or_no_name_at_all_is_refused(repository: Repository, commit: str) -> None:
    repository.commit("a")

    change = read_change(repository.folder, commit, "v*")

    assert change.problem.endswith("names no commit")
    assert change.commit == commit


@pytest.mark.parametrize("commit", ["d" * 40, "nosuch", "HEAD:a", "HEAD..HEAD", "HEAD^{tree}"])
def test_an_unknown_commit_is_told(repository: Repository, commit: str) -> None:
    repository.commit("a")

    change = read_change(repository.folder, commit, "v*")

    assert change.problem == f"commit {commit} is not in this repository: fetch it first"


def test_a_folder_outside_of_any_repository_is_told(tmp_path: Path) -> None:
    assert "not a git repository" in read_change(tmp_path, "HEAD", "v*").problem
    assert "cannot be started" in read_change(tmp_path / "gone", "HEAD", "v*").problem


def test_a_machine_without_git_is_told(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("a")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "git cannot be started" in read_change(repository.folder, "HEAD", "v*").problem
