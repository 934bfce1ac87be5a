"""`gates/risk.toml`: every wrong, unknown or missing key is told at once, with file, key, value and fix."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.project_folder import make_project
from tests.fakes.risks import RISK_TOML, SHIPPED
from tests.fakes.toml_text import Path as Place
from tests.fakes.toml_text import dotted, dump, get, places, removed, replaced

from billing_canary.errors import Problem, ProjectError
from billing_canary.risk import Capped, RiskPolicy, RollbackState, Stated, TestSignal
from billing_canary.risk_policy import load_risk_policy, read_risk_policy

FILE = "gates/risk.toml"
DATA: dict[str, Any] = tomllib.loads(RISK_TOML.read_text(encoding="utf-8"))
STATED = {
    "migration": True,
    "billing_logic": False,
    "modules": ["Webhooks"],
    "past_incidents": 0,
    "high_blast_radius": True,
}
FULL = {**DATA, "stated": STATED}
PLACES = [place for place in places(FULL) if not isinstance(place[-1], int)]
NAMED_FREELY = [("weights", "environment"), ("paths", "modules")]
NEEDED = [place for place in PLACES if place[0] != "stated" and place[:-1] not in NAMED_FREELY]
GARBAGE = [
    (place, value)
    for place in PLACES
    for value in (1.5, "garbage", False, -1, 10**9, [1], [" "], {"garbage": 1})
    if not (isinstance(value, str | bool) and type(value) is type(get(FULL, place)))
    and (place, value) != (("weights", "environment"), {"garbage": 1})
]
"""Every key with values of other types, or out of any range; another text or truth may be meant."""


def read(root: Path, data: Any) -> RiskPolicy:
    file = root / "risk.toml"
    file.write_text(data if isinstance(data, str) else dump(data), encoding="utf-8")
    return read_risk_policy(file, FILE)


def problems(root: Path, data: Any) -> tuple[Problem, ...]:
    with pytest.raises(ProjectError) as caught:
        read(root, data)
    assert all(problem.where == FILE and problem.fix for problem in caught.value.problems)
    return caught.value.problems


def test_the_shipped_policy_weighs_as_the_seed_example_does() -> None:
    weights = SHIPPED.weights

    assert weights.environments["production"] == 18
    assert (weights.migration, weights.billing_logic, weights.past_incidents) == (16, 20, 10)
    assert (weights.high_blast_radius, weights.approvals_missing) == (12, 6)
    assert (weights.modules, weights.unresolved) == (Capped(each=3, most=12), Capped(each=8, most=24))
    assert weights.rollback == {
        RollbackState.VERIFIED: 0,
        RollbackState.PARTIAL: 14,
        RollbackState.NONE: 20,
    }
    assert list(weights.tests.values()) == [0, 5, 10, 15]
    assert [(level.name, level.start) for level in SHIPPED.levels] == [
        ("low", 0),
        ("medium", 25),
        ("high", 50),
        ("critical", 75),
    ]
    assert SHIPPED.tiers[TestSignal.STRONG] == ("release-heavy",)
    assert (SHIPPED.blast_environments, SHIPPED.blast_modules) == (frozenset({"production"}), 3)
    assert SHIPPED.incident_days == 365
    assert SHIPPED.stated == Stated()


def test_a_project_is_read_from_its_gates_and_recorded(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / FILE).write_text(dump(FULL), encoding="utf-8")

    policy = load_risk_policy(project)

    assert policy.stated == Stated(
        migration=True,
        billing_logic=False,
        modules=("Webhooks",),
        past_incidents=0,
        high_blast_radius=True,
    )
    assert FILE in project.files.sha256


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"risk\.toml: cannot be read"):
        load_risk_policy(make_project(tmp_path))


def test_names_of_environments_are_read_in_lower_case(tmp_path: Path) -> None:
    data = replaced(DATA, ("weights", "environment"), {"PROD": 9})
    data = replaced(data, ("blast_radius", "environments"), ["PROD"])
    policy = read(tmp_path, data)

    assert policy.weights.environments == {"prod": 9}
    assert policy.blast_environments == {"prod"}


@pytest.mark.parametrize("place", NEEDED, ids=dotted)
def test_each_key_is_needed(tmp_path: Path, place: Place) -> None:
    keys = {problem.key for problem in problems(tmp_path, removed(FULL, place))}

    assert any(key == dotted(place) or key.startswith(f"{dotted(place)}.") for key in keys)


@pytest.mark.parametrize(("place", "value"), GARBAGE)
def test_garbage_is_told_at_its_key(tmp_path: Path, place: Place, value: object) -> None:
    keys = {problem.key for problem in problems(tmp_path, replaced(FULL, place, value))}

    assert any(key.startswith(dotted(place)) for key in keys)


@pytest.mark.parametrize("table", ["", "weights", "weights.modules", "weights.rollback", "weights.tests"])
@pytest.mark.parametrize(
    "more", ["levels", "levels.low", "paths", "blast_radius", "incidents", "tests", "stated"]
)
def test_an_unknown_key_is_told_wherever_it_stands(tmp_path: Path, table: str, more: str) -> None:
    data: Any = FULL
    for name in (table, more):
        data = replaced(data, (*filter(None, name.split(".")), "wieght"), 1)

    keys = {problem.key for problem in problems(tmp_path, data)}
    assert {f"{table}.wieght".lstrip("."), f"{more}.wieght"} <= keys


@pytest.mark.parametrize(
    ("place", "value", "key", "words"),
    [
        ("weights.migration", 101, "weights.migration", "is 101"),
        ("weights.migration", -1, "weights.migration", "is -1"),
        ("weights.environment", {}, "weights.environment", "names no environment"),
        ("weights.environment", {"A": 1, "a": 2}, "weights.environment.a", "twice"),
        ("weights.environment.production", 101, "weights.environment.production", "is 101"),
        ("weights.modules.most", 2, "weights.modules.most", "is 2, less than each = 3"),
        ("weights.unresolved.each", 25, "weights.unresolved.most", "is 24, less than each = 25"),
        ("weights.rollback.partial", 21, "weights.rollback.none", "is 20, less than the 21"),
        ("weights.tests.strong", 6, "weights.tests.medium", "is 5, less than the 6"),
        ("levels.low.from", 1, "levels.low.from", "is 1"),
        ("levels.medium.from", 0, "levels.medium.from", "is 0, not above the 0 of low"),
        ("levels.high.from", 25, "levels.high.from", "is 25, not above the 25 of medium"),
        ("levels.high.from", 76, "levels.critical.from", "is 75, not above the 76 of high"),
        ("levels.critical.from", 101, "levels.critical.from", "is 101"),
        ("levels.low.advice", " ", "levels.low.advice", "is empty"),
        ("paths.migrations", [], "paths.migrations", "is empty"),
        ("paths.migrations", ["/a"], "paths.migrations", "holds '/a', which starts with '/'"),
        ("paths.billing_logic", ["a/"], "paths.billing_logic", "holds 'a/'"),
        ("paths.modules", {}, "paths.modules", "names no module"),
        ("paths.modules", {" ": ["a"]}, "paths.modules. ", "has no name"),
        ("paths.modules.Webhooks", ["a\\b"], "paths.modules.Webhooks", "backslash"),
        ("blast_radius.modules", 0, "blast_radius.modules", "is 0"),
        ("blast_radius.environments", [], "blast_radius.environments", "is empty"),
        ("blast_radius.environments", [""], "blast_radius.environments", "empty text"),
        ("incidents.days", 0, "incidents.days", "is 0"),
        ("incidents.days", 36_501, "incidents.days", "is 36501"),
        ("tests.weak", [""], "tests.weak", "empty text"),
        ("tests.weak", ["release-heavy"], "tests.weak", "holds 'release-heavy', which gives a better signal"),
        ("stated.modules", ["Webhoks"], "stated.modules", "holds 'Webhoks'"),
        ("stated.past_incidents", -1, "stated.past_incidents", "is -1"),
        ("stated.past_incidents", True, "stated.past_incidents", "must be an integer"),
        ("stated.migration", "yes", "stated.migration", "must be true or false"),
    ],
)
def test_a_value_that_cannot_be_meant_is_told(
    tmp_path: Path, place: str, value: object, key: str, words: str
) -> None:
    found = {
        problem.key: problem.message for problem in problems(tmp_path, replaced(FULL, _place(place), value))
    }

    assert words in found[key]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("weights.migration", 0),
        ("weights.migration", 100),
        ("weights.modules.most", 3),
        ("weights.rollback.none", 14),
        ("levels.critical.from", 100),
        ("incidents.days", 1),
        ("incidents.days", 36_500),
        ("blast_radius.modules", 1),
        ("tests.weak", []),
        ("stated.past_incidents", 1_000_000),
        ("stated.modules", []),
    ],
)
def test_values_at_their_limits_are_taken(tmp_path: Path, place: str, value: object) -> None:
    assert read(tmp_path, replaced(FULL, _place(place), value)) is not None


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    data = replaced(FULL, ("weights", "migration"), 200)
    data = replaced(data, ("levels", "high", "from"), "x")
    data = removed(data, ("tests", "weak"))
    data = replaced(data, ("pahts",), {})

    keys = {problem.key for problem in problems(tmp_path, data)}
    assert {"weights.migration", "levels.high.from", "tests.weak", "pahts"} <= keys


def _place(text: str) -> Place:
    return tuple(text.split("."))
