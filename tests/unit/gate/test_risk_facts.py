"""Facts of the risk score that the change and the release policy tell: what is touched, how far it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.risks import (
    CHANGE,
    ITEMS,
    QUIET,
    SHIPPED,
    UNTOLD,
    attested,
    but,
    changing,
    evidence,
    facts,
    incident,
    log,
    release,
    saying,
    tier_run,
    told,
)

from billing_canary.gate.risk import judge_risk
from billing_canary.release import Change, ReleaseEvidence
from billing_canary.verdict import Status


def test_the_seed_release_from_its_evidence() -> None:
    found = evidence(bundles=[tier_run("merge-medium")], log=log(attested(state="partial"), incident()))
    items = but(Status.PASS, Status.FAIL, Status.INCONCLUSIVE, Status.FAIL, Status.INCONCLUSIVE)

    score = judge_risk(SHIPPED, facts(found, items=items))

    assert [each.points for each in score.factors] == [18, 16, 20, 9, 14, 16, 10, 5, 12, 6]
    assert (score.raw, score.score, score.level) == (126, 100, "critical")


def test_the_environment_is_what_the_release_policy_states() -> None:
    named, unnamed = release(environment=" staging "), release(environment=" ")

    assert told(facts(checklist=named).environment) == (
        "staging",
        "stated: environment in gates/release.toml",
    )
    assert told(facts(checklist=unnamed).environment) == (
        None,
        "unknown: gates/release.toml names no environment",
    )


# What the change touches.


def test_paths_tell_migrations_billing_logic_and_modules() -> None:
    found = facts(evidence())

    assert told(found.migration) == (True, "derived: db/migrations/7.sql since v1.0")
    names = ("Stripe sync", "Subscription seats", "Webhooks")
    assert told(found.modules) == (names, f"derived: {', '.join(names)} since v1.0")
    assert told(found.billing_logic) == (True, f"derived: through its modules: {', '.join(names)} since v1.0")


def test_paths_elsewhere_touch_nothing() -> None:
    found = facts(changing("README.md", "src/search.py", base=""))

    assert told(found.migration) == (False, "derived: none of 2 changed files in the whole history")
    assert told(found.billing_logic) == (False, "derived: none of 2 changed files in the whole history")
    assert told(found.modules) == ((), "derived: none in the whole history")


def test_billing_logic_needs_no_module() -> None:
    found = facts(changing(*(f"src/billing/{name}.py" for name in "edbac")))

    words = "derived: src/billing/a.py, src/billing/b.py, src/billing/c.py and 2 more since v1.0"
    assert told(found.billing_logic) == (True, words)
    assert found.modules.value == ()


def test_three_paths_are_named_in_full() -> None:
    found = facts(changing(*(f"src/billing/{name}.py" for name in "bac")))

    words = "derived: src/billing/a.py, src/billing/b.py, src/billing/c.py since v1.0"
    assert told(found.billing_logic) == (True, words)


def test_a_change_that_cannot_be_told_is_unknown_throughout() -> None:
    found = facts(
        evidence(change=Change(commit="c" * 40, paths=("src/search.py",), problem="the clone is shallow"))
    )

    for fact in (found.migration, found.modules, found.billing_logic):
        assert told(fact) == (None, "unknown: the clone is shallow")
    assert told(found.high_blast_radius) == (None, "unknown: the environment or the modules are unknown")


def test_the_change_of_another_commit_is_unknown() -> None:
    found = facts(evidence(change=replace(CHANGE, commit="d" * 40)))

    for fact in (found.migration, found.modules, found.billing_logic):
        assert told(fact) == (None, "unknown: the recorded change is that of another commit")


@given(st.permutations([*CHANGE.paths, "README.md", "src/billing/a.py"]))
def test_the_order_of_paths_does_not_matter(paths: list[str]) -> None:
    assert facts(changing(*paths)) == facts(changing(*sorted(paths)))


@given(st.lists(st.sampled_from([*CHANGE.paths, "README.md", "src/billing/a.py", "src/quota.py"])), st.data())
def test_one_more_path_never_lowers_the_score(paths: list[str], data: st.DataObject) -> None:
    fewer = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    low, high = (judge_risk(SHIPPED, facts(changing(*each))) for each in (fewer, paths))

    assert low.raw <= high.raw <= judge_risk(SHIPPED, facts(UNTOLD)).raw


@pytest.mark.parametrize("name", ["migration", "billing_logic"])
@pytest.mark.parametrize(
    ("found", "said", "value", "source"),
    [
        (UNTOLD, None, None, "unknown: no repository"),
        (UNTOLD, True, True, "stated: yes in [stated] of gates/risk.toml"),
        (UNTOLD, False, False, "stated: no in [stated] of gates/risk.toml"),
        (QUIET, True, True, "stated: yes in [stated] of gates/risk.toml"),
        (QUIET, False, False, "derived: none of 1 changed files since v1.0"),
        (changing("billing/migrations/1.sql"), False, True, "derived: billing/migrations/1.sql since v1.0"),
        (changing("billing/migrations/1.sql"), True, True, "derived: billing/migrations/1.sql since v1.0"),
    ],
)
def test_a_statement_answers_the_unknown_and_raises_but_never_lowers(
    name: str,
    found: ReleaseEvidence,
    said: bool | None,  # noqa: FBT001 - a case
    value: bool | None,  # noqa: FBT001 - a case
    source: str,
) -> None:
    assert told(getattr(facts(found, policy=saying(**{name: said})), name)) == (value, source)


def test_stated_modules_are_added_to_those_found() -> None:
    policy = saying(modules=("Webhooks", "Stripe sync", "Webhooks"))

    untold = facts(UNTOLD, policy=policy)
    assert told(untold.modules) == (policy.stated.modules, "stated: modules in [stated] of gates/risk.toml")
    more = facts(changing("src/webhooks.py"), policy=policy)
    words = "stated: Stripe sync in [stated] of gates/risk.toml; derived: Webhooks since v1.0"
    assert told(more.modules) == (("Stripe sync", "Webhooks"), words)
    assert told(more.billing_logic) == (True, words.replace("stated: ", "stated: through its modules: ", 1))
    two = facts(changing("src/seats.py"), policy=policy).modules.source
    assert two.startswith("stated: Stripe sync, Webhooks in [stated]")
    same = facts(changing("src/webhooks.py"), policy=saying(modules=("Webhooks",)))
    assert told(same.modules) == (("Webhooks",), "derived: Webhooks since v1.0")
    none = facts(UNTOLD, policy=saying(modules=()))
    assert none.modules.value == ()
    assert none.billing_logic.value is None


# How far a mistake would reach.

THREE = CHANGE.paths
TWO = ("src/webhooks.py", "src/seats.py")


@pytest.mark.parametrize(
    ("environment", "change", "said", "value", "source"),
    [
        ("Production", changing(*THREE), None, True, "derived: 3 billing modules or more in Production"),
        ("production", changing(*TWO), None, False, "derived: fewer than 3 billing modules"),
        ("qa", changing(*THREE), None, False, "derived: qa is not among the environments that reach many"),
        ("qa", UNTOLD, None, False, "derived: qa is not among the environments that reach many"),
        ("", changing(*TWO), None, False, "derived: fewer than 3 billing modules"),
        ("", changing(*THREE), None, None, "unknown: the environment or the modules are unknown"),
        ("production", UNTOLD, None, None, "unknown: the environment or the modules are unknown"),
        ("production", UNTOLD, False, False, "stated: no in [stated] of gates/risk.toml"),
        ("production", changing(*TWO), True, True, "stated: yes in [stated] of gates/risk.toml"),
        ("production", changing(*THREE), False, True, "derived: 3 billing modules or more in production"),
    ],
)
def test_the_blast_radius(
    environment: str,
    change: ReleaseEvidence,
    said: bool | None,  # noqa: FBT001 - a case
    value: bool | None,  # noqa: FBT001 - a case
    source: str,
) -> None:
    checklist = replace(ITEMS, environment=environment)
    found = facts(change, policy=saying(high_blast_radius=said), checklist=checklist)

    assert told(found.high_blast_radius) == (value, source)
