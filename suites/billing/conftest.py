"""The target of the suites: `--billing-target mock` (default) or `staging`.

BILLING_SUITE_FAULT=F01 switches faults on in the mock (several with commas between), to see a suite turn
red: `billing-canary mock --list-faults` lists them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from billing_world import Billing, MockDeliveries

from billing_canary.project import find_project
from billing_canary.reference.service import Settings, start
from billing_canary.target.connect import Wishes, connect_mock, connect_staging
from billing_canary.target.mock import mock_keys
from billing_canary.target.target import Target

_BUILD = "suite-build"
_PROJECT = find_project(Path(__file__).parents[2], Path.cwd())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--billing-target",
        choices=("mock", "staging"),
        default="mock",
        help="the billing system to ask: the built-in one, or the staging target of probes/targets.toml",
    )


@pytest.fixture(scope="session")
def staging(request: pytest.FixtureRequest) -> Iterator[Target | None]:
    """The staging target; one guard and one set of caps for the whole session."""
    if request.config.getoption("--billing-target") != "staging":
        yield None
        return
    target = connect_staging(_PROJECT, os.environ, _run_id(), Wishes())
    if target.provider is not None:
        target.provider.prove_sandbox()
    yield target
    target.close()


@pytest.fixture
def billing(request: pytest.FixtureRequest, staging: Target | None) -> Iterator[Billing]:
    """The billing system under test; the mock is started anew for each test."""
    schedule = request.node.get_closest_marker("schedule")
    mock_only = request.node.get_closest_marker("mock_only")
    with ExitStack() as cleanup:
        if staging is None:
            world = _start_mock(schedule.args[0] if schedule else "prompt", cleanup)
        elif mock_only is not None:
            pytest.skip(f"only on the mock: {mock_only.args[0]}")
        elif schedule is not None:
            pytest.skip(f"only the mock's provider can deliver by the schedule {schedule.args[0]!r}")
        else:
            world = Billing(staging)
        _require_operations(request, world)
        yield world
        if staging is not None:
            world.close_all()


def _start_mock(schedule: str, cleanup: ExitStack) -> Billing:
    faults = tuple(filter(None, os.environ.get("BILLING_SUITE_FAULT", "").split(",")))
    keys = mock_keys()
    settings = Settings(
        build_id=_BUILD,
        faults=faults,
        schedule=schedule,
        provider_key=keys["provider_key"],
        webhook_secret=keys["webhook_secret"],
        admin_key=keys["admin_key"],
    )
    running = start(settings)
    cleanup.callback(running.stop)
    environment = {
        "BILLING_CANARY_MOCK_BACKEND_URL": running.backend_url,
        "BILLING_CANARY_MOCK_PROVIDER_URL": running.provider_url,
        "BILLING_CANARY_MOCK_PROVIDER_KEY": keys["provider_key"],
        "BILLING_CANARY_MOCK_WEBHOOK_SECRET": keys["webhook_secret"],
        "BILLING_CANARY_MOCK_ADMIN_KEY": keys["admin_key"],
        "BILLING_CANARY_MOCK_BUILD_ID": _BUILD,
    }
    target = connect_mock(_PROJECT, environment, _run_id(), Wishes())
    cleanup.callback(target.close)
    return Billing(target, MockDeliveries(running.provider_url, keys["provider_key"], schedule))


def _require_operations(request: pytest.FixtureRequest, world: Billing) -> None:
    needed = [name for marker in request.node.iter_markers("needs") for name in marker.args]
    missing = sorted(name for name in needed if not world.can(name))
    if missing:
        pytest.skip(f"the target maps no {', '.join(missing)}")


def _run_id() -> str:
    return f"suite-{secrets.token_hex(6)}"
