"""Tier files: what they say, and every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.suites import PYTEST, make_tier_project

from billing_canary.errors import ProjectError
from billing_canary.project import Project
from billing_canary.suite.tier_file import load_tier, tier_names
from billing_canary.tier import Suite, SuiteReason, Tier

ONE = {"name": "one", "command": [*PYTEST, "tests"]}
NODE = ["node", "--test", "--test-reporter=junit", "--test-reporter-destination={junit}"]


def load(root: Path, *suites: dict[str, Any], **keys: Any) -> Tier:
    return load_tier(Project(make_tier_project(root, "tried", suites, **keys), "test"), "tried")


def problems(root: Path, *suites: dict[str, Any], **keys: Any) -> list[tuple[str, str]]:
    with pytest.raises(ProjectError) as caught:
        load(root, *suites, **keys)
    return [(problem.key, problem.message) for problem in caught.value.problems]


def test_a_suite_needs_a_name_a_title_and_a_command(tmp_path: Path) -> None:
    (suite,) = load(tmp_path, ONE).suites
    assert suite == Suite(name="one", title="A suite", command=(*PYTEST, "tests"), adds_junit=True)


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    full = {
        "name": "two",
        "title": "Two",
        "command": NODE,
        "cwd": "web",
        "environment": {"A": "1"},
        "timeout_s": 5,
        "weight": 2.5,
        "min_tests": 3,
        "artifacts": ["trace/x.zip"],
    }
    (suite,) = load(tmp_path, full).suites
    assert suite == Suite(
        **{**full, "command": tuple(NODE), "timeout_s": 5.0, "artifacts": ("trace/x.zip",)}  # type: ignore[arg-type]  # a table of mixed values
    )


def test_a_tier_has_the_suites_of_those_that_it_extends_first(tmp_path: Path) -> None:
    make_tier_project(tmp_path, "small", [{"name": "a", "command": NODE}], coverage_gate=True)
    make_tier_project(tmp_path, "middle", [{"name": "b", "command": NODE}], extends="small")
    tier = load(tmp_path, {"name": "c", "command": NODE}, extends="middle")
    assert [suite.name for suite in tier.suites] == ["a", "b", "c"]
    assert tier.coverage_gate


def test_the_project_remembers_every_file_of_the_chain(tmp_path: Path) -> None:
    make_tier_project(tmp_path, "small", [{"name": "a", "command": NODE}])
    project = Project(make_tier_project(tmp_path, "tried", [ONE], extends="small"), "test")
    load_tier(project, "tried")
    assert set(project.files.sha256) == {"suites/small.toml", "suites/tried.toml"}
    assert tier_names(project) == ("small", "tried")


@pytest.mark.parametrize("word", ["pytest", "/usr/bin/pytest", "py.test"])
def test_pytest_is_known_behind_any_program(tmp_path: Path, word: str) -> None:
    (suite,) = load(tmp_path, {"command": ["uv", "run", word, "tests"]}).suites
    assert suite.adds_junit


def test_a_report_of_one_s_own_is_left_alone(tmp_path: Path) -> None:
    named, placed = load(
        tmp_path,
        {"command": [*PYTEST, "--junitxml=out.xml"], "junit": "out.xml"},
        {"command": [*PYTEST, "--junitxml={junit}"]},
    ).suites
    assert (named.adds_junit, named.junit) == (False, "out.xml")
    assert (placed.adds_junit, placed.junit) == (False, "")


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ({"command": []}, "command", "is empty"),
        ({"command": "pytest"}, "command", "must be a list"),
        ({"command": [1]}, "command", "must be a list of strings"),
        ({"command": ["make"]}, "junit", "is missing: only pytest gets the option"),
        ({"command": [*PYTEST, "--junitxml=x"]}, "command", "writes a JUnit file of its own"),
        ({"command": NODE, "junit": "x.xml"}, "junit", "exclude each other"),
        ({"name": "Big Suite"}, "name", "is 'Big Suite'"),
        ({"name": "../up"}, "name", "is '../up'"),
        ({"title": 3}, "title", "must be a string"),
        ({"cwd": ".."}, "cwd", "leads out of the suite's folder"),
        ({"cwd": "nowhere"}, "cwd", "is no folder of the project"),
        ({"artifacts": ["/etc/hostname"]}, "artifacts", "leads out of the suite's folder"),
        ({"junit": "../x.xml"}, "junit", "leads out of the suite's folder"),
        ({"timeout_s": 0}, "timeout_s", "is 0"),
        ({"timeout_s": "1"}, "timeout_s", "must be"),
        ({"weight": -1}, "weight", "is -1"),
        ({"min_tests": 0}, "min_tests", "is 0"),
        ({"environment": {"A B": "1"}}, "environment.A B", "cannot be a variable"),
        ({"environment": {"A": 1}}, "environment.A", "must be a string"),
        ({"command": NODE, "coverage": True}, "coverage", "is for pytest suites"),
        ({"retries": 3}, "retries", "is not known here"),
        ({"expects": "green"}, "expects", "is 'green'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, keys: dict[str, Any], key: str, message: str) -> None:
    found = problems(tmp_path, {**ONE, **keys})
    assert [told for where, told in found if where == f"suite[0].{key}" and message in told], found


def test_only_a_check_of_the_harness_expects_failures(tmp_path: Path) -> None:
    wanted = {**ONE, "expects": "timeout"}
    assert "no release rests on a suite that fails" in problems(tmp_path, wanted)[0][1]
    tier = load(tmp_path, wanted, checks_harness=True)
    assert tier.suites[0].expects is SuiteReason.TIMEOUT


def test_problems_of_every_file_are_told_once_each(tmp_path: Path) -> None:
    make_tier_project(tmp_path, "small", [{**ONE, "weight": 0}], titel="x")
    found = problems(tmp_path, {"command": []}, {**ONE, "name": "two", "cwd": 3}, extends="small")
    assert [key for key, _ in found] == ["suite[0].weight", "suite[0].command", "suite[1].cwd", "titel"]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ({"extends": "nothing"}, "extends", "names no tier"),
        ({"extends": "tried"}, "extends", "leads in a circle: tried -> tried"),
        ({"extends": "../x"}, "extends", "names no tier"),
        ({"title": ""}, "title", "is empty"),
        ({"coverage_gate": 1}, "coverage_gate", "must be true or false"),
        ({"colour": "red"}, "colour", "is not known here"),
    ],
)
def test_what_is_wrong_with_a_tier_is_named(
    tmp_path: Path, keys: dict[str, Any], key: str, message: str
) -> None:
    found = problems(tmp_path, ONE, **keys)
    assert [told for where, told in found if where == key and message in told], found


def test_two_suites_of_one_name_or_one_report_are_refused(tmp_path: Path) -> None:
    same = {"name": "same", "command": ["make"], "junit": "out.xml"}
    assert [key for key, _ in problems(tmp_path, same, same)] == ["same", "junit"]


def test_a_tier_without_a_suite_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path)[0][0] == "suite"


def test_an_unknown_tier_names_the_known_ones(tmp_path: Path) -> None:
    project = Project(make_tier_project(tmp_path, "pr-fast", [ONE]), "test")
    with pytest.raises(ProjectError, match=r"use one of pr-fast \(did you mean 'pr-fast'\?\)"):
        load_tier(project, "pr-fats")


def test_the_shipped_tiers_are_right() -> None:
    project = Project(Path(__file__).parents[3], "test")
    for name in tier_names(project):
        assert load_tier(project, name).suites
