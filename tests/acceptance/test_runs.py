"""`billing-canary runs`: what is listed, shown and verified, and what is found to be damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bundle, Canary

REPORT = "billing-canary-report.json"


@pytest.fixture(scope="module")
def passed(quick_runs: Callable[[str], Path]) -> Path:
    """The artifacts of one passed run, made once for all of these tests."""
    return quick_runs("one")


@pytest.fixture
def recorded(quick: Canary, passed: Path) -> Canary:
    """A folder with one passed run, "one"."""
    shutil.copytree(passed, quick.artifacts)
    return quick


def _replace(bundle: Bundle, path: str, old: str, new: str) -> None:
    text = bundle.text(path)
    assert old in text
    (bundle.folder / path).write_text(text.replace(old, new), encoding="utf-8")


def _link(bundle: Bundle) -> None:
    (bundle.folder / "junit.xml").unlink()
    (bundle.folder / "junit.xml").symlink_to("/etc/hostname")


def _fifo(bundle: Bundle) -> None:
    (bundle.folder / "junit.xml").unlink()
    os.mkfifo(bundle.folder / "junit.xml")


def _move(bundle: Bundle) -> None:
    bundle.folder.rename(bundle.folder.with_name("two"))


DAMAGES: dict[str, Callable[[Bundle], object]] = {
    "a report is changed": lambda b: _replace(b, REPORT, '"held": true', '"held": false'),
    "a verdict is changed": lambda b: _replace(b, REPORT, '_status": "pass"', '_status": "fail"'),
    "a page is changed": lambda b: _replace(b, "billing-canary-report.md", "safe", "unsafe"),
    "a log is cut": lambda b: (b.folder / "logs/run.log").write_text(""),
    "a file is missing": lambda b: (b.folder / "junit.xml").unlink(),
    "a file is added": lambda b: (b.folder / "logs/more.log").write_text("more"),
    "the report is cut": lambda b: (b.folder / REPORT).write_text(b.text(REPORT)[:-40]),
    "the report is empty": lambda b: (b.folder / REPORT).write_text(""),
    "the report is a list": lambda b: (b.folder / REPORT).write_text("[]"),
    "the report holds NaN": lambda b: _replace(b, REPORT, '"missing_count": 0', '"missing_count": NaN'),
    "the report is deep": lambda b: (b.folder / REPORT).write_text("[" * 100_000),
    "a key is there twice": lambda b: _replace(b, REPORT, '"mode":', '"overall_status": "pass", "mode":'),
    "run.json is missing": lambda b: (b.folder / "run.json").unlink(),
    "run.json says running": lambda b: _replace(b, "run.json", '"finished"', '"running"'),
    "a file is a link": _link,
    "a file is a pipe": _fifo,
    "the folder has another name": _move,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(recorded: Canary, damage: str) -> None:
    DAMAGES[damage](recorded.bundle)
    done = recorded("runs", "verify", "--all")
    assert done.code == 1, done.stdout
    assert done.stdout.startswith("damaged: billing-canary/")
    assert len(done.stdout.splitlines()) >= 2
    assert recorded("runs", "list").code == 0


def test_a_run_without_its_final_file_is_no_evidence(recorded: Canary) -> None:
    (recorded.bundle.folder / REPORT).unlink()
    verified = recorded("runs", "verify", "one")
    assert (verified.code, verified.stdout.splitlines()[0]) == (3, "interrupted: billing-canary/one")
    assert recorded("runs", "show", "one").code == 3
    assert recorded("runs", "list", "--status", "interrupted", "--json").document["runs"]


def test_nothing_to_verify_is_no_yes(canary: Canary) -> None:
    done = canary("runs", "verify", "--all")
    assert done.code == 3
    assert "nothing to verify" in done.stderr
    assert canary("runs", "list").code == 0


def test_one_damaged_run_is_found_among_good_ones(recorded: Canary) -> None:
    for name in ("two", "three"):
        assert recorded("probe", "--run-id", name).code == 0
    DAMAGES["a page is changed"](next(b for b in recorded.bundles() if b.folder.name == "two"))
    verified = recorded("runs", "verify", "--all", "--json")
    states = {row["run_id"]: row["state"] for row in verified.document["runs"]}
    assert (verified.code, states) == (1, {"one": "verified", "two": "damaged", "three": "verified"})
    assert recorded("runs", "verify", "one").code == 0
    assert recorded("runs", "verify", "two").code == 1


def test_show_repeats_what_the_run_said(recorded: Canary) -> None:
    again = recorded("probe", "--run-id", "again")
    assert recorded("runs", "show", "again").stdout == again.stdout


def test_show_needs_nothing_but_the_bundle(recorded: Canary) -> None:
    shown = recorded("runs", "show", "one").stdout
    for folder in ("probes", "gates"):
        shutil.rmtree(recorded.home / folder)
    assert recorded("runs", "show", "one").stdout == shown
    assert recorded("runs", "verify", "one").code == 0


def test_list_filters_and_limits(recorded: Canary) -> None:
    recorded.edit("probes/quick.py", "equals=4", "equals=5")
    assert recorded("probe", "--run-id", "two").code == 1

    def listed(*words: str) -> list[str]:
        rows = recorded("runs", "list", "--json", *words).document["runs"]
        return [row["run_id"] for row in rows]

    assert sorted(listed()) == ["one", "two"]
    assert listed("--status", "pass") == ["one"]
    assert listed("--status", "fail") == ["two"]
    assert listed("--kind", "billing-faults") == []
    assert len(listed("--limit", "1")) == 1


@pytest.mark.parametrize("run_id", ["nope", "../one", "", ".", "one/../one", "/etc"])
@pytest.mark.parametrize("verb", ["show", "verify"])
def test_a_run_that_does_not_exist_is_a_wrong_call(recorded: Canary, verb: str, run_id: str) -> None:
    done = recorded("runs", verb, run_id)
    assert (done.code, done.stdout) == (2, "")


def test_a_sealed_report_cannot_claim_more_than_its_evidence(recorded: Canary) -> None:
    """Somebody may change a row and seal the report anew; judging it again finds out."""
    report = recorded.bundle.report
    report["probes"][0]["evidence"][0]["held"] = False
    blank = report | {"document_sha256": "0" * 64}
    text = json.dumps(blank, indent=2, ensure_ascii=False) + "\n"
    sealed = text.replace("0" * 64, hashlib.sha256(text.encode()).hexdigest(), 1)
    (recorded.bundle.folder / REPORT).write_text(sealed, encoding="utf-8")
    done = recorded("runs", "verify", "one")
    assert done.code == 1
    assert f"inconsistent: {REPORT}: says pass, but its evidence says fail" in done.stdout
