"""Finding evidence: what is damaged tells nothing, and hides every older run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.recorded import (
    COMMIT,
    record_tier,
    run_id_at,
)
from tests.fakes.recorded_evidence import KIND, OTHER, found, reseal, states


def _flip(folder: Path) -> None:
    data = (folder / "summary.json").read_bytes()
    (folder / "summary.json").write_bytes(data.replace(b"pr-fast", b"pr-slow"))


def _garbage(folder: Path) -> None:
    (folder / "summary.json").write_bytes(b"\xff")


def _dangling(folder: Path) -> None:
    (folder / "summary.json").unlink()
    (folder / "summary.json").symlink_to("nowhere")


def _other_run(folder: Path) -> None:
    data = (folder / "run.json").read_text()
    (folder / "run.json").write_text(data.replace("pr-fast", "smoke"))


def _no_run(folder: Path) -> None:
    (folder / "run.json").unlink()


def _fifo(folder: Path) -> None:
    (folder / "summary.json").unlink()
    os.mkfifo(folder / "summary.json")


def _other_commit(folder: Path) -> None:
    data = (folder / "summary.json").read_bytes()
    (folder / "summary.json").write_bytes(data.replace(COMMIT.encode(), OTHER.encode()))


DAMAGE = (_flip, _garbage, _dangling, _other_run, _no_run, _fifo, _other_commit)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_tells_nothing_and_hides_what_is_older(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    record_tier(tmp_path, 1)
    damage(record_tier(tmp_path, 2))

    (seen,) = found(tmp_path)

    assert (seen.run_id, seen.state) == (run_id_at(2), "damaged")
    assert (seen.tier, seen.mode, seen.commit, seen.overall_status) == ("", "", None, "")
    assert seen.detail


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_older_damaged_run_is_not_opened(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(record_tier(tmp_path, 1))
    record_tier(tmp_path, 2)

    assert states(tmp_path) == [(run_id_at(2), "verified")]


@pytest.mark.parametrize("path", ["junit.xml", "logs/run.log", "runner.json", "summary.md"])
def test_every_file_of_a_cited_run_is_checked(tmp_path: Path, path: str) -> None:
    folder = record_tier(tmp_path, 1)
    (folder / path).write_bytes((folder / path).read_bytes() + b" ")

    (seen,) = found(tmp_path)

    assert (seen.state, seen.tier, seen.commit) == ("damaged", "pr-fast", COMMIT)
    assert seen.detail.startswith(f"{path}: has ")


def test_an_added_file_is_damage(tmp_path: Path) -> None:
    (record_tier(tmp_path, 1) / "more.txt").touch()

    assert found(tmp_path)[0].detail == "more.txt: is not in the index"


def test_a_verdict_that_is_better_than_its_evidence_is_damage_though_it_is_sealed(tmp_path: Path) -> None:
    folder = record_tier(tmp_path, 1)
    reseal(folder, lambda document: document["suites"][0]["attempts"][0].update(exit_code=1))

    (seen,) = found(tmp_path)

    assert seen.state == "damaged"
    assert "its evidence says fail" in seen.detail


def test_a_copy_under_another_id_is_damage(tmp_path: Path) -> None:
    folder = record_tier(tmp_path, 1)
    shutil.copytree(folder, folder.with_name(run_id_at(2)))

    (seen,) = found(tmp_path)

    assert (seen.run_id, seen.state) == (run_id_at(2), "damaged")
    assert seen.detail == f"is the report of run {run_id_at(1)}, kept as {run_id_at(2)}"


def test_a_renamed_run_is_damage(tmp_path: Path) -> None:
    record_tier(tmp_path, 2, commit=OTHER).rename(tmp_path / KIND / run_id_at(3))
    record_tier(tmp_path, 1)

    assert states(tmp_path) == [(run_id_at(3), "damaged")]


def test_a_link_to_a_run_is_damage_and_is_not_followed(tmp_path: Path) -> None:
    folder = record_tier(tmp_path, 1)
    (tmp_path / KIND / run_id_at(2)).symlink_to(folder)

    (seen,) = found(tmp_path)

    assert (seen.run_id, seen.state, seen.detail) == (run_id_at(2), "damaged", "the folder is a link")


def test_a_link_whose_name_tells_no_start_counts_as_newest(tmp_path: Path) -> None:
    folder = record_tier(tmp_path, 1)
    (tmp_path / KIND / "nightly").symlink_to(folder)

    assert states(tmp_path) == [("nightly", "damaged")]


def test_a_kind_s_folder_that_is_a_link_is_damage(tmp_path: Path) -> None:
    record_tier(tmp_path / "elsewhere", 1)
    (tmp_path / KIND).symlink_to(tmp_path / "elsewhere" / KIND)

    (seen,) = found(tmp_path)

    assert (seen.kind, seen.run_id, seen.folder, seen.state) == (KIND, "", KIND, "damaged")


def test_a_kind_s_folder_that_is_a_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / KIND).touch()

    assert states(tmp_path) == [("", "damaged")]
