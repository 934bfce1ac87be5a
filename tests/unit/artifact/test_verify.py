"""The battery of tampered bundles: each is found, and the file is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_canary.artifact.seal import sealed
from billing_canary.artifact.verify import BundleState, Fault, verify_bundle

FINAL = "billing-canary-report.json"


def problems(bundle: Path) -> set[tuple[str, str]]:
    found = verify_bundle(bundle)
    assert found.state is BundleState.DAMAGED
    return {(row.path, str(row.problem)) for row in found.problems}


def rewrite(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the final file and seals it anew, as somebody would who knows how."""
    document = json.loads((bundle / FINAL).read_text())
    del document["document_sha256"]
    change(document)
    (bundle / FINAL).write_bytes(sealed(document))


def row(document: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in document["artifact_index"] if row["path"] == path)
    return found


def test_an_untouched_bundle_is_verified(bundle: Path) -> None:
    found = verify_bundle(bundle)

    assert (found.state, found.problems) == (BundleState.VERIFIED, ())


def test_a_copied_bundle_is_verified(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere/billing-canary" / bundle.name
    shutil.copytree(bundle, copy)

    assert verify_bundle(copy).state is BundleState.VERIFIED


@pytest.mark.parametrize("path", ["junit.xml", "runner.json", "run.json", "logs/run.log", FINAL])
def test_every_single_flipped_bit_is_found(bundle: Path, path: str) -> None:
    data = (bundle / path).read_bytes()
    for place in range(0, len(data), max(1, len(data) // 40)):
        flipped = bytes([data[place] ^ 1])
        (bundle / path).write_bytes(data[:place] + flipped + data[place + 1 :])

        found = verify_bundle(bundle)

        assert found.state is BundleState.DAMAGED, place
        assert path in {problem.path for problem in found.problems}


def test_a_truncated_file_is_found(bundle: Path) -> None:
    (bundle / "junit.xml").write_bytes((bundle / "junit.xml").read_bytes()[:-1])

    assert problems(bundle) == {("junit.xml", "changed")}


def test_a_truncated_final_file_is_unreadable(bundle: Path) -> None:
    (bundle / FINAL).write_bytes((bundle / FINAL).read_bytes()[:-3])

    assert problems(bundle) == {(FINAL, "unreadable")}


def test_a_deleted_file_is_found(bundle: Path) -> None:
    (bundle / "junit.xml").unlink()

    assert problems(bundle) == {("junit.xml", "missing")}


def test_an_added_file_is_found(bundle: Path) -> None:
    (bundle / "logs/more.log").write_text("")

    assert problems(bundle) == {("logs/more.log", "extra")}


def test_two_swapped_files_are_found(bundle: Path) -> None:
    (bundle / "junit.xml").rename(bundle / "x")
    (bundle / "runner.json").rename(bundle / "junit.xml")
    (bundle / "x").rename(bundle / "runner.json")

    assert problems(bundle) == {("junit.xml", "changed"), ("runner.json", "changed")}


def test_a_link_to_the_same_content_is_found(bundle: Path, tmp_path: Path) -> None:
    (bundle / "junit.xml").rename(tmp_path / "outside.xml")
    (bundle / "junit.xml").symlink_to(tmp_path / "outside.xml")

    assert problems(bundle) == {("junit.xml", "unreadable")}


def test_a_link_that_leads_nowhere_is_found(bundle: Path) -> None:
    (bundle / "junit.xml").unlink()
    (bundle / "junit.xml").symlink_to("gone")

    assert problems(bundle) == {("junit.xml", "unreadable")}


def test_a_linked_folder_is_not_entered(bundle: Path, tmp_path: Path) -> None:
    (bundle / "logs").rename(tmp_path / "logs")
    (bundle / "logs").symlink_to(tmp_path / "logs")

    assert problems(bundle) == {("logs/run.log", "unreadable"), ("logs", "extra")}


def test_a_linked_final_file_is_not_read(bundle: Path, tmp_path: Path) -> None:
    (bundle / FINAL).rename(tmp_path / "final.json")
    (bundle / FINAL).symlink_to(tmp_path / "final.json")

    assert problems(bundle) == {(FINAL, "unreadable")}


def test_a_fifo_is_found_and_not_waited_for(bundle: Path) -> None:
    (bundle / "junit.xml").unlink()
    os.mkfifo(bundle / "junit.xml")

    assert problems(bundle) == {("junit.xml", "unreadable")}


@pytest.mark.parametrize(
    "path", ["../../outside", "/etc/hostname", "logs/../run.json", "a\\b", "nul\0", "x" * 4096]
)
def test_an_index_that_points_out_of_the_bundle_is_found(bundle: Path, path: str) -> None:
    (bundle.parents[1] / "outside").write_text("not to be opened")
    rewrite(bundle, lambda document: row(document, "junit.xml").update(path=path))

    assert problems(bundle) == {(FINAL, "inconsistent"), (path, "unsafe"), ("junit.xml", "extra")}


@pytest.mark.parametrize("path", ["run.json", "junit.xml", "billing-canary-report.md", "logs/run.log"])
def test_a_file_that_each_run_has_must_be_in_the_index_as_required(bundle: Path, path: str) -> None:
    rewrite(bundle, lambda document: row(document, path).update(required=False))

    (found,) = verify_bundle(bundle).problems

    assert (found.path, found.problem) == (FINAL, "inconsistent")
    assert found.detail == f"the index does not name {path} as required"


def test_a_file_that_was_removed_together_with_its_row_is_missed(bundle: Path) -> None:
    (bundle / "junit.xml").unlink()
    rewrite(bundle, lambda document: document["artifact_index"].remove(row(document, "junit.xml")))

    (found,) = verify_bundle(bundle).problems

    assert found.detail == "the index does not name junit.xml as required"


def test_a_path_named_twice_and_a_clash_of_case_are_found(bundle: Path) -> None:
    def repeat(document: dict[str, Any]) -> None:
        once = row(document, "junit.xml")
        document["artifact_index"] += [dict(once), {**once, "path": "JUNIT.xml"}]

    rewrite(bundle, repeat)

    assert problems(bundle) == {(FINAL, "inconsistent"), ("JUNIT.xml", "missing")}
    assert "the index names 'junit.xml' 3 times" in verify_bundle(bundle).problems[0].detail


def test_a_wrong_missing_count_is_found(bundle: Path) -> None:
    rewrite(bundle, lambda document: document.update(missing_count=1))

    details = [problem.detail for problem in verify_bundle(bundle).problems]
    assert details == [
        "missing_count is 1, but the index has 0 missing files",
        "says pass although 1 required files are missing",
    ]


def test_a_file_that_appeared_after_the_run_is_found(bundle: Path) -> None:
    def disown(document: dict[str, Any]) -> None:
        row(document, "junit.xml").update(present=False, bytes=None, sha256=None)
        document.update(missing_count=1, overall_status="inconclusive")

    rewrite(bundle, disown)

    assert problems(bundle) == {("junit.xml", "extra")}


def test_the_report_of_another_run_is_found(bundle: Path) -> None:
    other = bundle.with_name("other")
    bundle.rename(other)

    assert problems(other) == {(FINAL, "inconsistent"), ("run.json", "inconsistent")}


def test_an_index_without_the_run_file_is_found(bundle: Path) -> None:
    rewrite(bundle, lambda document: document["artifact_index"].remove(row(document, "run.json")))

    assert (FINAL, "inconsistent") in problems(bundle)
    assert ("run.json", "extra") in problems(bundle)


def test_a_run_file_that_still_says_running_is_found(bundle: Path) -> None:
    text = (bundle / "run.json").read_text().replace('"finished"', '"running"')
    (bundle / "run.json").write_text(text)

    assert problems(bundle) == {("run.json", "inconsistent"), ("run.json", "changed")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"missing_count": 0', '"missing_count": false'),
        ('"missing_count": 0', '"missing_count": 0.0'),
        ('"missing_count": 0', '"missing_count": NaN'),
        ('"missing_count": 0', '"missing_count": 1e999'),
        ('"missing_count": 0', '"missing_count": 0, "missing_count": 0'),
        ('"overall_status": "pass"', '"overall_status": "fail", "overall_status": "pass"'),
        ('"overall_status": "pass"', '"overall_status": "PASS"'),
    ],
)
def test_json_that_two_readers_could_take_differently_is_unreadable(bundle: Path, old: str, new: str) -> None:
    text = (bundle / FINAL).read_text()
    assert old in text
    (bundle / FINAL).write_text(text.replace(old, new, 1))

    assert problems(bundle) == {(FINAL, "unreadable")}


def test_no_final_file_is_interrupted_whatever_else_is_there(bundle: Path) -> None:
    (bundle / FINAL).unlink()

    found = verify_bundle(bundle)

    assert (found.state, found.problems) == (BundleState.INTERRUPTED, ())


def test_every_fault_of_a_file_has_a_test_here() -> None:
    named = Path(__file__).read_text()

    assert [fault for fault in Fault if f'"{fault}"' not in named] == []
