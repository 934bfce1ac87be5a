"""The risk score: ten additive factors, each listed with its points and where it is from."""

from __future__ import annotations

from collections.abc import Mapping

from billing_canary.release import RiskFactor, RiskScore
from billing_canary.risk import Capped, Fact, RiskFacts, RiskPolicy, RollbackState, TestSignal

HIGHEST = 100
"""The shown score ends here; the raw sum does not."""

_ROLLBACK_TITLES = {
    RollbackState.VERIFIED: "Rollback verified",
    RollbackState.PARTIAL: "Rollback only partially verified",
    RollbackState.NONE: "Rollback not verified",
}


def judge_risk(policy: RiskPolicy, facts: RiskFacts) -> RiskScore:
    """The score of a release. It says how much review it deserves, and decides nothing.

    What is unknown counts in full. No factor takes points away, so a worse fact never lowers the score.
    """
    weights = policy.weights
    factors = (
        _environment(facts.environment, weights.environments),
        _yes_no("migration", facts.migration, weights.migration, _MIGRATION),
        _yes_no("billing-logic", facts.billing_logic, weights.billing_logic, _LOGIC),
        _modules(facts.modules, weights.modules),
        _rollback(facts.rollback, weights.rollback),
        _unresolved(facts.unresolved, weights.unresolved),
        _incidents(facts.past_incidents, weights.past_incidents),
        _tests(facts.tests, weights.tests),
        _yes_no("blast-radius", facts.high_blast_radius, weights.high_blast_radius, _BLAST),
        _yes_no("approvals", facts.approvals_missing, weights.approvals_missing, _APPROVALS),
    )
    raw = sum(factor.points for factor in factors)
    score = min(raw, HIGHEST)
    level = max((each for each in policy.levels if each.start <= score), key=lambda each: each.start)
    return RiskScore(factors=factors, raw=raw, score=score, level=level.name, advice=level.advice)


_Titles = tuple[str, str, str]
"""Of yes, of no, and of what is unknown."""

_MIGRATION: _Titles = ("Database migration included", "No database migration", "Database migration")
_LOGIC: _Titles = (
    "Billing/subscription logic affected",
    "No billing/subscription logic affected",
    "Billing/subscription logic",
)
_BLAST: _Titles = ("High blast radius", "No high blast radius", "Blast radius")
_APPROVALS: _Titles = ("Pending or missing approvals", "No approval missing", "Approvals")


def _environment(fact: Fact[str], weights: Mapping[str, int]) -> RiskFactor:
    most = max(weights.values())
    if fact.value is None:
        return _in_full("environment", "Environment", most, fact)
    known = fact.value.lower() in weights
    source = fact.source if known else f"{fact.source}; no weight is set for it, so it counts in full"
    return RiskFactor(
        id="environment",
        title=f"{fact.value[:1].upper()}{fact.value[1:]} deployment",
        points=weights.get(fact.value.lower(), most),
        source=source,
    )


def _yes_no(name: str, fact: Fact[bool], weight: int, titles: _Titles) -> RiskFactor:
    yes, no, neither = titles
    if fact.value is None:
        return _in_full(name, neither, weight, fact)
    points, title = (weight, yes) if fact.value else (0, no)
    return RiskFactor(id=name, title=title, points=points, source=fact.source)


def _modules(fact: Fact[tuple[str, ...]], weight: Capped) -> RiskFactor:
    if fact.value is None:
        return _in_full("modules", "Billing modules affected", weight.most, fact)
    count = len(set(fact.value))
    title = f"Multiple modules affected ({count})" if count > 1 else f"Modules affected ({count})"
    return RiskFactor(id="modules", title=title, points=_capped(count, weight), source=fact.source)


def _rollback(fact: Fact[RollbackState], weights: Mapping[RollbackState, int]) -> RiskFactor:
    if fact.value is None:
        return _in_full("rollback", "Rollback", max(weights.values()), fact)
    title = _ROLLBACK_TITLES[fact.value]
    return RiskFactor(id="rollback", title=title, points=weights[fact.value], source=fact.source)


def _unresolved(fact: Fact[int], weight: Capped) -> RiskFactor:
    if fact.value is None:
        return _in_full("unresolved-items", "Unresolved checklist items", weight.most, fact)
    title = f"Unresolved checklist items ({fact.value})"
    return RiskFactor(
        id="unresolved-items", title=title, points=_capped(fact.value, weight), source=fact.source
    )


def _incidents(fact: Fact[int], weight: int) -> RiskFactor:
    if fact.value is None:
        return _in_full("past-incidents", "Incident history on related surface", weight, fact)
    points, title = (weight, "Previous incident history on related surface")
    if fact.value <= 0:
        points, title = (0, "No incident history on related surface")
    return RiskFactor(id="past-incidents", title=title, points=points, source=fact.source)


def _tests(fact: Fact[TestSignal], weights: Mapping[TestSignal, int]) -> RiskFactor:
    if fact.value is None:
        return _in_full("tests", "Test coverage signal", max(weights.values()), fact)
    title = f"{str(fact.value).capitalize()} test coverage signal"
    title = "No test coverage signal" if fact.value is TestSignal.NONE else title
    return RiskFactor(id="tests", title=title, points=weights[fact.value], source=fact.source)


def _in_full(name: str, title: str, points: int, fact: Fact[object]) -> RiskFactor:
    source = f"{fact.source}; counted in full"
    return RiskFactor(id=name, title=f"{title}: unknown", points=points, source=source)


def _capped(count: int, weight: Capped) -> int:
    return min(max(count, 0) * weight.each, weight.most)
