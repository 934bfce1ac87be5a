"""`decide`: a run that cannot be relied on makes a release NO-GO."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.fakes.released import CHECK, FAILS, blocked, git, newest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary as Command


def _failing_run(release: Command) -> None:
    (release.home / "check.sh").write_text(FAILS)
    git(release.home, "update-index", "--assume-unchanged", "check.sh")
    assert release("confidence", "quick").code == 1


def _dirty_run(release: Command) -> None:
    (release.home / "check.sh").write_text(CHECK + "true\n")
    assert release("confidence", "quick").code == 0
    git(release.home, "checkout", "-q", "check.sh")


def _interrupted_run(release: Command) -> None:
    assert release("confidence", "quick").code == 0
    (newest(release, "billing-confidence") / "summary.json").unlink()


def _altered_file(release: Command) -> None:
    (newest(release, "billing-confidence") / "junit.xml").write_text("<testsuites/>")


def _altered_verdict(release: Command) -> None:
    _failing_run(release)
    file = newest(release, "billing-confidence") / "summary.json"
    file.write_text(file.read_text().replace('"fail"', '"pass"'))


def _altered_commit(release: Command) -> None:
    _failing_run(release)
    file = newest(release, "billing-confidence") / "summary.json"
    file.write_text(file.read_text().replace(git(release.home, "rev-parse", "HEAD"), "b" * 40))


def _removed_failure(release: Command) -> None:
    _failing_run(release)
    shutil.rmtree(newest(release, "billing-confidence"))


def _linked_run(release: Command) -> None:
    folder = newest(release, "billing-confidence")
    (folder.parent / "20990101T000000.000Z-0000").symlink_to(folder.name)


def _copied_run(release: Command) -> None:
    folder = newest(release, "billing-confidence")
    shutil.copytree(folder, folder.parent / "20990101T000000.000Z-0000")


def _hidden_failure(release: Command) -> None:
    """A failed run that was given a name which sorts before the pass."""
    (release.home / "check.sh").write_text(FAILS)
    git(release.home, "update-index", "--assume-unchanged", "check.sh")
    assert release("confidence", "quick", "--run-id", "20010101T000000.000Z-0000").code == 1


TIER_ITEMS = {"quick", "critical"}


@pytest.mark.parametrize(
    ("damage", "items", "words"),
    [
        (_failing_run, {"quick", "critical"}, "came to fail"),
        (_dirty_run, TIER_ITEMS, "was made with uncommitted changes"),
        (_interrupted_run, {*TIER_ITEMS, "artifacts"}, "the run was interrupted"),
        (_altered_file, {*TIER_ITEMS, "artifacts"}, "is damaged: junit.xml: has "),
        (_altered_verdict, {*TIER_ITEMS, "artifacts"}, "not the ones that were sealed"),
        (_altered_commit, {*TIER_ITEMS, "artifacts"}, "not the ones that were sealed"),
        (_removed_failure, TIER_ITEMS, "is gone, though nobody pruned it"),
        (_linked_run, {*TIER_ITEMS, "artifacts"}, "the folder is a link"),
        (_copied_run, {*TIER_ITEMS, "artifacts"}, "is the report of run "),
        (_hidden_failure, {*TIER_ITEMS, "artifacts"}, "its name tells another start"),
    ],
)
def test_a_run_that_cannot_be_relied_on_is_no_go(
    release: Command, damage: Callable[[Command], None], items: set[str], words: str
) -> None:
    damage(release)

    red = blocked(release)

    assert set(red) == items
    assert words in red["quick"]
    assert release("runs", "verify", release.bundles("billing-decisions")[-1].folder.name).code == 0


def test_a_probe_of_a_few_is_no_evidence(release: Command) -> None:
    assert release("probe", "--only", "*").code == 0

    assert "was limited on its command line" in blocked(release)["probe"]


def test_runs_that_cannot_be_listed_are_a_blocker(release: Command) -> None:
    folder = release.artifacts / "billing-canary"
    folder.rename(release.home / "elsewhere")
    folder.touch()

    assert set(blocked(release)) == {"probe", "artifacts"}


def test_evidence_behind_a_link_is_a_blocker(release: Command) -> None:
    folder = release.artifacts / "billing-canary"
    folder.rename(release.home / "elsewhere")
    folder.symlink_to(release.home / "elsewhere")

    assert set(blocked(release)) >= {"probe", "artifacts"}
