"""`billing-canary confidence` as a release engineer uses it."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.suites import GREEN, RED, make_tier_project, pytest_suite, reports, shell

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bundle, Canary

GOOD = {"name": "good", "command": reports(GREEN)}
BAD = {"name": "bad", "command": reports(RED, "exit 1")}


def bundle(canary: Canary) -> Bundle:
    return canary.bundles("billing-confidence")[-1]


def tier(canary: Canary, *suites: dict[str, Any], **keys: Any) -> None:
    make_tier_project(canary.home, "tried", suites, **keys)


def suite(canary: Canary, name: str) -> dict[str, Any]:
    (found,) = (row for row in bundle(canary).report["suites"] if row["name"] == name)
    return dict(found)


def test_a_green_tier_passes_and_its_bundle_verifies(canary: Canary) -> None:
    tier(canary, GOOD, {"name": "other", "command": reports(GREEN, "echo hello")})
    done = canary("confidence", "tried")
    assert done.code == 0
    assert done.stdout.startswith("PASS: tried, 2 of 2 suites passed\n")
    assert "passed: good in " in done.stderr
    assert bundle(canary).state == "verified"
    assert canary("runs", "verify", "--all").code == 0
    assert bundle(canary).text("logs/other.log") == "hello\n"
    files = {str(path.relative_to(bundle(canary).folder)) for path in bundle(canary).folder.rglob("*.*")}
    assert files == {
        *("run.json", "runner.json", "summary.json", "summary.md", "junit.xml"),
        *("logs/run.log", "logs/good.log", "logs/other.log", "junit/good.xml", "junit/other.xml"),
    }


def test_a_red_suite_fails_the_tier_and_is_named_with_its_test(canary: Canary) -> None:
    tier(canary, GOOD, BAD)
    done = canary("confidence", "tried")
    assert done.code == 1
    assert "suite bad failed: test-failures: 1 of 1 test failed" in " ".join(done.stdout.split())
    report = bundle(canary).report
    assert (report["overall_status"], report["suites_passed"], report["suites_total"]) == ("fail", 1, 2)
    assert suite(canary, "bad")["failed_tests"][0]["message"] == "boom"
    markdown = bundle(canary).text("summary.md")
    assert markdown.startswith("**FAIL**: tried, 1 of 2 suites passed: suite bad failed")
    assert "`one` failed: boom" in markdown


def test_json_is_the_final_document_alone(canary: Canary) -> None:
    tier(canary, GOOD)
    done = canary("confidence", "tried", "--json")
    assert done.document == bundle(canary).report
    assert done.stderr.startswith("PASS: tried")


def test_quiet_says_only_the_verdict(canary: Canary) -> None:
    tier(canary, GOOD)
    assert canary("confidence", "tried", "--quiet").stderr == ""


def test_all_suites_are_merged_into_one_junit_file(canary: Canary) -> None:
    tier(canary, GOOD, BAD, {"name": "silent", "command": shell("exit 0")})
    canary("confidence", "tried")
    root = ET.fromstring(bundle(canary).text("junit.xml"))  # noqa: S314 - we wrote it
    counts = {
        each.get("name"): (each.get("tests"), each.get("failures"), each.get("errors")) for each in root
    }
    assert counts == {"good": ("2", "0", "0"), "bad": ("1", "1", "0"), "silent": ("1", "0", "1")}


def test_show_and_list_know_tiers(canary: Canary) -> None:
    tier(canary, GOOD, BAD)
    first = canary("confidence", "tried").stdout
    run_id = bundle(canary).folder.name
    assert canary("runs", "show", run_id).stdout == first
    listed = canary("runs", "list", "--kind", "billing-confidence").stdout
    assert listed.startswith("fail ")
    assert run_id in listed


def test_verify_judges_a_tier_again(canary: Canary) -> None:
    from billing_canary.artifact.seal import sealed  # noqa: PLC0415 - only a forger needs it

    tier(canary, GOOD, BAD)
    canary("confidence", "tried")
    made = bundle(canary)
    text = made.text("summary.json").replace('"overall_status": "fail"', '"overall_status": "pass"')
    document = json.loads(text)
    del document["document_sha256"]
    for row in document["suites"]:
        row |= {"status": "pass", "reason": "passed", "as_expected": True}
    made.final.write_bytes(sealed(document))
    done = canary("runs", "verify", "--all")
    assert done.code == 1
    assert "says pass, but its evidence says fail" in done.stdout


def test_a_rerun_that_passes_is_flaky_and_no_pass(canary: Canary) -> None:
    then = "test -e seen && exit 0; touch seen; exit 1"
    tier(canary, {"name": "moody", "command": reports(GREEN, then)})
    assert canary("confidence", "tried").code == 1
    (canary.home / "seen").unlink()
    done = canary("confidence", "tried", "--reruns", "2")
    assert done.code == 3
    row = suite(canary, "moody")
    assert (row["status"], row["reason"], len(row["attempts"])) == ("inconclusive", "flaky", 2)
    assert bundle(canary).text("junit/moody.2.xml") == GREEN


def test_a_rerun_of_what_stays_red_is_a_failure(canary: Canary) -> None:
    tier(canary, BAD)
    assert canary("confidence", "tried", "--reruns", "1").code == 1
    assert len(suite(canary, "bad")["attempts"]) == 2


def test_fail_fast_starts_no_further_suite(canary: Canary) -> None:
    tier(canary, {**BAD, "weight": 9}, GOOD)
    done = canary("confidence", "tried", "--fail-fast", "--jobs", "1")
    assert done.code == 1
    row = suite(canary, "good")
    assert (row["status"], row["reason"], row["attempts"]) == ("inconclusive", "not-run", [])
    assert not (bundle(canary).folder / "logs/good.log").exists()


def test_the_longest_suite_of_the_last_run_starts_first(canary: Canary) -> None:
    tier(
        canary,
        {"name": "a", "command": reports(GREEN)},
        {"name": "b", "command": reports(GREEN, "sleep 0.3")},
    )
    orders = []
    for _ in range(2):
        assert canary("confidence", "tried", "--jobs", "1").code == 0
        lines = bundle(canary).text("logs/run.log").splitlines()
        orders.append([line.split()[1] for line in lines if " started: " in line])
    assert orders == [["a", "b"], ["b", "a"]]


def test_newly_failing_tests_are_named_against_the_last_run(canary: Canary) -> None:
    tests = "import os\ndef test_old(): pass\ndef test_breaks(): assert not os.path.exists('broken')\n"
    tier(canary, pytest_suite(canary.home, "shop", tests))
    assert canary("confidence", "tried").code == 0
    assert bundle(canary).report["newly_failing"] is None
    (canary.home / "broken").touch()
    assert canary("confidence", "tried").code == 1
    report = bundle(canary).report
    assert report["newly_failing"] == ["shop: shop.test_it::test_breaks"]
    assert report["previous"]["changes"] == ["suite shop: passed before, test-failures now"]
    assert canary("confidence", "tried").code == 1
    assert bundle(canary).report["newly_failing"] == []


def test_required_artifacts_are_kept_and_must_be_new(canary: Canary) -> None:
    tier(
        canary,
        {"name": "traced", "command": reports(GREEN, "echo t > trace.txt"), "artifacts": ["trace.txt"]},
    )
    assert canary("confidence", "tried").code == 0
    assert bundle(canary).text("artifacts/traced.1/trace.txt") == "t\n"
    tier(canary, {"name": "traced", "command": reports(GREEN), "artifacts": ["trace.txt"]})
    assert canary("confidence", "tried").code == 1
    assert suite(canary, "traced")["reason"] == "artifact-missing"


def test_secrets_reach_no_file_of_the_bundle(canary: Canary) -> None:
    said = "echo key sk_test_abcdefgh12345678; echo $SHOP_TOKEN; printf %s $SHOP_TOKEN > trace.txt"
    junit = RED.replace("boom", "got sk_test_abcdefgh12345678")
    tier(canary, {"name": "leaky", "command": reports(junit, said), "artifacts": ["trace.txt"]})
    done = canary("confidence", "tried", env={"SHOP_TOKEN": "hush-hush-1234"})
    assert done.code == 1
    whole = done.stdout + done.stderr
    whole += "".join(path.read_text() for path in bundle(canary).folder.rglob("*") if path.is_file())
    assert "sk_test_abcdefgh" not in whole
    assert "hush-hush" not in whole
    said_bytes = len("key sk_test_abcdefgh12345678\nhush-hush-1234\n")
    assert suite(canary, "leaky")["attempts"][0]["log_bytes"] == said_bytes


def test_a_run_id_has_one_owner(canary: Canary) -> None:
    tier(canary, {"name": "slow", "command": reports(GREEN, "sleep 1")})
    both = [canary.start("confidence", "tried", "--run-id", "same") for _ in range(2)]
    codes = sorted(canary.ended(process).code for process in both)
    assert codes == [0, 2]
    assert bundle(canary).state == "verified"


def test_nothing_is_left_in_the_temporary_folder(canary: Canary, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tier(canary, GOOD, BAD)
    canary("confidence", "tried", env={"TMPDIR": str(scratch)})
    assert list(scratch.iterdir()) == []


def test_the_tiers_are_listed(canary: Canary) -> None:
    tier(canary, GOOD, BAD)
    assert "    good: A suite" in canary("confidence", "--list").stdout
    (row,) = canary("confidence", "--list", "--json").document["tiers"]
    assert (row["name"], [each["name"] for each in row["suites"]]) == ("tried", ["good", "bad"])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["tired"], "did you mean 'tried'?"),
        ([], "Name one TIER, or give --list"),
        (["tried", "--list"], "Name one TIER, or give --list"),
        (["tried", "--jobs", "0"], "--jobs"),
        (["tried", "--run-id", "../x"], "is no run id"),
        (["../suites/tried"], "no tier"),
    ],
)
def test_a_wrong_call_runs_nothing(canary: Canary, words: list[str], complaint: str) -> None:
    tier(canary, GOOD)
    done = canary("confidence", *words)
    assert done.code == 2
    assert complaint in done.stderr
    assert not canary.artifacts.exists()


def test_artifacts_that_cannot_be_written_are_a_wrong_call(canary: Canary) -> None:
    tier(canary, GOOD)
    canary.artifacts.mkdir()
    (canary.artifacts / "billing-confidence").write_text("no folder")
    done = canary("confidence", "tried")
    assert done.code == 2
    assert "cannot be made" in done.stderr


def test_an_environment_of_the_caller_s_pytest_changes_nothing(canary: Canary) -> None:
    tier(canary, pytest_suite(canary.home, "shop", "def test_one(): pass\n"))
    done = canary("confidence", "tried", env={"PYTEST_ADDOPTS": "--junitxml=elsewhere.xml -q"})
    assert done.code == 0, done.stdout
    assert os.listdir(canary.home / "shop") == ["test_it.py"]  # noqa: PTH208 - names are enough
