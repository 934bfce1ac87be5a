"""Project files that hide an amount, hold a secret or open too much: nothing is started (exit code 2)."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path as Folder
from typing import Any, NoReturn

import pytest
from tests.battery.arena import PROJECT_FILE, Attempt, World
from tests.battery.attempts_keys import LIVE
from tests.fakes.project_folder import MOCK_ENVIRONMENT, MONEY, TARGETS, make_project
from tests.fakes.toml_text import Path, replaced

from billing_canary.errors import ProjectError
from billing_canary.guard.policy import load_money_policy
from billing_canary.target.load import load_target

_OPERATIONS: Path = ("backends", "reference", "operations")
CREATE: Path = (*_OPERATIONS, "create_top_up")
RAW: Path = (*_OPERATIONS, "create_raw_top_up")
CHARGE: Path = (*_OPERATIONS, "charge_saved_card")
ACCOUNT = "/accounts/{account}/topups"
_BASIC = b64encode(f"{LIVE}:".encode()).decode()

# Where the targets file is changed, to what, and the key that the complaint must name.
TARGET_FILES: dict[str, tuple[Path, Any, str]] = {
    "prefix": ((*CREATE, "json"), {"amount": "1{amount.minor}"}, "body"),
    "suffix": ((*CREATE, "json"), {"amount": "{amount.minor}00"}, "body"),
    "decimal-prefix": ((*CREATE, "json"), {"price": "9{amount.decimal}"}, "body"),
    "credits-suffix": ((*CREATE, "json"), {"credits": "{amount.credits}0"}, "body"),
    "in-a-sentence": ((*CREATE, "json"), {"note": "take {amount.decimal} {currency}"}, "body"),
    "in-a-list": ((*CREATE, "json"), {"items": [{"amount": "0{amount.minor}"}]}, "body"),
    "beside-a-good-one": ((*CREATE, "json"), {"amount": "{amount.minor}", "x": "{amount.minor}0"}, "body"),
    "in-a-key": ((*CREATE, "json"), {"amount-{amount.minor}": 1}, "body"),
    "in-the-path": ((*CREATE, "path"), ACCOUNT + "/{amount.minor}", "path"),
    "in-the-query": ((*CREATE, "path"), ACCOUNT + "?amount={amount.minor}", "path"),
    "in-a-header": ((*CREATE, "headers"), {"X-Amount": "{amount.minor}"}, "headers"),
    "no-amount": ((*CREATE, "json"), {"amount": 29, "currency": "{currency}"}, "body"),
    "currency-alone": ((*CREATE, "json"), {"currency": "{currency}"}, "body"),
    "nothing": ((*CREATE, "json"), {}, "body"),
    "charge-prefix": ((*CHARGE, "json"), {"amount": "1{amount.minor}"}, "body"),
    "charge-no-amount": ((*CHARGE, "json"), {"confirm": True}, "body"),
    "raw-prefix": ((*RAW, "json"), {"amount": "1{raw_amount}"}, "body"),
    "raw-suffix": ((*RAW, "json"), {"amount": "{raw_amount}00"}, "body"),
    "raw-in-the-path": ((*RAW, "path"), ACCOUNT + "/{raw_amount}", "path"),
    "raw-missing": ((*RAW, "json"), {"amount": 9999}, "body"),
    "two-bodies": ((*CREATE, "form"), {"amount": "{amount.minor}"}, "form"),
    "host-in-the-path": ((*CREATE, "path"), "http://evil.test/topups", "path"),
    "amount-where-none-is-known": ((*_OPERATIONS, "consume", "json"), {"pay": "{amount.minor}"}, "json"),
    "amount-float": (("mock", "amounts"), {"RUB": 0.29}, "amounts"),
    "amount-text": (("mock", "amounts"), {"RUB": "29"}, "amounts"),
    "amount-negative": (("mock", "amounts"), {"RUB": -29}, "amounts"),
    "currency-unknown": (("mock", "currency"), "XYZ", "currency"),
    "url-with-user": (("mock", "base_url"), "https://user@example.com", "base_url"),
    "url-with-query": (("mock", "base_url"), "https://example.com/?x=", "base_url"),
    "key-as-provider-key": (("mock", "provider", "api_key"), LIVE, "provider.api_key"),
    "test-key-in-the-file": (("mock", "provider", "api_key"), "sk_test_abc", "provider.api_key"),
    "webhook-secret": (("mock", "webhook_secret"), "whsec_abc", "webhook_secret"),
    "admin-key": (("mock", "secrets", "admin_key"), "plain", "secrets.admin_key"),
    "key-in-the-url": (("mock", "base_url"), f"https://example.com/{LIVE}", "base_url"),
    "key-in-a-header": ((*CREATE, "headers"), {"Authorization": f"Bearer {LIVE}"}, "Authorization"),
    "basic-key-in-a-header": ((*CREATE, "headers"), {"Authorization": f"Basic {_BASIC}"}, "Authorization"),
    "quoted-key-in-a-path": ((*CREATE, "path"), "/x?key=sk%5Flive%5Fabc", "path"),
    "capital-key-in-a-body": ((*CREATE, "json"), {"key": LIVE.upper()}, "key"),
    "key-in-a-list": ((*CREATE, "json"), {"keys": ["a", LIVE]}, "keys"),
    "key-as-test-card": (("mock", "test_cards"), {"accepted": LIVE}, "accepted"),
    "key-in-connectivity": (("mock", "connectivity"), [f"https://example.com/{LIVE}"], "connectivity"),
    "key-in-another-target": (("staging", "currency"), LIVE, "currency"),
}
MONEY_FILES: dict[str, tuple[Path, Any, str]] = {
    "cap-number": (("caps", "per_run", "RUB"), 10, "RUB"),
    "cap-exponent": (("caps", "per_run", "RUB"), "1e3", "RUB"),
    "cap-negative": (("caps", "per_call", "RUB"), "-1.00", "RUB"),
    "cap-comma": (("caps", "per_run", "RUB"), "10,00", "RUB"),
    "cap-infinite": (("caps", "per_run", "RUB"), "inf", "RUB"),
    "cap-empty": (("caps", "per_run", "RUB"), "", "RUB"),
    "cap-other-digits": (("caps", "per_run", "RUB"), "١٠", "RUB"),  # noqa: RUF001 - the look-alike is the attempt
    "cap-half-a-yen": (("caps", "per_run", "JPY"), "10.5", "JPY"),
    "cap-unknown-currency": (("caps", "per_run", "XYZ"), "10.00", "XYZ"),
    "cap-twice": (("caps", "per_run", "rub"), "99.00", "rub"),
    "unknown-cap": (("caps", "per_month"), {"RUB": "1"}, "per_month"),
    "host-with-scheme": (("hosts", "allow"), ["https://example.com"], "allow"),
    "host-any": (("hosts", "allow"), ["*"], "allow"),
    "host-wildcard": (("hosts", "allow"), ["*.example.com"], "allow"),
    "host-user": (("hosts", "allow"), ["user@example.com"], "allow"),
    "host-path": (("hosts", "allow"), ["example.com/path"], "allow"),
    "write-unknown-kind": (("provider", "writes", 0, "moves"), "nothing", "moves"),
    "write-without-amount": (("provider", "writes", 0), {"path": "/v1/payouts", "moves": "amount"}, "amount"),
    "write-other-method": (("provider", "writes", 0, "method"), "PUT", "method"),
}


def _targets(change: tuple[Path, Any, str]) -> Callable[[World], object]:
    def act(world: World) -> object:
        del world
        place, value, _ = change
        with tempfile.TemporaryDirectory() as folder:
            project = make_project(Folder(folder), targets=replaced(TARGETS, place, value))
            return _named(change, lambda: load_target(project, "mock", MOCK_ENVIRONMENT))

    return act


def _money(change: tuple[Path, Any, str]) -> Callable[[World], object]:
    def act(world: World) -> object:
        del world
        place, value, _ = change
        with tempfile.TemporaryDirectory() as folder:
            project = make_project(Folder(folder), money=replaced(MONEY, place, value))
            return _named(change, lambda: load_money_policy(project))

    return act


def _named(change: tuple[Path, Any, str], load: Callable[[], object]) -> NoReturn:
    """Load, and make sure that the complaint is about what was changed and shows no secret."""
    with pytest.raises(ProjectError) as caught:
        load()
    assert any(change[2] in problem.key for problem in caught.value.problems)
    assert LIVE.lower() not in str(caught.value).lower()
    raise caught.value


def _attempts() -> Iterator[Attempt]:
    for name, change in TARGET_FILES.items():
        yield Attempt(id=f"file-targets-{name}", rule=PROJECT_FILE, act=_targets(change))
    for name, change in MONEY_FILES.items():
        yield Attempt(id=f"file-money-{name}", rule=PROJECT_FILE, act=_money(change))


ATTEMPTS = tuple(_attempts())
