"""Excuses: which probe they fit, and which fit none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.probes import fine, make_probe
from tests.fakes.project_folder import make_project

from billing_canary.model import NotApplicable
from billing_canary.probe.excuses import excuse, excuses_nothing, unknown_excuses
from billing_canary.target.settings import TargetSettings
from billing_canary.target.target import Target

Connect = Callable[..., Target]
A, B = NotApplicable(reason="a", owner="x"), NotApplicable(reason="b", owner="y")
PROBES = [make_probe("one", fine), make_probe("two", fine)]


def excusing(target: Target, excuses: Mapping[str, NotApplicable]) -> TargetSettings:
    return replace(target.settings, not_applicable=excuses)


@pytest.mark.parametrize(
    ("excuses", "found"),
    [
        ({}, None),
        ({"test.one": A}, A),
        ({"test.*": A}, A),
        ({"*": A}, A),
        ({"test.[ab]*": A}, None),
        ({"test.*": A, "test.one": B}, B),
        ({"t*": A, "test.*": B}, A),
        ({"TEST.ONE": A}, None),
        ({"test": A}, None),
        ({"test.on": A}, None),
    ],
)
def test_an_exact_id_comes_before_the_first_glob(
    connect: Connect, excuses: Mapping[str, NotApplicable], found: NotApplicable | None
) -> None:
    assert excuse("test.one", excusing(connect(), excuses)) == found


def test_a_key_that_fits_no_probe_is_a_problem(connect: Connect, tmp_path: Path) -> None:
    excuses = {"test.*": A, "quota.*": A, "test.one": A, "test.on": A}
    problems = [*unknown_excuses(make_project(tmp_path), excusing(connect(), excuses), PROBES)]
    assert [problem.key for problem in problems] == [
        "shop.not_applicable.quota.*",
        "shop.not_applicable.test.on",
    ]
    assert all(problem.where.endswith("targets.toml") and problem.fix for problem in problems)


def test_an_excuse_is_idle_when_all_that_it_fits_runs(connect: Connect) -> None:
    excuses = {"test.one": A, "test.*": A, "unknown": A}
    settings = excusing(connect(), excuses)
    assert [*excuses_nothing(settings, PROBES, {})] == ["test.one", "test.*"]
    assert [*excuses_nothing(settings, PROBES, {"test.two"})] == ["test.one"]
    assert [*excuses_nothing(settings, PROBES, {"test.one"})] == []
