"""From a suite to what is really started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from billing_canary.suite.command import Call, PreparedSuite, prepare
from billing_canary.suite.runner import longest_first
from billing_canary.tier import Suite

WITNESS = "billing_canary_witness"


def suite(*command: str, adds_junit: bool = False, coverage: bool = False, weight: float = 1.0) -> Suite:
    return Suite(
        name=command[0], title="", command=command, adds_junit=adds_junit, coverage=coverage, weight=weight
    )


def prepared(tmp_path: Path, made: Suite) -> PreparedSuite:
    return prepare(made, 1, root=tmp_path, work=tmp_path / "work", cover=_measured)


def _measured(_: Suite, call: Call) -> Call:
    return Call(argv=("measure", *call.argv), env={**call.env, "MEASURED": "1"})


def test_places_are_filled(tmp_path: Path) -> None:
    made = prepared(tmp_path, suite("{python}", "x.py", "--out={junit}"))
    assert made.call.argv == (sys.executable, "x.py", f"--out={made.junit}")
    assert made.junit.is_relative_to(tmp_path / "work")
    assert (made.witness, dict(made.call.env)) == (None, {})


def test_pytest_gets_its_options_before_its_own_arguments(tmp_path: Path) -> None:
    made = prepared(tmp_path, suite("uv", "run", "pytest", "tests", adds_junit=True))
    options = (f"--junitxml={made.junit}", "-p", WITNESS)
    assert set(made.call.argv[3:6]) == set(options)
    assert (made.call.argv[:3], made.call.argv[6:]) == (("uv", "run", "pytest"), ("tests",))
    witness = Path(made.call.env["PYTHONPATH"].split(os.pathsep)[0])
    assert [file.name for file in witness.glob("*.py")] == [f"{WITNESS}.py"]


def test_the_witness_stays_away_where_it_would_not_be_found(tmp_path: Path) -> None:
    made = prepared(tmp_path, suite("python", "-I", "-m", "pytest", adds_junit=True))
    assert made.witness is None
    assert WITNESS not in made.call.argv


def test_a_python_path_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    made = prepared(tmp_path, suite("pytest", adds_junit=True))
    assert made.call.env["PYTHONPATH"].endswith(f"{os.pathsep}/somewhere")


def test_only_what_asks_for_it_is_measured(tmp_path: Path) -> None:
    assert "MEASURED" not in prepared(tmp_path, suite("pytest", adds_junit=True)).call.env
    made = prepare(
        suite("pytest", adds_junit=True, coverage=True), 2, root=tmp_path, work=tmp_path, cover=_measured
    )
    assert (made.call.argv[0], made.call.env["MEASURED"]) == ("measure", "1")


def test_no_attempt_gets_the_folder_of_another(tmp_path: Path) -> None:
    prepared(tmp_path, suite("one"))
    with pytest.raises(FileExistsError):
        prepared(tmp_path, suite("one"))


def test_the_longest_comes_first_by_duration_then_by_weight() -> None:
    suites = [suite("a", weight=1), suite("b", weight=5), suite("c", weight=3), suite("d", weight=9)]
    ordered = longest_first(suites, {"d": 100, "a": 4_000})
    assert [each.name for each in ordered] == ["b", "a", "c", "d"]
