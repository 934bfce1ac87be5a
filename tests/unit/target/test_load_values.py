"""What a target file says, value by value: secrets, addresses, amounts, patience."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.project_folder import MOCK_ENVIRONMENT, TARGETS, keys, load, make_project
from tests.fakes.toml_text import Path as Place
from tests.fakes.toml_text import dotted, removed, replaced

from billing_canary.errors import ProjectError
from billing_canary.money import Money
from billing_canary.target.load import load_target
from billing_canary.target.operations import CONTRACTS, Operation
from billing_canary.target.settings import Patience

FILE = "probes/targets.toml"
BASE_URL = ("mock", "base_url")


def refused(root: Path, targets: Any = TARGETS, name: str = "mock", **changes: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        load(root, targets, name, **changes)
    assert all(FILE in problem.where and problem.fix for problem in caught.value.problems)
    return caught.value


SECRETS = ("sk_test_abcd1234", "sk_live_abcd1234", "rk_live_abcd1234", "pk_live_abcd", "whsec_abcd1234")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "place",
    [
        ("mock", "base_url"),
        ("mock", "currency"),
        ("mock", "provider"),
        ("mock", "webhook_secret"),
        ("mock", "secrets", "admin_key"),
        ("mock", "patience", "poll_ms"),
        ("mock", "unknown"),
        ("mock", "amounts", "RUB"),
        ("staging",),
        ("backends", "reference", "operations", "open_account", "headers", "X-Admin-Key"),
        ("backends", "reference", "operations", "open_account", "json", "currency"),
        ("backends", "other", "anything"),
    ],
)
def test_a_provider_s_key_anywhere_in_the_file_is_refused_unshown(
    tmp_path: Path, place: Place, secret: str
) -> None:
    targets = replaced(replaced(TARGETS, ("backends", "other"), {}), place, secret)
    error = refused(tmp_path, targets)
    assert "abcd" not in str(error)
    assert "holds a secret (not shown)" in str(error)
    assert 'write { env = "NAME" }' in str(error)


@pytest.mark.parametrize("secret", [["whsec_abcd1234"], [["sk_live_abcd"]], {"x": "sk_live_abcd"}])
def test_a_key_within_a_list_or_table_is_refused_unshown(tmp_path: Path, secret: Any) -> None:
    error = refused(tmp_path, replaced(TARGETS, ("mock", "webhook_secret"), secret))
    assert "abcd" not in str(error)


@pytest.mark.parametrize("value", ["hunter22-of-no-known-shape", 12345678, ["hunter22"], True, ""])
@pytest.mark.parametrize(
    "place", [("mock", "webhook_secret"), ("mock", "provider", "api_key"), ("mock", "secrets", "admin_key")]
)
def test_where_a_secret_belongs_only_a_variable_may_stand(tmp_path: Path, place: Place, value: Any) -> None:
    error = refused(tmp_path, replaced(TARGETS, place, value))
    assert keys(error) == {dotted(place)}
    assert "hunter22" not in str(error)
    assert "12345678" not in str(error)


def test_all_written_secrets_are_told_at_once(tmp_path: Path) -> None:
    targets = replaced(TARGETS, ("mock", "webhook_secret"), "whsec_abcd")
    targets = replaced(targets, ("mock", "provider", "api_key"), "sk_test_abcd")
    assert keys(refused(tmp_path, targets)) == {"mock.webhook_secret", "mock.provider.api_key"}


def test_a_key_nested_beyond_any_limit_of_recursion_is_found(tmp_path: Path) -> None:
    deep = ".".join(["a"] * 3000)
    error = refused(tmp_path, f'{deep} = "sk_live_abcd1234"\n')
    assert "holds a secret" in str(error)


@pytest.mark.parametrize("variable", sorted(MOCK_ENVIRONMENT))
@pytest.mark.parametrize("value", ["", "  \n"])
def test_an_unset_variable_is_told_by_name(tmp_path: Path, variable: str, value: str) -> None:
    error = refused(tmp_path, **{variable: value})
    assert len(error.problems) == 1
    assert f"needs the environment variable {variable}, which is not set" in str(error)
    assert error.problems[0].fix == f"set {variable}"


def test_every_unset_variable_is_told_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, **dict.fromkeys(MOCK_ENVIRONMENT, ""))
    assert len(error.problems) == len(MOCK_ENVIRONMENT)


def test_a_typo_beside_env_is_told(tmp_path: Path) -> None:
    written = {"env": "BILLING_CANARY_MOCK_BUILD_ID", "defualt": "x"}
    assert keys(refused(tmp_path, replaced(TARGETS, ("mock", "expected_build"), written))) == {
        "mock.expected_build.defualt"
    }


BAD_URLS = [
    *("127.0.0.1:8001", "ftp://127.0.0.1/", "http://", "http:///x", "//127.0.0.1", "http://user@127.0.0.1/"),
    *(
        "http://user:hunter22@127.0.0.1/",
        "http://127.0.0.1/?x=1",
        "http://127.0.0.1?x",
        "http://127.0.0.1/#x",
    ),
    *("http://127.0.0.1#", "http://127.0.0.1:port/", "http://127.0.0.1:99999/", "http://127.0.0.1:0/"),
    *("http://[::1", "http://[nonsense]/", "http://a b/", "HTTP//x", "javascript:alert(1)", "http://:80/"),
]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize("variable", ["BILLING_CANARY_MOCK_BACKEND_URL", "BILLING_CANARY_MOCK_PROVIDER_URL"])
def test_what_is_no_address_is_told_unshown(tmp_path: Path, variable: str, url: str) -> None:
    error = refused(tmp_path, **{variable: url})
    assert "base_url" in error.problems[0].key
    assert "hunter22" not in str(error)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("https://x.test/", "https://x.test"),
        ("https://x.test/api/v2///", "https://x.test/api/v2"),
        ("  https://x.test\n", "https://x.test"),
        ("https://x.test/@me", "https://x.test/@me"),
    ],
)
def test_an_address_loses_its_last_slash(tmp_path: Path, url: str, kept: str) -> None:
    assert load(tmp_path, BILLING_CANARY_MOCK_BACKEND_URL=url).base_url == kept
    assert load(tmp_path, replaced(TARGETS, BASE_URL, url.strip())).base_url == kept


def test_a_target_that_is_not_there_is_told(tmp_path: Path) -> None:
    error = refused(tmp_path, name="nowhere")
    assert "nowhere" in keys(error)


@pytest.mark.parametrize("name", ["backends", "", "mock.provider"])
def test_what_is_no_target_is_told(tmp_path: Path, name: str) -> None:
    refused(tmp_path, name=name)


def test_a_backend_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    error = refused(tmp_path, replaced(TARGETS, ("mock", "backend"), "referense"))
    assert "use one of reference (did you mean 'reference'?)" in str(error)


@pytest.mark.parametrize("currency", ["", "XXX", "RUBLE", "ru"])
def test_an_unknown_currency_is_told(tmp_path: Path, currency: str) -> None:
    assert "mock.currency" in keys(refused(tmp_path, replaced(TARGETS, ("mock", "currency"), currency)))


def test_the_target_s_own_currency_needs_an_amount(tmp_path: Path) -> None:
    error = refused(tmp_path, replaced(TARGETS, ("mock", "currency"), "USD"))
    assert "the target's own currency needs an amount" in str(error)


@pytest.mark.parametrize("amount", [0, -29])
def test_an_amount_is_positive(tmp_path: Path, amount: int) -> None:
    error = refused(tmp_path, replaced(TARGETS, ("mock", "amounts", "JPY"), amount))
    assert keys(error) == {"mock.amounts.JPY"}


def test_currencies_may_be_written_small(tmp_path: Path) -> None:
    targets = replaced(replaced(TARGETS, ("mock", "amounts"), {"usd": 50}), ("mock", "currency"), "usd")
    settings = load(tmp_path, targets)
    assert (settings.currency, settings.amounts) == ("USD", {"USD": Money(minor=50, currency="USD")})


@pytest.mark.parametrize("price", [0, -1])
def test_a_unit_costs_something(tmp_path: Path, price: int) -> None:
    assert keys(refused(tmp_path, replaced(TARGETS, ("mock", "unit_price"), price))) == {"mock.unit_price"}


@pytest.mark.parametrize("name", ["eventually", "holds", "poll", "probe", "answer"])
def test_patience_is_at_least_a_millisecond(tmp_path: Path, name: str) -> None:
    place = ("mock", "patience", f"{name}_ms")
    assert keys(refused(tmp_path, replaced(TARGETS, place, 0))) == {f"mock.patience.{name}_ms"}
    assert getattr(load(tmp_path, replaced(TARGETS, place, 1500)).patience, name) == 1.5


def test_patience_has_defaults_one_by_one(tmp_path: Path) -> None:
    assert load(tmp_path, removed(TARGETS, ("mock", "patience"))).patience == Patience()
    targets = replaced(TARGETS, ("mock", "patience"), {"poll_ms": 7})
    assert load(tmp_path, targets).patience == Patience(poll=0.007)


@pytest.mark.parametrize("worth", [0, -1])
def test_a_credit_is_worth_something(tmp_path: Path, worth: int) -> None:
    error = refused(tmp_path, replaced(TARGETS, ("backends", "reference", "credit_minor"), worth))
    assert "backends.reference.credit_minor" in keys(error)


def test_amounts_are_whole_credits(tmp_path: Path) -> None:
    targets = replaced(TARGETS, ("backends", "reference", "credit_minor"), 10)
    error = refused(tmp_path, targets)
    assert keys(error) == {"mock.amounts.RUB"}
    assert "multiple of 10" in str(error)
    assert load(tmp_path, replaced(targets, ("mock", "amounts", "RUB"), 30)).backend.credit_minor == 10


def test_cards_can_be_others(tmp_path: Path) -> None:
    usual = {"accepted": "pm_card_visa", "declined": "pm_card_chargeDeclined"}
    assert load(tmp_path).test_cards == usual
    changed = load(tmp_path, replaced(TARGETS, ("mock", "test_cards"), {"declined": "pm_x"}))
    assert changed.test_cards == usual | {"declined": "pm_x"}
    assert keys(refused(tmp_path, replaced(TARGETS, ("mock", "test_cards"), {"acepted": "pm_x"}))) == {
        "mock.test_cards.acepted"
    }


def test_problems_of_target_and_backend_are_told_together(tmp_path: Path) -> None:
    targets = replaced(TARGETS, ("mock", "unit_price"), 0)
    targets = replaced(targets, ("mock", "patience", "pol_ms"), 1)
    targets = replaced(targets, ("backends", "reference", "operations", "consume", "method"), "TAKE")
    targets = removed(targets, ("backends", "reference", "operations", "read_build", "extract"))
    assert keys(refused(tmp_path, targets, BILLING_CANARY_MOCK_ADMIN_KEY="")) == {
        "mock.unit_price",
        "mock.patience.pol_ms",
        "mock.secrets.admin_key",
        "backends.reference.operations.consume.method",
        "backends.reference.operations.read_build.extract.build",
    }


def test_other_targets_in_the_file_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, replaced(TARGETS, ("staging",), {"backend": 7})) == load(tmp_path)


def test_the_shipped_mock_target_can_everything(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.operations == set(CONTRACTS) | {Operation.PAY, Operation.PAID_EVENT}
    assert (settings.name, settings.currency, settings.unit_price) == ("mock", "RUB", 1)
    assert settings.amounts == {c: Money(minor=m, currency=c) for c, m in (("RUB", 29), ("JPY", 80))}
    assert settings.expected_build == "build-7"


@pytest.mark.parametrize(
    ("gone", "operation"), [("provider", Operation.PAY), ("webhook_secret", Operation.PAID_EVENT)]
)
def test_without_its_part_an_operation_is_lacking(tmp_path: Path, gone: str, operation: Operation) -> None:
    settings = load(tmp_path, removed(TARGETS, ("mock", gone)))
    assert set(load(tmp_path).operations) - settings.operations == {operation}


def test_secrets_are_known_to_the_redactor_and_shown_nowhere(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert set(settings.all_secrets) == {"sk_test_environment", "whsec_environment", "admin_environment"}
    assert not any(secret in repr(settings) for secret in settings.all_secrets)
    lean = load(tmp_path, removed(removed(TARGETS, ("mock", "provider")), ("mock", "webhook_secret")))
    assert lean.all_secrets == ("admin_environment",)


def test_the_file_is_recorded(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    load_target(project, "mock", MOCK_ENVIRONMENT)
    assert list(project.files.sha256) == [FILE]
