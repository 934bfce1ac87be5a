"""Pruning real folders: what is needed stays, links are not followed, nothing is ever half there."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from tests.fakes.archives import KIND, PARTS, add_run, run_id
from tests.fakes.pruning import NOW, ONE, decide, extended, left, names_in, opened, planned, pruned

from billing_canary.artifact.claim import FolderLock
from billing_canary.artifact.listing import list_runs
from billing_canary.artifact.paths import walk
from billing_canary.artifact.prune import prune
from billing_canary.artifact.prune_plan import Told, plan_prune
from billing_canary.artifact.run_index import missing_runs
from billing_canary.artifact.status_reader import note_present
from billing_canary.artifact.trash import discard
from billing_canary.audit.log import AuditLog, EntryKind
from billing_canary.errors import EvidenceError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Six passed runs, numbered from the oldest."""
    for number in range(6):
        add_run(tmp_path, number)
    return tmp_path


def test_old_runs_go_with_everything_in_them(archive: Path) -> None:
    add_run(archive, 6, "fail")
    add_run(archive, 7, "interrupted")

    done = pruned(archive)

    assert left(archive) == [7, 6, 5]
    assert sorted(done.removed) == [f"{KIND}/{run_id(number)}" for number in range(5)]
    assert (done.stayed, done.problems) == ((), ())
    assert names_in(archive / KIND) == [run_id(5), run_id(6), run_id(7)]


def test_a_plan_alone_changes_nothing(archive: Path) -> None:
    before = sorted(walk(archive))

    plan = plan_prune(archive, (), ONE, Told(), trust_index=True)

    assert len(plan.kinds[0].gone) == 5
    assert sorted(walk(archive)) == before


def test_only_the_named_kind_is_pruned(archive: Path) -> None:
    for number in range(3):
        add_run(archive, number, kind="billing-faults")

    plan = plan_prune(archive, ("billing-faults",), ONE, Told(), trust_index=False)

    assert [kind.kind for kind in plan.kinds] == ["billing-faults"]


def test_a_run_that_a_decision_cites_stays(archive: Path) -> None:
    decide(archive, [f"{KIND}/{run_id(1)}", f"billing-faults/{run_id(0)}"])

    pruned(archive)

    assert left(archive) == [5, 1]


def test_a_decision_made_after_the_plan_counts(archive: Path) -> None:
    plan = planned(archive)
    decide(archive, [f"{KIND}/{run_id(2)}"])

    done = prune(archive, plan, AuditLog, NOW)

    assert left(archive) == [5, 2]
    assert done.stayed == ((f"{KIND}/{run_id(2)}", "cited by decision 20261102T000000.000Z-dec1"),)
    assert missing_runs(archive) == ()


@pytest.mark.parametrize("cites", [None, "all", [1], {"x": 1}])
def test_a_decision_that_does_not_tell_what_it_cites_stops_everything(archive: Path, cites: object) -> None:
    decide(archive, cites)

    with pytest.raises(EvidenceError, match="does not tell what it cites"):
        pruned(archive)

    assert len(left(archive)) == 6


def test_a_damaged_decision_stops_everything(archive: Path) -> None:
    (decide(archive, []) / "decision.json").write_text('{"cites": [')

    with pytest.raises(EvidenceError, match="nothing was removed"):
        pruned(archive)

    assert len(left(archive)) == 6


def test_a_decision_in_the_making_stops_everything_and_an_interrupted_one_nothing(archive: Path) -> None:
    folder = add_run(archive, 9, "interrupted", kind="billing-decisions")
    lock = FolderLock(folder)
    with pytest.raises(EvidenceError, match="is being decided now"):
        pruned(archive)
    lock.release()

    pruned(archive)

    assert left(archive) == [5]


@pytest.mark.parametrize(
    "text",
    [
        run_id(1),
        f"see {KIND}/{run_id(1)}.",
        f"(runs {run_id(1)}, and others)",
    ],
)
@pytest.mark.parametrize("field", ["title", "impact"])
def test_a_run_that_an_open_incident_names_stays(archive: Path, field: str, text: str) -> None:
    log = opened({field: text})

    plan = planned(archive, log=log)
    pruned(archive, log=log)

    assert left(archive) == [5, 1]
    assert plan.kinds[0].kept[-1].reason == "named by open incident-1"


def test_a_note_to_an_open_incident_counts_and_a_closed_one_does_not(archive: Path) -> None:
    log = opened({}, {"title": run_id(0)})
    log = extended(log, EntryKind.INCIDENT_UPDATED, {"of": 1, "note": f"also {run_id(2)}"})
    log = extended(log, EntryKind.INCIDENT_CLOSED, {"of": 2, "reason": f"not {run_id(3)}"})

    pruned(archive, log=log)

    assert left(archive) == [5, 2]


def test_an_incident_opened_after_the_plan_counts(archive: Path) -> None:
    plan = planned(archive)

    done = prune(archive, plan, lambda: opened({"impact": run_id(0)}), NOW)

    assert left(archive) == [5, 0]
    assert done.stayed[0][1] == "named by open incident-1"


def test_a_broken_audit_log_stops_everything(archive: Path) -> None:
    with pytest.raises(EvidenceError, match="the audit log is broken: line 3"):
        pruned(archive, log=AuditLog(problems=("line 3",)))

    assert len(left(archive)) == 6


