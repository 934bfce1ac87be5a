"""`probes/targets.toml`: every wrong, unknown or missing key is told with file, key and fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.project_folder import MOCK_ENVIRONMENT, STAGING_ENVIRONMENT, TARGETS, make_project
from tests.fakes.toml_text import Path as Place
from tests.fakes.toml_text import dotted, get, places, removed, replaced

from billing_canary.errors import Problem, ProjectError
from billing_canary.target.load import load_target
from billing_canary.target.operations import CONTRACTS
from billing_canary.target.settings import TargetSettings

FILE = "probes/targets.toml"
GARBAGE: dict[str, Any] = {
    "integer": -7,
    "float": 10.5,
    "bool": True,
    "string": "gar{bage} ",
    "list": [7],
    "table": {"garbage": 1.5},
}
PLACES = [place for place in places(TARGETS) if place != ("backends",)]
TABLES: list[Place] = [place for place in PLACES if isinstance(get(TARGETS, place), dict)]


def load(root: Path, targets: Any = TARGETS, name: str = "mock", **changes: str) -> TargetSettings:
    environ = MOCK_ENVIRONMENT | STAGING_ENVIRONMENT | changes
    return load_target(make_project(root, targets=targets), name, environ)


def problems(root: Path, targets: Any, place: Place = ("mock",), **changes: str) -> dict[str, str]:
    """The problems by key; empty when the file loads. Anything but a ProjectError fails the test.

    What stands in the table of one target is seen by whoever loads that one.
    """
    found: tuple[Problem, ...] = ()
    try:
        load(root, targets, "staging" if place[0] == "staging" else "mock", **changes)
    except ProjectError as error:
        found = error.problems
    assert all(each.where.endswith(FILE) and each.message and each.fix for each in found)
    return {each.key: each.message for each in found}


def is_free(place: Place) -> bool:
    """Whether any value may stand at `place`: bodies and the names that an account keeps."""
    inside = place[2:] if place[0] == "backends" else ()
    return (
        inside[:2] == ("paid_event", "body")
        or (len(inside) > 2 and inside[2] in {"json", "form"})
        or inside[1:3] == ("open_account", "extract")
    )


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_any_place_is_told_at_that_key(tmp_path: Path, garbage: str) -> None:
    value, silent = GARBAGE[garbage], []
    for place in PLACES:
        found = problems(tmp_path, replaced(TARGETS, place, value), place)
        told = any(key.startswith(dotted(place)) or dotted(place).startswith(key) for key in found)
        if not told and not is_free(place):
            silent.append(dotted(place))
    assert silent == ACCEPTED.get(garbage, [])


ACCEPTED = {
    "string": [
        "mock.expected_build",
        "staging.expected_build",
        "staging.expected_build.env",  # optional, so that it may name a variable that nobody sets
        "backends.reference.paid_event.type",
    ],
    "bool": ["staging.expected_build.optional"],
}
"""Places where a value of that type is right, whatever it is."""


def may_be_absent(place: Place) -> bool:
    if is_free(place):
        return "extract" not in place or place[-1] != "account"
    if place[-1] == "optional":
        return True
    if place[0] in {"mock", "staging"}:
        optional = {"unit_price", "expected_build", "patience", "amounts", "provider", "webhook_secret"}
        return place[1] in optional
    if len(place) == 4 and place[2] == "operations":
        return True
    return place[-1] in {"headers", "json", "paid_event"} or "headers" in place


def test_a_missing_key_is_told_or_may_be_absent(tmp_path: Path) -> None:
    silent = [
        place
        for place in PLACES
        if not problems(tmp_path, removed(TARGETS, place), place) and not may_be_absent(place)
    ]
    optional = set().union(*(contract.optional for contract in CONTRACTS.values())) | {"currency", "extract"}
    assert [place for place in silent if place[-1] not in optional] == []


def test_an_unknown_key_is_told_in_every_table(tmp_path: Path) -> None:
    silent = [
        dotted(place)
        for place in TABLES
        if not is_free(place)
        and place[-1] != "headers"
        and dotted((*place, "unknwon"))
        not in problems(tmp_path, replaced(TARGETS, (*place, "unknwon"), "1"), place)
    ]
    assert silent == []
