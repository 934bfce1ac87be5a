"""The battery's own figures: it cannot shrink, lose a rule or let something through without being noticed."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.battery.arena import PROJECT_FILE
from tests.battery.conftest import Results
from tests.battery.everything import ATTEMPTS, FAMILIES, FLOWS

# At least so many attempts of each family; a family that grows may raise its number.
AT_LEAST = {
    "keys": 90,
    "hosts": 130,
    "money": 190,
    "orders": 11,
    "endpoints": 180,
    "answers": 70,
    "target": 70,
    "files": 60,
    "command line": 150,
}
RULES = {
    "keys",
    "hosts",
    "sandbox",
    "caps",
    "endpoints",
    "never-live",
    "planned-spend",
    "time-limit",
    PROJECT_FILE,
}


def test_there_are_at_least_so_many_attempts_and_flows() -> None:
    assert len(ATTEMPTS) >= 250
    assert len(FLOWS) >= 40


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_shrinks(family: str) -> None:
    assert len(FAMILIES[family]) >= AT_LEAST[family]


def test_every_attempt_and_flow_has_a_name_of_its_own() -> None:
    counted = Counter([*(attempt.id for attempt in ATTEMPTS), *(flow.id for flow in FLOWS)])
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_rule_is_tried() -> None:
    assert {attempt.rule for attempt in ATTEMPTS} == RULES


def test_nothing_gets_through_and_nothing_legitimate_is_refused(results: Results) -> None:
    through = [attempt.id for attempt in ATTEMPTS if results.attempt(attempt)]
    refused = [flow.id for flow in FLOWS if results.flow(flow)]
    assert (through, refused) == ([], [])
