"""The risk score: the seed example to the point, and nothing worse or unknown that lowers the score."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.risks import SEED_FACTS, SHIPPED

from billing_canary.gate.risk import judge_risk
from billing_canary.release import RiskFactor, RiskScore
from billing_canary.risk import (
    Capped,
    RiskFacts,
    RiskLevel,
    RiskPolicy,
    RiskWeights,
    RollbackState,
    TestSignal,
    derived,
    unknown,
)

NAMES = [field.name for field in fields(RiskFacts)]
IDS = [
    "environment",
    "migration",
    "billing-logic",
    "modules",
    "rollback",
    "unresolved-items",
    "past-incidents",
    "tests",
    "blast-radius",
    "approvals",
]
HARMLESS = {
    "environment": "development",
    "migration": False,
    "billing_logic": False,
    "modules": (),
    "rollback": RollbackState.VERIFIED,
    "unresolved": 0,
    "past_incidents": 0,
    "tests": TestSignal.STRONG,
    "high_blast_radius": False,
    "approvals_missing": False,
}


def facts(**values: Any) -> RiskFacts:
    """Harmless facts but for these; None is unknown."""
    given = {**HARMLESS, **values}
    return RiskFacts(
        **{
            name: unknown("why") if value is None else derived(value, f"about {name}")
            for name, value in given.items()
        }
    )


def factor(name: str, **values: Any) -> RiskFactor:
    return {each.id: each for each in judge_risk(SHIPPED, facts(**values)).factors}[name]


def test_the_seed_release_is_126_shown_as_100_and_critical() -> None:
    score = judge_risk(SHIPPED, SEED_FACTS)

    assert [(each.title, each.points) for each in score.factors] == [
        ("Production deployment", 18),
        ("Database migration included", 16),
        ("Billing/subscription logic affected", 20),
        ("Multiple modules affected (3)", 9),
        ("Rollback only partially verified", 14),
        ("Unresolved checklist items (2)", 16),
        ("Previous incident history on related surface", 10),
        ("Medium test coverage signal", 5),
        ("High blast radius", 12),
        ("Pending or missing approvals", 6),
    ]
    assert (score.raw, score.score, score.level) == (126, 100, "critical")
    assert score.advice == SHIPPED.levels[3].advice


def test_a_harmless_release_lists_ten_zeros() -> None:
    score = judge_risk(SHIPPED, facts())

    assert [(each.id, each.points) for each in score.factors] == [(name, 0) for name in IDS]
    assert [each.title for each in score.factors] == [
        "Development deployment",
        "No database migration",
        "No billing/subscription logic affected",
        "Modules affected (0)",
        "Rollback verified",
        "Unresolved checklist items (0)",
        "No incident history on related surface",
        "Strong test coverage signal",
        "No high blast radius",
        "No approval missing",
    ]
    assert [each.source for each in score.factors] == [f"derived: about {name}" for name in NAMES]
    assert (score.raw, score.score, score.level) == (0, 0, "low")


def test_what_is_unknown_counts_in_full_and_says_so() -> None:
    score = judge_risk(SHIPPED, facts(**dict.fromkeys(NAMES)))

    assert [(each.id, each.title, each.points) for each in score.factors] == [
        ("environment", "Environment: unknown", 18),
        ("migration", "Database migration: unknown", 16),
        ("billing-logic", "Billing/subscription logic: unknown", 20),
        ("modules", "Billing modules affected: unknown", 12),
        ("rollback", "Rollback: unknown", 20),
        ("unresolved-items", "Unresolved checklist items: unknown", 24),
        ("past-incidents", "Incident history on related surface: unknown", 10),
        ("tests", "Test coverage signal: unknown", 15),
        ("blast-radius", "Blast radius: unknown", 12),
        ("approvals", "Approvals: unknown", 6),
    ]
    assert {each.source for each in score.factors} == {"unknown: why; counted in full"}
    assert (score.raw, score.score) == (153, 100)


@pytest.mark.parametrize(
    ("name", "fact", "value", "title", "points"),
    [
        ("environment", "environment", "Staging", "Staging deployment", 6),
        ("environment", "environment", "PRODUCTION", "PRODUCTION deployment", 18),
        ("environment", "environment", "qa", "Qa deployment", 18),
        ("modules", "modules", ("a",), "Modules affected (1)", 3),
        ("modules", "modules", ("a", "b"), "Multiple modules affected (2)", 6),
        ("modules", "modules", ("a", "a"), "Modules affected (1)", 3),
        ("modules", "modules", ("a", "b", "c", "d"), "Multiple modules affected (4)", 12),
        ("modules", "modules", ("a", "b", "c", "d", "e"), "Multiple modules affected (5)", 12),
        ("rollback", "rollback", RollbackState.NONE, "Rollback not verified", 20),
        ("unresolved-items", "unresolved", 1, "Unresolved checklist items (1)", 8),
        ("unresolved-items", "unresolved", 3, "Unresolved checklist items (3)", 24),
        ("unresolved-items", "unresolved", 4, "Unresolved checklist items (4)", 24),
        ("unresolved-items", "unresolved", -1, "Unresolved checklist items (-1)", 0),
        ("past-incidents", "past_incidents", 7, "Previous incident history on related surface", 10),
        ("past-incidents", "past_incidents", -1, "No incident history on related surface", 0),
        ("tests", "tests", TestSignal.WEAK, "Weak test coverage signal", 10),
        ("tests", "tests", TestSignal.NONE, "No test coverage signal", 15),
    ],
)
def test_each_value_of_a_fact_has_its_points(
    name: str, fact: str, value: object, title: str, points: int
) -> None:
    found = factor(name, **{fact: value})

    assert (found.title, found.points) == (title, points)


def test_an_environment_without_a_weight_says_why_it_counts_in_full() -> None:
    source = factor("environment", environment="qa").source

    assert source == "derived: about environment; no weight is set for it, so it counts in full"


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0, "low"),
        (24, "low"),
        (25, "medium"),
        (49, "medium"),
        (50, "high"),
        (74, "high"),
        (75, "critical"),
        (100, "critical"),
    ],
)
def test_a_level_starts_at_its_own_score(score: int, level: str) -> None:
    weights = replace(SHIPPED.weights, migration=score)
    judged = judge_risk(replace(SHIPPED, weights=weights), facts(migration=True))

    assert (judged.raw, judged.score, judged.level) == (score, score, level)


def test_the_order_of_the_levels_in_the_policy_does_not_matter() -> None:
    turned = replace(SHIPPED, levels=SHIPPED.levels[::-1])

    assert judge_risk(turned, SEED_FACTS) == judge_risk(SHIPPED, SEED_FACTS)


POINTS = st.integers(0, 100)
CAPPED = st.tuples(POINTS, POINTS).map(lambda two: Capped(each=min(two), most=max(two)))


@st.composite
def policies(draw: st.DrawFn) -> RiskPolicy:
    """Any policy that the loader would take."""

    def worsening(states: Any) -> dict[Any, int]:
        points = draw(st.lists(POINTS, min_size=len(states), max_size=len(states)))
        return dict(zip(states, sorted(points), strict=True))

    starts = draw(st.lists(st.integers(1, 100), min_size=3, max_size=3, unique=True))
    weights = RiskWeights(
        environments=draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), POINTS, min_size=1)),
        migration=draw(POINTS),
        billing_logic=draw(POINTS),
        modules=draw(CAPPED),
        rollback=worsening(list(RollbackState)),
        unresolved=draw(CAPPED),
        past_incidents=draw(POINTS),
        tests=worsening(list(TestSignal)),
        high_blast_radius=draw(POINTS),
        approvals_missing=draw(POINTS),
    )
    names = ("low", "medium", "high", "critical")
    levels = zip(names, (0, *sorted(starts)), strict=True)
    return replace(
        SHIPPED,
        weights=weights,
        levels=tuple(RiskLevel(name=name, start=start, advice=name) for name, start in levels),
    )


WORSE: dict[str, tuple[Any, ...]] = {
    "migration": (False, True, None),
    "billing_logic": (False, True, None),
    "modules": ((), ("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d"), None),
    "rollback": (*RollbackState, None),
    "unresolved": (0, 1, 2, 3, 4, 99, None),
    "past_incidents": (0, 1, 2, None),
    "tests": (*TestSignal, None),
    "high_blast_radius": (False, True, None),
    "approvals_missing": (False, True, None),
}
"""Values of each fact, each at least as bad as the one before."""

VALUES = st.fixed_dictionaries(
    {
        "environment": st.sampled_from(["a", "b", "c", "elsewhere", None]),
        **{name: st.sampled_from(values) for name, values in WORSE.items()},
    }
)


@given(policies(), VALUES)
def test_the_score_is_the_sum_and_stays_within_its_bounds(policy: RiskPolicy, values: Any) -> None:
    score = judge_risk(policy, facts(**values))

    assert [each.id for each in score.factors] == IDS
    assert score.raw == sum(each.points for each in score.factors)
    assert all(each.points >= 0 for each in score.factors)
    assert score.score == min(100, score.raw)
    assert score.level == [each.name for each in policy.levels if each.start <= score.score][-1]
    assert all(
        each.source.startswith(("derived: ", "unknown: ")) and each.title.strip() for each in score.factors
    )


@given(policies(), VALUES, st.sampled_from(sorted(WORSE)), st.data())
def test_a_worse_fact_never_lowers_the_score(
    policy: RiskPolicy, values: Any, name: str, data: st.DataObject
) -> None:
    ladder = WORSE[name]
    low = data.draw(st.integers(0, len(ladder) - 1))
    high = data.draw(st.integers(low, len(ladder) - 1))
    better = judge_risk(policy, facts(**{**values, name: ladder[low]}))
    worse = judge_risk(policy, facts(**{**values, name: ladder[high]}))

    assert better.raw <= worse.raw
    assert better.score <= worse.score
    assert _rank(policy, better) <= _rank(policy, worse)


@given(policies(), VALUES)
def test_an_environment_weighs_no_more_than_an_unknown_one(policy: RiskPolicy, values: Any) -> None:
    known = judge_risk(policy, facts(**values))
    unsaid = judge_risk(policy, facts(**{**values, "environment": None}))

    assert known.raw <= unsaid.raw == judge_risk(policy, facts(**{**values, "environment": "elsewhere"})).raw


@given(policies(), VALUES, st.permutations(["a", "b", "c", "d"]), st.permutations(NAMES))
def test_no_order_changes_the_score(
    policy: RiskPolicy, values: Any, modules: list[str], order: list[str]
) -> None:
    known = {**values, "modules": ("a", "b", "c", "d")}
    turned = {name: {**known, "modules": tuple(modules)}[name] for name in order}

    assert judge_risk(policy, facts(**known)) == judge_risk(policy, facts(**turned))


def _rank(policy: RiskPolicy, score: RiskScore) -> int:
    return [each.name for each in policy.levels].index(score.level)
