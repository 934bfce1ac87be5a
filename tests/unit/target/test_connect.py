"""From project files to a target that can be asked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.fakes.clock import HandClock
from tests.fakes.project_folder import (
    MOCK_ENVIRONMENT,
    MONEY,
    STAGING_ENVIRONMENT,
    TARGETS,
    make_project,
)
from tests.fakes.server import FakeServer, answer_json
from tests.fakes.toml_text import removed, replaced

from billing_canary.errors import ProjectError, RefusedError
from billing_canary.model import Status
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.connect import Wishes, connect_mock, connect_staging, prepare_staging
from billing_canary.target.target import Target

NO_WISHES = Wishes()


def connect(root: Path, wishes: Wishes = NO_WISHES, environ: Mapping[str, str] = MOCK_ENVIRONMENT) -> Target:
    return connect_mock(make_project(root), environ, "run-1", wishes)


def test_a_wrong_target_file_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path, targets=replaced(TARGETS, ("mock", "unit_price"), 0))
    with pytest.raises(ProjectError, match="unit_price"):
        connect_mock(project, MOCK_ENVIRONMENT, "run-1", Wishes())


def test_a_wrong_policy_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path, money=removed(MONEY, ("caps",)))
    with pytest.raises(ProjectError, match="caps"):
        connect_mock(project, MOCK_ENVIRONMENT, "run-1", Wishes())


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:x", "nonsense"])
@pytest.mark.parametrize("name", ["BILLING_CANARY_MOCK_BACKEND_URL", "BILLING_CANARY_MOCK_PROVIDER_URL"])
def test_an_address_that_is_none_is_a_project_error(tmp_path: Path, name: str, url: str) -> None:
    with pytest.raises(ProjectError, match="base_url"):
        connect(tmp_path, environ={**MOCK_ENVIRONMENT, name: url})


def test_the_run_s_own_servers_are_allowed_and_no_others(tmp_path: Path) -> None:
    with (
        FakeServer(lambda _: answer_json({})) as backend,
        FakeServer(lambda _: answer_json({"object": "balance", "livemode": False})) as provider,
        FakeServer(lambda _: answer_json({})) as other,
    ):
        environ = MOCK_ENVIRONMENT | {
            "BILLING_CANARY_MOCK_BACKEND_URL": backend.url,
            "BILLING_CANARY_MOCK_PROVIDER_URL": provider.url,
        }
        target = connect(tmp_path, environ=environ)
        assert target.backend.health().status == 200
        assert target.provider is not None
        target.provider.prove_sandbox()
        with pytest.raises(RefusedError, match="not in"):
            target.session.get(other.url, timeout=2)
        target.close()
        assert [len(server.calls) for server in (backend, provider, other)] == [1, 1, 0]


def test_wishes_lower_caps_and_name_the_build(tmp_path: Path) -> None:
    lower, higher = Money(minor=5, currency="RUB"), Money(minor=10**6, currency="JPY")
    target = connect(tmp_path, Wishes(caps=(lower, higher), expect_build="build-9"))
    assert target.guard.policy.per_run == {"RUB": lower, "JPY": Money(minor=1000, currency="JPY")}
    assert target.settings.expected_build == "build-9"
    assert connect(tmp_path).settings.expected_build == "build-7"


def test_the_shipped_project_connects_with_all_its_parts(tmp_path: Path) -> None:
    target = connect(tmp_path)
    assert target.provider is not None
    assert target.webhooks is not None
    assert target.run_id == "run-1"
    assert {"127.0.0.1:8001", "127.0.0.1:8002"} <= target.guard.policy.hosts


def test_a_target_without_provider_or_secret_lacks_those_parts(tmp_path: Path) -> None:
    targets = removed(removed(TARGETS, ("mock", "provider")), ("mock", "webhook_secret"))
    target = connect_mock(make_project(tmp_path, targets=targets), MOCK_ENVIRONMENT, "run-1", Wishes())
    assert target.provider is None
    assert target.webhooks is None


def test_the_target_s_clock_is_asked_once_and_followed(tmp_path: Path) -> None:
    clock = HandClock(start=1000.0)
    ahead = 5000.0

    with FakeServer(lambda _: answer_json({"now": clock.now() + ahead})) as backend:
        environ = MOCK_ENVIRONMENT | {"BILLING_CANARY_MOCK_BACKEND_URL": backend.url}
        target = connect_mock(make_project(tmp_path), environ, "run-1", Wishes(), clock)
        assert target.now() == 6000.0
        clock.pass_time(10)
        assert target.now() == 6010.0
        assert len(backend.calls) == 1
        ahead = 9000.0
        target.advance_clock(4000)
        assert backend.calls[1].json == {"advance_s": 4000}
        assert target.now() == 10_010.0
        assert len(backend.calls) == 2
        target.close()


def test_without_a_clock_of_its_own_the_machine_s_time_counts(tmp_path: Path) -> None:
    targets = removed(TARGETS, ("backends", "reference", "operations", "read_clock"))
    clock = HandClock(start=1000.0)
    target = connect_mock(make_project(tmp_path, targets=targets), MOCK_ENVIRONMENT, "r", Wishes(), clock)
    clock.pass_time(5)
    assert target.now() == 1005.0


def money_allowing(*hosts: str) -> dict[str, object]:
    return replaced(MONEY, ("hosts", "allow"), list(hosts))


LISTED = money_allowing("127.0.0.1:8001", "api.stripe.com")


def test_staging_connects_to_what_the_policy_allows_and_allows_nothing_of_its_own(tmp_path: Path) -> None:
    project = make_project(tmp_path, money=LISTED)
    target = connect_staging(project, STAGING_ENVIRONMENT, "run-1", NO_WISHES)
    assert (target.settings.name, target.run_id) == ("staging", "run-1")
    assert target.guard.policy.hosts == {"127.0.0.1:8001", "api.stripe.com"}
    target.close()


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        (["api.stripe.com"], ["127.0.0.1:8001"]),
        (["127.0.0.1:8001"], ["api.stripe.com"]),
        ([], ["127.0.0.1:8001", "api.stripe.com"]),
        (["127.0.0.1:8002", "api.stripe.com.evil.test"], ["127.0.0.1:8001", "api.stripe.com"]),
    ],
)
def test_a_host_that_is_not_listed_is_refused_with_the_line_to_write(
    tmp_path: Path, allowed: list[str], missing: list[str]
) -> None:
    prepared = prepare_staging(
        make_project(tmp_path, money=money_allowing(*allowed)), STAGING_ENVIRONMENT, NO_WISHES
    )
    with pytest.raises(RefusedError) as caught:
        prepared.connect("run-1")
    assert (caught.value.rule, caught.value.ends_run) == ("hosts", True)
    assert f"gates/money.toml: [hosts] allow does not name {', '.join(missing)}" in str(caught.value)
    line = str(caught.value).rpartition("write ")[2]
    assert set(tomllib.loads(line)["allow"]) == {*allowed, *missing}
    checks = {check.id: check.status for check in prepared.guard.safety_checks()}
    assert checks["hosts"] is Status.REFUSED


def test_a_connectivity_url_is_an_address_like_any_other(tmp_path: Path) -> None:
    targets = replaced(TARGETS, ("staging", "connectivity"), ["https://status.test/x"])
    with pytest.raises(RefusedError, match=r"does not name status\.test;"):
        connect_staging(
            make_project(tmp_path, targets=targets, money=LISTED), STAGING_ENVIRONMENT, "r", NO_WISHES
        )


@pytest.mark.parametrize("variable", sorted(STAGING_ENVIRONMENT))
def test_a_live_key_in_any_used_variable_is_refused_by_its_name(tmp_path: Path, variable: str) -> None:
    value = "https://h.test/sk_live_abcd1234" if variable.endswith("_URL") else "sk_test_x,rk_live_abcd1234"
    prepared = prepare_staging(
        make_project(tmp_path, money=LISTED), STAGING_ENVIRONMENT | {variable: value}, NO_WISHES
    )
    with pytest.raises(RefusedError) as caught:
        prepared.connect("run-1")
    assert (caught.value.rule, caught.value.reason) == ("keys", f"{variable} holds a live key")
    (keys,) = (check for check in prepared.guard.safety_checks() if check.id == "keys")
    assert keys.status is Status.REFUSED
    assert "abcd1234" not in keys.detail


def test_all_live_keys_are_named_at_once(tmp_path: Path) -> None:
    names = ("BILLING_CANARY_STAGING_ADMIN_KEY", "BILLING_CANARY_STAGING_WEBHOOK_SECRET")
    environ = STAGING_ENVIRONMENT | dict.fromkeys(names, "sk_live_abcd1234")
    with pytest.raises(RefusedError) as caught:
        connect_staging(make_project(tmp_path, money=LISTED), environ, "run-1", NO_WISHES)
    assert all(name in caught.value.reason for name in names)


def test_the_bundled_project_has_no_staging(tmp_path: Path) -> None:
    project = Project(make_project(tmp_path).root, "bundled", bundled=True)
    with pytest.raises(ProjectError, match="bundled default project runs in mock mode only"):
        connect_staging(project, STAGING_ENVIRONMENT, "run-1", NO_WISHES)


def test_problems_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    project = make_project(
        tmp_path, targets=replaced(TARGETS, ("staging", "unit_price"), 0), money=removed(MONEY, ("caps",))
    )
    with pytest.raises(ProjectError) as caught:
        connect_staging(project, {}, "run-1", NO_WISHES)
    told = {problem.key for problem in caught.value.problems}
    assert {"staging.unit_price", "staging.base_url", "staging.provider.api_key", "caps"} <= told
