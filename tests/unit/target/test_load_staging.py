"""What the staging table of a target file says: variables, connectivity, excuses, live keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.project_folder import STAGING_ENVIRONMENT, TARGETS, keys, load, make_project
from tests.fakes.toml_text import Path as Place
from tests.fakes.toml_text import dotted, removed, replaced

from billing_canary.errors import ProjectError, RefusedError
from billing_canary.model import NotApplicable
from billing_canary.target.load import load_target
from billing_canary.target.operations import Operation
from billing_canary.target.settings import TargetSettings


def staging(root: Path, targets: Any = TARGETS, **changes: str) -> TargetSettings:
    return load_target(make_project(root, targets=targets), "staging", STAGING_ENVIRONMENT | changes)


def staging_with(root: Path, key: str, value: Any) -> TargetSettings:
    return staging(root, replaced(TARGETS, ("staging", key), value))


def test_the_shipped_staging_target_needs_its_variables_and_no_others(tmp_path: Path) -> None:
    settings = staging(tmp_path)
    assert settings.variables == STAGING_ENVIRONMENT
    assert settings.provider is not None
    assert settings.provider.base_url == "https://api.stripe.com"
    assert settings.expected_build == "build-7"
    assert settings.addresses == (
        "http://127.0.0.1:8001",
        "https://api.stripe.com",
        "https://api.stripe.com/",
    )
    assert settings.operations == load(tmp_path).operations, "the same probes run in both"
    with pytest.raises(ProjectError) as caught:
        staging(tmp_path, **dict.fromkeys(STAGING_ENVIRONMENT, ""))
    named = {problem.fix.removeprefix("set ") for problem in caught.value.problems}
    assert named == STAGING_ENVIRONMENT.keys() - {"BILLING_CANARY_STAGING_BUILD_ID"}


@pytest.mark.parametrize("value", ["", "   "])
def test_an_optional_variable_that_is_not_set_is_as_if_the_key_were_absent(
    tmp_path: Path, value: str
) -> None:
    settings = staging(tmp_path, BILLING_CANARY_STAGING_BUILD_ID=value)
    assert settings.expected_build is None
    assert "BILLING_CANARY_STAGING_BUILD_ID" not in settings.variables


def test_an_optional_webhook_secret_that_is_not_set_takes_its_probes_away(tmp_path: Path) -> None:
    secret = {"env": "NOBODY_SETS_THIS", "optional": True}
    settings = staging_with(tmp_path, "webhook_secret", secret)
    assert settings.webhook_secret is None
    assert Operation.PAID_EVENT not in settings.operations


@pytest.mark.parametrize(
    "place",
    [("staging", "base_url"), ("staging", "secrets", "admin_key"), ("staging", "provider", "api_key")],
)
def test_what_no_run_can_do_without_is_never_optional(tmp_path: Path, place: Place) -> None:
    targets = replaced(TARGETS, place, {"env": "NOBODY_SETS_THIS", "optional": True})
    with pytest.raises(ProjectError) as caught:
        staging(tmp_path, targets)
    assert {f"{dotted(place)}.optional", dotted(place)} <= keys(caught.value)


def test_without_a_list_the_provider_shows_whether_there_is_network(tmp_path: Path) -> None:
    assert staging(tmp_path).connectivity == ("https://api.stripe.com/",)
    alone = removed(TARGETS, ("staging", "provider"))
    assert staging(tmp_path, alone).connectivity == ()


@pytest.mark.parametrize("urls", [[], ["https://status.test"], ["https://a.test/x", "http://127.0.0.1:8"]])
def test_a_written_list_is_taken_instead(tmp_path: Path, urls: list[str]) -> None:
    assert staging_with(tmp_path, "connectivity", urls).connectivity == tuple(urls)


@pytest.mark.parametrize(
    "urls", [["status.test"], ["https://user@a.test"], ["https://a.test?x=1"], [""], [7], "https://a.test"]
)
def test_what_is_no_list_of_urls_is_told(tmp_path: Path, urls: Any) -> None:
    with pytest.raises(ProjectError) as caught:
        staging_with(tmp_path, "connectivity", urls)
    assert keys(caught.value) == {"staging.connectivity"}


WHY = {"reason": "this product sells no quota", "owner": "billing-backend"}


def test_excuses_are_read_by_probe_or_glob(tmp_path: Path) -> None:
    found = staging_with(tmp_path, "not_applicable", {"quota.*": WHY, "wallet.x": WHY}).not_applicable
    assert found == dict.fromkeys(("quota.*", "wallet.x"), NotApplicable(**WHY))


@pytest.mark.parametrize("key", ["reason", "owner"])
@pytest.mark.parametrize("text", ["", " \n", 7, None])
def test_an_excuse_names_a_reason_and_an_owner(tmp_path: Path, key: str, text: object) -> None:
    entry = {name: value for name, value in (WHY | {key: text}).items() if value is not None}
    with pytest.raises(ProjectError) as caught:
        staging_with(tmp_path, "not_applicable", {"quota.*": entry})
    assert keys(caught.value) == {f"staging.not_applicable.quota.*.{key}"}


@pytest.mark.parametrize("entry", ["no quota", ["no quota"], {**WHY, "until": "2027"}])
def test_an_excuse_of_another_shape_is_told(tmp_path: Path, entry: Any) -> None:
    with pytest.raises(ProjectError, match="not_applicable"):
        staging_with(tmp_path, "not_applicable", {"quota.*": entry})


@pytest.mark.parametrize("variable", sorted(STAGING_ENVIRONMENT))
def test_a_live_key_is_worse_than_a_problem_and_may_be_its_cause(tmp_path: Path, variable: str) -> None:
    broken = replaced(TARGETS, ("staging", "unit_price"), 0)
    with pytest.raises(RefusedError) as caught:
        staging(tmp_path, broken, **{variable: "sk_live_abcd1234"})
    assert (caught.value.rule, caught.value.ends_run) == ("keys", True)
    assert variable in str(caught.value)
    assert "abcd1234" not in str(caught.value)
