"""Finding evidence: the newest run that may be the one, never an older one behind a doubtful one."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.recorded import (
    COMMIT,
    claim_tier,
    record_probe,
    record_tier,
    run_id_at,
    started_at,
)
from tests.fakes.recorded_evidence import KIND, OTHER, found, question, reseal, states

from billing_canary.artifact import evidence_finder
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.evidence_finder import Question, find_evidence
from billing_canary.artifact.evidence_look import look
from billing_canary.errors import EvidenceError
from billing_canary.release import BundleEvidence


def test_nothing_is_recorded(tmp_path: Path) -> None:
    assert found(tmp_path / "absent") == []


def test_everything_that_is_judged_is_read(tmp_path: Path) -> None:
    folder = record_tier(tmp_path, 1, covered=True)

    (seen,) = found(tmp_path)

    assert seen == BundleEvidence(
        kind=KIND,
        run_id=run_id_at(1),
        folder=f"{KIND}/{run_id_at(1)}",
        state="verified",
        overall_status="pass",
        mode="confidence",
        tier="pr-fast",
        commit=COMMIT,
        dirty=False,
        started_at=started_at(1),
        finished_at=started_at(1),
        missing_count=0,
        coverage_gate=True,
        suites=(("topup", "pass"),),
        coverage=(("shop/topups.py", "pass", "pass"),),
        final_sha256=hashlib.sha256((folder / "summary.json").read_bytes()).hexdigest(),
    )


def test_a_probe_is_read(tmp_path: Path, report: CanaryReport) -> None:
    record_probe(tmp_path, report, 1)
    record_probe(tmp_path, report, 2, argv=("probe", "--only=wallet.*"))

    whole = Question(kind="billing-canary", concerns=lambda seen: not seen.partial, resembles=lambda _: True)
    limited, seen = found(tmp_path, whole)

    assert (seen.mode, seen.target, seen.tier) == (report.run.mode, report.run.target, "")
    assert (limited.partial, seen.partial) == (True, False)


@pytest.mark.parametrize("option", ["--only", "--fault", "--fault=F01", "--no-require-sandbox"])
def test_a_limited_probe_says_so(tmp_path: Path, report: CanaryReport, option: str) -> None:
    folder = record_probe(tmp_path, report, 1, argv=("probe", option, "x"))

    assert look(tmp_path, folder).partial


def test_the_newest_of_this_commit_and_the_newest_of_another_before_it(tmp_path: Path) -> None:
    for minute, commit in ((1, COMMIT), (2, COMMIT), (3, OTHER), (4, OTHER)):
        record_tier(tmp_path, minute, commit=commit)

    assert states(tmp_path) == [(run_id_at(4), "verified"), (run_id_at(2), "verified")]


def test_other_tiers_are_passed_over(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)
    record_tier(tmp_path, 2, tier="release-heavy")

    assert states(tmp_path) == [(run_id_at(1), "verified")]
    both = (question(), question("release-heavy"))
    assert states(tmp_path, *both) == [(run_id_at(2), "verified"), (run_id_at(1), "verified")]


def test_no_more_is_opened_than_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(1, 9):
        record_tier(tmp_path, minute)
    opened: list[str] = []

    def noted(root: Path, folder: Path) -> BundleEvidence:
        opened.append(folder.name)
        return look(root, folder)

    monkeypatch.setattr(evidence_finder, "look", noted)

    assert states(tmp_path) == [(run_id_at(8), "verified")]
    assert opened == [run_id_at(8)]


def test_a_shard_a_dirty_run_and_one_without_a_commit_are_told_as_they_are(tmp_path: Path) -> None:
    assert look(tmp_path, record_tier(tmp_path, 1, shard=(1, 2))).partial
    assert look(tmp_path, record_tier(tmp_path, 2, dirty=True)).dirty is True
    assert look(tmp_path, record_tier(tmp_path, 3, commit=None, dirty=None)).commit is None
    assert look(tmp_path, record_tier(tmp_path, 4, checks_harness=True)).checks_harness


def test_an_invalidated_run_carries_the_reason(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)

    (seen,) = found(tmp_path, void={f"{KIND}/{run_id_at(1)}": "wrong database"})

    assert (seen.state, seen.invalidated) == ("verified", "wrong database")


def test_an_interrupted_run_tells_its_tier_only(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)
    claim_tier(tmp_path, 2)
    claim_tier(tmp_path, 3, tier="other")

    (seen,) = found(tmp_path)

    assert (seen.run_id, seen.state, seen.tier, seen.commit) == (run_id_at(2), "interrupted", "pr-fast", None)
    assert seen.detail == "interrupted by a signal"


@pytest.mark.parametrize("text", ["", "{", '{"tier": "other"}'])
def test_an_interrupted_run_that_tells_nothing_may_be_any(tmp_path: Path, text: str) -> None:
    record_tier(tmp_path, 1)
    folder = claim_tier(tmp_path, 2)
    (folder / "run.json").write_text(text)

    (seen,) = found(tmp_path)

    assert (seen.run_id, seen.state, seen.tier) == (run_id_at(2), "interrupted", "")
    assert "the run was interrupted" in seen.detail


def test_an_empty_folder_may_be_any_run(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)
    (tmp_path / KIND / run_id_at(2)).mkdir()

    assert states(tmp_path) == [(run_id_at(2), "interrupted")]


def _flip(folder: Path) -> None:
    data = (folder / "summary.json").read_bytes()
    (folder / "summary.json").write_bytes(data.replace(b"pr-fast", b"pr-slow"))


def test_files_and_what_a_prune_is_removing_beside_the_runs_are_not_runs(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)
    (tmp_path / KIND / ".pruned-1").mkdir()
    (tmp_path / KIND / ".DS_Store").touch()

    assert states(tmp_path) == [(run_id_at(1), "verified")]


def test_runs_with_names_of_their_own_are_placed_by_their_start(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)
    record_tier(tmp_path, 3, run_id="nightly-3")
    record_tier(tmp_path, 2, run_id="zzz-2")

    assert states(tmp_path) == [("nightly-3", "verified")]
    record_tier(tmp_path, 4)
    assert states(tmp_path) == [(run_id_at(4), "verified")]


def test_a_damaged_run_with_a_name_of_its_own_counts_as_newest(tmp_path: Path) -> None:
    _flip(record_tier(tmp_path, 1, run_id="nightly-1"))
    record_tier(tmp_path, 2)

    assert states(tmp_path) == [("nightly-1", "damaged")]


@pytest.mark.parametrize("name", ["20990101T000000.000Z-0000", "19990101T000000.000Z-0000"])
def test_a_name_that_tells_another_start_than_the_run_is_damage(tmp_path: Path, name: str) -> None:
    record_tier(tmp_path, 2, run_id=name)
    record_tier(tmp_path, 1)

    assert states(tmp_path) == [(name, "damaged")]


def test_two_runs_of_one_minute_are_placed_by_their_names(tmp_path: Path) -> None:
    first, second = (f"20261121T100100.{part}Z-0000" for part in ("000", "500"))
    record_tier(tmp_path, 1, run_id=second, commit=OTHER)
    record_tier(tmp_path, 1, run_id=first)

    assert states(tmp_path) == [(second, "verified"), (first, "verified")]


@pytest.mark.parametrize("name", [b"a b", b"caf\xe9", "\N{SNOWMAN}".encode(), b"-x", b"x..y"])
def test_a_folder_whose_name_is_no_run_id_is_damage_and_counts_as_newest(tmp_path: Path, name: bytes) -> None:
    record_tier(tmp_path, 1)
    os.mkdir(os.fsencode(tmp_path / KIND) + b"/" + name)  # noqa: PTH102 - a path in bytes

    (seen,) = found(tmp_path)

    assert (seen.run_id, seen.state, seen.detail) == ("", "damaged", "the folder's name is no run id")
    assert json.loads(json.dumps(seen.folder).encode()) == seen.folder


def test_a_check_that_cannot_be_made_is_damage(tmp_path: Path) -> None:
    record_tier(tmp_path, 1)

    def refuses(_: Path) -> Any:
        raise EvidenceError("cannot be read")

    (seen,) = find_evidence(tmp_path, [question()], refuses, {})

    assert (seen.state, seen.detail) == ("damaged", "cannot be read")


def test_report_and_run_json_must_agree(tmp_path: Path) -> None:
    folder = record_tier(tmp_path, 1)
    reseal(folder, lambda document: document.update(tier="release-heavy"))

    (seen,) = found(tmp_path)

    assert (seen.state, seen.detail) == ("damaged", "run.json and the report disagree about tier")
    assert replace(seen, detail="", state="") == BundleEvidence(
        kind=KIND, run_id=run_id_at(1), folder=f"{KIND}/{run_id_at(1)}", state=""
    )


@pytest.mark.parametrize(
    ("changes", "told"), [({"argv": ["confidence"]}, "argv"), ({"tier": "x", "argv": ["y"]}, "tier and argv")]
)
def test_the_command_line_is_told_twice_alike(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    folder = record_tier(tmp_path, 1)
    reseal(folder, lambda document: document.update(changes))

    (seen,) = found(tmp_path)

    assert (seen.state, seen.detail) == ("damaged", f"run.json and the report disagree about {told}")


def test_a_module_below_its_floor_is_told(tmp_path: Path) -> None:
    from tests.fakes.tiers import MODULE  # noqa: PLC0415 - for this test only

    seen = look(tmp_path, record_tier(tmp_path, 1, coverage_gate=True, coverage=(MODULE,)))

    assert seen.coverage == (("shop/topups.py", "below", "below"),)