def test_an_audit_log_that_breaks_after_the_plan_keeps_all(archive: Path) -> None:
    plan = planned(archive)

    done = prune(archive, plan, lambda: AuditLog(problems=("line 3",)), NOW)

    assert len(left(archive)) == 6
    assert all("it cannot be told who needs it" in reason for _, reason in done.stayed)


def test_a_run_that_holds_its_lock_stays(archive: Path) -> None:
    lock = FolderLock(archive / KIND / run_id(0))

    done = pruned(archive)
    lock.release()

    assert left(archive) == [5, 0]
    assert done.stayed == ((f"{KIND}/{run_id(0)}", "its process is still at work"),)


@pytest.mark.parametrize("status", ["pass", "interrupted"])
def test_a_run_whose_process_lives_stays_and_one_with_a_recycled_id_goes(archive: Path, status: str) -> None:
    later = "2099-01-01T00:00:00.000Z"
    add_run(archive, 9, "interrupted")
    add_run(archive, 8, status, pid=os.getpid(), name=f"{run_id(3)}-lives")
    run = archive / KIND / f"{run_id(3)}-lives" / "run.json"
    run.write_text(json.dumps({**json.loads(run.read_text()), "started_at": later}))
    add_run(archive, 7, status, pid=os.getpid(), name=f"{run_id(2)}-other")

    pruned(archive)

    names = [row.run_id for row in list_runs(archive)]
    assert f"{run_id(3)}-lives" in names
    assert f"{run_id(2)}-other" not in names


def test_a_run_that_is_just_starting_stays_and_an_empty_old_folder_goes(archive: Path) -> None:
    add_run(archive, 9, "interrupted")
    fresh, stale = (archive / KIND / run_id(1).replace("Z", f"Z-{letter}") for letter in "ab")
    for folder in (fresh, stale):
        folder.mkdir()
    os.utime(stale, (time.time() - 7200,) * 2)

    pruned(archive)

    assert fresh.exists()
    assert not stale.exists()


def test_a_forged_index_does_not_decide_what_goes(archive: Path) -> None:
    for number in range(6, 9):
        add_run(archive, number, "fail")
    note_present(archive, [f"{KIND}/{run_id(number)}" for number in range(9)])
    index = archive / "index.jsonl"
    text = index.read_text().replace('"fail"', '"swap"').replace('"pass"', '"fail"')
    index.write_text(text.replace('"swap"', '"pass"'))

    pruned(archive)

    assert left(archive) == [8, 5]


def test_links_are_neither_runs_nor_followed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious").write_text("x")
    (archive / KIND / run_id(0) / "link").symlink_to(outside)
    (archive / KIND / "20261031T000000.000Z-link").symlink_to(outside)
    (archive / KIND / ".trash-20261031T000000.000Z-evil").symlink_to(outside)

    pruned(archive)

    assert left(archive) == [5]
    assert (outside / "precious").exists()
    assert (archive / KIND / "20261031T000000.000Z-link").is_symlink()


def test_a_run_that_cannot_be_removed_is_a_problem_and_the_others_go(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        if run_id(1) in str(folder):
            raise PermissionError(13, "Permission denied", str(folder))
        really(folder)

    from billing_canary.artifact import trash  # noqa: PLC0415 - to get in between

    really = trash._unlink
    monkeypatch.setattr(trash, "_unlink", refuse)
    done = pruned(archive)

    assert left(archive) == [5]
    assert [run for run, _ in done.problems] == [f"{KIND}/{run_id(1)}"]
    monkeypatch.undo()
    assert planned(archive).left == (f"{KIND}/{run_id(1)}",)
    assert pruned(archive).removed == (f"{KIND}/{run_id(1)}",)
    assert names_in(archive / KIND) == [run_id(5)]


def test_nothing_goes_that_the_index_cannot_be_told_of(archive: Path) -> None:
    (archive / "index.jsonl").mkdir()

    with pytest.raises(EvidenceError, match="the index cannot be written"):
        pruned(archive)

    assert len(left(archive)) == 6


def test_what_is_gone_already_counts_as_removed(archive: Path) -> None:
    plan = planned(archive)
    pruned(archive)

    done = prune(archive, plan, AuditLog, NOW)

    assert (len(done.removed), done.problems) == (5, ())


def test_a_whole_bundle_in_the_trash_goes_back_when_it_is_needed(archive: Path) -> None:
    parent = archive / KIND
    (parent / run_id(0)).rename(parent / f".trash-{run_id(0)}")
    decide(archive, [f"{KIND}/{run_id(0)}"])

    pruned(archive)

    assert left(archive) == [5, 0]
    assert sorted(walk(parent / run_id(0))) == sorted(PARTS)


def test_a_bundle_in_pieces_never_goes_back(archive: Path) -> None:
    parent = archive / KIND
    (parent / run_id(0)).rename(parent / f".gone-{run_id(0)}")
    decide(archive, [f"{KIND}/{run_id(0)}"])

    pruned(archive)

    assert left(archive) == [5]
    assert not list(parent.glob(".gone-*"))


def test_what_another_prune_holds_is_left_to_it(archive: Path) -> None:
    parent = archive / KIND
    (parent / run_id(0)).rename(parent / f".trash-{run_id(0)}")
    lock = FolderLock(parent / f".trash-{run_id(0)}")

    assert discard(parent, run_id(0), lambda _: "") == ""
    assert (parent / f".trash-{run_id(0)}").exists()
    lock.release()
