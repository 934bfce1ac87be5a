"""What `make mutation` and `make branches` make of the words of mutmut and of coverage.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOLD = """
    billing_canary.gate.tier.x_judge__mutmut_1: killed
    billing_canary.gate.tier.x_judge__mutmut_2: survived
    billing_canary.gate.tier.x__part__mutmut_1: timeout
    billing_canary.gate.windows.x_pair__mutmut_1: no tests
    billing_canary.guard.guard.x\u01c1Guard\u01c1__init____mutmut_10: killed
"""


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_mutants_are_counted_for_each_module_and_package() -> None:
    mutation = script("mutation")
    modules = mutation.counted(TOLD)
    assert modules == {
        "billing_canary.gate.tier": {"killed": 1, "survived": 1, "timeout": 1},
        "billing_canary.gate.windows": {"no tests": 1},
        "billing_canary.guard.guard": {"killed": 1},
    }
    packages = mutation.by_package(modules)
    assert list(packages) == ["billing_canary.gate", "billing_canary.guard"]
    assert [line.split() for line in mutation.table(packages)] == [
        ["mutants", "killed", "by", "time", "survived", "other", "per", "cent"],
        ["billing_canary.gate", "4", "2", "1", "1", "1", "50.0"],
        ["billing_canary.guard", "1", "1", "0", "0", "0", "100.0"],
    ]


@pytest.mark.parametrize(
    ("killed", "survived", "enough"), [(90, 10, True), (8999, 1001, False), (1, 0, True)]
)
def test_ninety_per_cent_are_not_rounded_to(killed: int, survived: int, *, enough: bool) -> None:
    mutation = script("mutation")
    (counts,) = mutation.by_package(
        {"a.b": mutation.Counter({"killed": killed, "survived": survived})}
    ).values()
    assert mutation.reaches(counts) is enough
    assert mutation.table({"a": mutation.Counter(killed=8999, survived=1001)})[1].endswith(" 89.9")


SUMMARY = {
    "num_statements": 9,
    "missing_lines": 0,
    "num_branches": 4,
    "missing_branches": 0,
    "excluded_lines": 0,
}


@pytest.mark.parametrize(
    ("changes", "places", "told"),
    [
        ({}, {}, []),
        ({"missing_lines": 2}, {"missing_lines": [3, 7]}, ["x.py: 2 of 9 lines missed: 3, 7"]),
        ({"missing_branches": 1}, {"missing_branches": [[3, -1]]}, ["x.py: 1 of 4 branches missed: 3 to -1"]),
        (
            {"excluded_lines": 1},
            {"excluded_lines": [5]},
            ["x.py: 1 lines are excluded from measuring: 5"],
        ),
    ],
)
def test_every_kind_of_miss_is_told(changes: dict[str, int], places: dict[str, Any], told: list[str]) -> None:
    branches = script("branches")
    assert list(branches.misses("x.py", {"summary": SUMMARY | changes, **places})) == told


def test_a_module_that_was_not_measured_is_a_miss() -> None:
    assert list(script("branches").misses("x.py", None)) == ["x.py: not measured"]
