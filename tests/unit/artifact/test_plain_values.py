"""Dataclasses to JSON and back, strictly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fakes.releases import EVIDENCE, POLICY, evidence

from billing_canary.artifact.plain_values import from_plain, to_plain
from billing_canary.errors import EvidenceError
from billing_canary.release import ReleaseEvidence, ReleasePolicy


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(to_plain(value)))


def test_evidence_comes_back_as_it_was() -> None:
    assert from_plain(ReleaseEvidence, through_json(EVIDENCE), "$") == EVIDENCE
    more = evidence(defects=(), gone=("a/b",), defects_problem="x", rewritten="y")
    assert from_plain(ReleaseEvidence, through_json(more), "$") == more


def test_a_policy_comes_back_but_for_tuples_in_settings() -> None:
    back = from_plain(ReleasePolicy, through_json(POLICY), "$")

    assert back.people == POLICY.people
    assert [(item.id, item.kind) for item in back.items] == [(item.id, item.kind) for item in POLICY.items]
    assert through_json(back) == through_json(POLICY)


@dataclass(frozen=True, kw_only=True)
class Odd:
    pair: tuple[str, int]
    maybe: bool | None
    number: int


GOOD: dict[str, Any] = {"pair": ["a", 1], "maybe": None, "number": 2}


def test_the_small_types() -> None:
    assert from_plain(Odd, GOOD, "$") == Odd(pair=("a", 1), maybe=None, number=2)
    assert from_plain(Odd, {**GOOD, "maybe": True}, "$").maybe is True


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "$: must be an object, not '[]'"),
        ({**GOOD, "more": 1}, "$.more: is not known"),
        ({"pair": ["a", 1], "maybe": None}, "$.number: is missing"),
        ({**GOOD, "number": True}, "$.number: must be int, not 'True'"),
        ({**GOOD, "number": 2.0}, "$.number: must be int, not '2.0'"),
        ({**GOOD, "number": None}, "$.number: must be int, not 'None'"),
        ({**GOOD, "maybe": "yes"}, "$.maybe: must be bool, not 'yes'"),
        ({**GOOD, "pair": "ab"}, "$.pair: must be a list, not 'ab'"),
        ({**GOOD, "pair": ["a"]}, "$.pair: has 1 entries, not 2"),
        ({**GOOD, "pair": ["a", "b"]}, "$.pair[1]: must be int, not 'b'"),
    ],
)
def test_another_shape_is_refused_with_its_path(document: Any, message: str) -> None:
    with pytest.raises(EvidenceError) as raised:
        from_plain(Odd, document, "$")
    assert str(raised.value) == message


def _broken(path: list[str | int], value: Any) -> Any:
    document = through_json(EVIDENCE)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["log", "entries", 0, "kind"], "whim", "$.log.entries[0].kind: is 'whim', none of approval"),
        (["log", "entries", 0, "kind"], 7, "$.log.entries[0].kind: is '7', none of approval"),
        (["log", "entries", 0, "fields"], [], "$.log.entries[0].fields: must be an object, not '[]'"),
        (["log", "entries", 0, "fields"], {"of": 1.5}, "$.log.entries[0].fields.of: must be str, not '1.5'"),
        (["bundles", 0, "suites", 0], ["a"], "$.bundles[0].suites[0]: has 1 entries, not 2"),
        (["defects"], "none", "$.defects: must be a list, not 'none'"),
    ],
)
def test_nested_shapes_are_refused_with_their_path(path: list[str | int], value: Any, message: str) -> None:
    with pytest.raises(EvidenceError) as raised:
        from_plain(ReleaseEvidence, _broken(path, value), "$")
    assert str(raised.value).startswith(message)
