"""Targets for tests: loaded from real files, pointed at servers that the test started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fakes.credit_shop import PARTNER, TARGET
from tests.fakes.policies import WRITES
from tests.fakes.project_folder import make_project

from billing_canary.clock import Clock, SystemClock
from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.money import Money
from billing_canary.target.load import load_target
from billing_canary.target.settings import TargetSettings
from billing_canary.target.target import Target

CAPS = {"USD": Money(minor=2000, currency="USD")}


def shop_settings(root: Path, url: str, text: str = TARGET) -> TargetSettings:
    """The credit shop's target at `url`, as its file describes it."""
    environ = {"SHOP_URL": url, "SHOP_PARTNER": PARTNER}
    return load_target(make_project(root, targets=text), "shop", environ)


def shop_target(
    root: Path, url: str, *, text: str = TARGET, clock: Clock | None = None, patience: float | None = None
) -> Target:
    """The credit shop, ready to be asked; `patience` is the probe's limit in seconds. Close it."""
    settings = shop_settings(root, url, text)
    if patience is not None:
        settings = replace(settings, patience=replace(settings.patience, probe=patience))
    host = url.removeprefix("http://").partition("/")[0]
    policy = MoneyPolicy(per_run=CAPS, per_call=CAPS, hosts=frozenset({host}), provider_writes=WRITES)
    return Target(settings, Guard(policy, backend_url=url), "run-1", clock or SystemClock())
