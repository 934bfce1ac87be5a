"""A tier in shards: planned, run one by one, and merged into one run; or refused."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.suites import GREEN, RED, make_tier_project, reports

from billing_canary.artifact.seal import sealed

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bundle, Canary, Outcome

A = {"name": "a", "command": reports(GREEN, "echo of a"), "weight": 3}
B = {"name": "b", "command": reports(GREEN), "weight": 2}
C = {"name": "c", "command": reports(GREEN), "weight": 2}
RED_C = {**C, "command": reports(RED, "exit 1")}
KIND = "billing-confidence"


def tier(canary: Canary, *suites: dict[str, Any], **keys: Any) -> None:
    make_tier_project(canary.home, "tried", suites, **keys)


def shard(canary: Canary, which: str, run_id: str = "", *words: str) -> Outcome:
    name = run_id or f"shard-{which[0]}"
    return canary("confidence", "tried", "--shard", which, "--run-id", name, *words)


def merge(canary: Canary, *names: str) -> Outcome:
    folders = [str(canary.artifacts / KIND / name) for name in names]
    return canary("runs", "merge", *folders, "--run-id", "merged")


def found(canary: Canary, name: str = "merged") -> Bundle:
    (bundle,) = (each for each in canary.bundles(KIND) if each.folder.name == name)
    return bundle


def test_a_plan_is_a_matrix_for_github(canary: Canary) -> None:
    tier(canary, A, B, C)
    assert canary("confidence", "tried", "--plan", "2", "--json").document == {
        "include": [
            {"shard": "1/2", "name": "1-of-2", "suites": ["a"], "seconds": 3.0},
            {"shard": "2/2", "name": "2-of-2", "suites": ["b", "c"], "seconds": 4.0},
        ]
    }
    assert canary("confidence", "tried", "--plan", "2").stdout.startswith("1/2: 1 suite, about 3 s\n    a: ")
    assert len(canary("confidence", "tried", "--plan", "9", "--json").document["include"]) == 3
    assert not canary.artifacts.exists()


def test_shards_make_one_run_that_verifies(canary: Canary) -> None:
    tier(canary, A, B, C)
    assert (shard(canary, "1/2").code, shard(canary, "2/2").code) == (0, 0)
    done = merge(canary, "shard-2", "shard-1")
    assert done.code == 0, done.stderr
    assert done.stdout.startswith("PASS: tried, 3 of 3 suites passed\n")
    report = found(canary).report
    assert (report["overall_status"], report["shard"]) == ("pass", None)
    assert [suite["name"] for suite in report["suites"]] == ["a", "b", "c"]
    assert [case["suite"] for case in report["slowest"]] == ["a", "b", "c"]
    assert found(canary).text("junit.xml").count("<testcase ") == 6
    assert found(canary).text("logs/a.log") == "of a\n"
    assert canary("runs", "verify", "--all").code == 0


def test_a_green_shard_is_no_pass_of_the_tier(canary: Canary) -> None:
    tier(canary, A, B)
    done = shard(canary, "1/2")
    assert done.code == 0
    assert done.stdout.startswith("PART: tried, shard 1/2, 1 of 1 suite passed\n")
    report = found(canary, "shard-1").report
    assert (report["overall_status"], report["shard"]) == ("inconclusive", {"index": 1, "of": 2})
    assert " shard-1 shard 1/2\n" in canary("runs", "list").stdout
    (row,) = canary("runs", "list", "--json").document["runs"]
    assert row["shard"] == "1/2"
    assert canary("runs", "verify", "shard-1").code == 0


def test_a_shard_whose_suite_failed_fails_and_so_does_the_whole(canary: Canary) -> None:
    tier(canary, A, B, RED_C)
    assert (shard(canary, "1/2").code, shard(canary, "2/2").code) == (0, 1)
    done = merge(canary, "shard-1", "shard-2")
    assert done.code == 1
    assert done.stdout.startswith("FAIL: tried, 2 of 3 suites passed\n")
    (row,) = (suite for suite in found(canary).report["suites"] if suite["name"] == "c")
    assert [case["message"] for case in row["failed_tests"]] == ["boom"]


def test_a_rerun_stays_flaky(canary: Canary) -> None:
    moody = reports(RED, f"[ -e moody ] && printf '%s' '{GREEN}' > \"$1\" || {{ touch moody; exit 1; }}")
    tier(canary, A, {"name": "b", "command": moody})
    assert (shard(canary, "1/2").code, shard(canary, "2/2", "", "--reruns", "1").code) == (0, 3)
    assert merge(canary, "shard-1", "shard-2").code == 3
    assert found(canary).report["suites"][1]["reason"] == "flaky"
    assert found(canary).text("junit/b.2.xml") == GREEN


@pytest.mark.parametrize("names", [("shard-1",), ("shard-2",)])
def test_a_missing_shard_is_no_pass_and_is_named(canary: Canary, names: tuple[str, ...]) -> None:
    tier(canary, A, B, C)
    shard(canary, "1/2")
    shard(canary, "2/2")
    done = merge(canary, *names)
    assert done.code == 3
    missing = {"shard-1": 2, "shard-2": 1}[names[0]]
    assert f"shard {missing} of 2 is missing" in done.stdout
    report = found(canary).report
    assert report["overall_status"] == "inconclusive"
    assert {suite["reason"] for suite in report["suites"]} == {"passed", "not-run"}


@pytest.mark.parametrize("names", [("shard-1", "shard-1", "shard-2"), ("shard-1", "again", "shard-2")])
def test_the_same_shard_twice_is_no_pass(canary: Canary, names: tuple[str, ...]) -> None:
    tier(canary, A, B)
    for which, name in (("1/2", "shard-1"), ("1/2", "again"), ("2/2", "shard-2")):
        assert shard(canary, which, name).code == 0
    done = merge(canary, *names)
    assert done.code == 3, done.stderr
    assert "shard 1 of 2 is there 2 times: " in done.stdout
    assert found(canary).state == "verified"


def test_a_second_try_hides_no_failure(canary: Canary) -> None:
    moody = reports(RED, f"[ -e moody ] && printf '%s' '{GREEN}' > \"$1\" || {{ touch moody; exit 1; }}")
    tier(canary, {**A, "command": moody}, B)
    assert shard(canary, "1/2", "red").code == 1
    assert shard(canary, "1/2", "a-green-try").code == 0
    assert shard(canary, "2/2").code == 0
    assert merge(canary, "red", "a-green-try", "shard-2").code == 1


def test_an_interrupted_shard_is_no_pass_and_is_named(canary: Canary, until: Callable[..., None]) -> None:
    tier(canary, A, {**B, "command": ["sh", "-c", "touch begun; sleep 60", "{junit}"]})
    assert shard(canary, "1/2").code == 0
    process = canary.start("confidence", "tried", "--shard", "2/2", "--run-id", "shard-2")
    until((canary.home / "begun").exists)
    process.send_signal(signal.SIGTERM)
    assert canary.ended(process).code == 130
    done = merge(canary, "shard-1", "shard-2")
    assert done.code == 3
    assert "shard 2 of 2 was interrupted: shard-2" in done.stdout
    alone = canary("runs", "merge", str(canary.artifacts / KIND / "shard-2"))
    assert (alone.code, alone.stdout) == (3, "")
    assert "no shard is complete, so nothing was shown; interrupted: shard-2" in alone.stderr


def _edit(folder: Path) -> None:
    (folder / "logs" / "a.log").write_text("nothing to see")


def _add(folder: Path) -> None:
    (folder / "junit" / "b.xml").write_text(GREEN)


def _remove(folder: Path) -> None:
    (folder / "junit" / "a.xml").unlink()


def _link(folder: Path) -> None:
    (folder / "junit" / "a.xml").rename(folder.parent / "a.xml")
    (folder / "junit" / "a.xml").symlink_to(folder.parent / "a.xml")


def _unseal(folder: Path) -> None:
    final = folder / "summary.json"
    final.write_text(final.read_text().replace('"index": 1', '"index": 2'))


def _reword(folder: Path) -> None:
    """Sealed anew, but better than the evidence."""
    final = folder / "summary.json"
    document = json.loads(final.read_text()) | {"overall_status": "pass"}
    final.write_bytes(sealed(document))


TAMPERED = {each.__name__: each for each in (_edit, _add, _remove, _link, _unseal, _reword)}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_shard_is_refused(canary: Canary, how: str) -> None:
    tier(canary, A, B)
    shard(canary, "1/2")
    shard(canary, "2/2")
    TAMPERED[how](canary.artifacts / KIND / "shard-1")
    done = merge(canary, "shard-1", "shard-2")
    assert (done.code, done.stdout) == (2, "")
    assert "shard-1: " in done.stderr
    assert not (canary.artifacts / KIND / "merged").exists()


def commit(canary: Canary, git: str, message: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "suites", "note"), (*identity, "commit", "-q", "-m", message)):
        subprocess.run([git, *words], cwd=canary.home, check=True, capture_output=True)


def test_shards_of_other_commits_tiers_splits_and_projects_are_refused_all_at_once(
    canary: Canary, tool: Callable[[str], str]
) -> None:
    tier(canary, A, B, C)
    (canary.home / "note").write_text("first")
    commit(canary, tool("git"), "first")
    shard(canary, "1/2", "first")
    (canary.home / "note").write_text("second")
    shard(canary, "2/2", "dirty")
    commit(canary, tool("git"), "second")
    shard(canary, "2/2", "second")
    shard(canary, "2/3", "third")
    whole = canary("confidence", "tried", "--run-id", "whole")
    assert whole.code == 0
    done = merge(canary, "first", "second")
    assert (done.code, done.stdout) == (2, "")
    assert "1 problem; nothing was run:\nBUNDLE: not the same commit: " in done.stderr
    assert "not the same uncommitted changes: no in 1/2 (first); yes in 2/2 (dirty)" in (
        merge(canary, "first", "dirty").stderr
    )
    done = merge(canary, "first", "third", "whole", "nowhere")
    assert done.code == 2
    for said in (
        "not the same commit: ",
        "not the same number of shards: 2 in 1/2 (first); 3 in 2/3 (third)",
        "whole: is a whole run and no shard",
        "nowhere: is no bundle of billing-confidence",
    ):
        assert said in done.stderr
    assert done.stderr.startswith("4 problems; nothing was run:\n")


def test_shards_of_another_tier_file_are_refused(canary: Canary) -> None:
    tier(canary, A, B)
    shard(canary, "1/2")
    tier(canary, A, {**B, "min_tests": 2})
    shard(canary, "2/2")
    assert "not the same project file suites/tried.toml: " in merge(canary, "shard-1", "shard-2").stderr
    shard(canary, "1/2", "fresh")
    tier(canary, A, B)
    done = merge(canary, "fresh", "shard-2")
    assert done.code == 2
    assert "suites/tried.toml is not the file that the shards ran with" in done.stderr


def test_a_void_shard_is_not_brought_back(canary: Canary) -> None:
    tier(canary, A, B)
    shard(canary, "1/2")
    shard(canary, "2/2")
    words = ("--by", "ann", "--reason", "ran against the wrong build")
    assert canary("runs", "invalidate", "shard-1", *words).code == 0
    done = merge(canary, "shard-1", "shard-2")
    assert (done.code, done.stdout) == (2, "")
    assert "shard-1: was declared void" in done.stderr


def test_a_shard_of_another_tier_is_refused(canary: Canary) -> None:
    tier(canary, A, B)
    make_tier_project(canary.home, "other", [A, B])
    shard(canary, "1/2")
    assert canary("confidence", "other", "--shard", "2/2", "--run-id", "other").code == 0
    done = merge(canary, "shard-1", "other")
    assert done.code == 2
    assert "not the same tier: tried in 1/2 (shard-1); other in 2/2 (other)" in done.stderr


@pytest.mark.parametrize("which", ["3/2", "0/2", "1", "1/0", "-1/2", "1/2/3", "a/b", "1/4"])
def test_a_shard_that_cannot_be_is_a_wrong_call(canary: Canary, which: str) -> None:
    tier(canary, A, B, C)
    done = canary("confidence", "tried", f"--shard={which}")
    assert (done.code, done.stdout) == (2, "")
    assert "--shard: " in done.stderr
    assert not canary.artifacts.exists()


def test_what_ran_first_does_not_change_the_split_for_the_others(canary: Canary) -> None:
    slow = {**A, "weight": 1, "command": reports(GREEN, "sleep 0.6")}
    tier(canary, slow, B, C)
    plan = canary("confidence", "tried", "--plan", "2", "--json").document["include"]
    assert [row["suites"] for row in plan] == [["a", "b"], ["c"]]
    shard(canary, "1/2")
    shard(canary, "2/2")
    assert merge(canary, "shard-1", "shard-2").code == 0
    plan = canary("confidence", "tried", "--plan", "2", "--json").document["include"]
    assert [row["suites"] for row in plan] == [["a"], ["b", "c"]]


def test_a_shard_can_be_told_its_suites_and_another_split_is_no_pass(canary: Canary) -> None:
    tier(canary, A, B, C)
    assert shard(canary, "1/2", "", "--suites", "a,c").code == 0
    assert shard(canary, "2/2", "told", "--suites", "b").code == 0
    assert merge(canary, "shard-1", "told").code == 0
    shutil.rmtree(found(canary).folder)
    assert shard(canary, "2/2").code == 0
    done = merge(canary, "shard-1", "shard-2")
    assert done.code == 3
    assert "suite c is in shards 1 and 2: they were split differently" in done.stdout


def test_a_test_that_passed_in_the_whole_run_before_is_newly_failing(canary: Canary) -> None:
    tier(canary, A, B)
    assert canary("confidence", "tried", "--run-id", "before").code == 0
    tier(canary, A, {**B, "command": reports(RED, "exit 1")})
    shard(canary, "1/2")
    shard(canary, "2/2")
    assert merge(canary, "shard-1", "shard-2").code == 1
    report = found(canary).report
    assert report["newly_failing"] == ["b: one"]
    assert report["previous"]["run_id"] == "before"
