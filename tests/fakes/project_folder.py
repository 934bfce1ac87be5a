"""Small projects on disk."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fakes.toml_text import dump

from billing_canary.errors import ProjectError
from billing_canary.project import Project
from billing_canary.target.load import load_target
from billing_canary.target.settings import TargetSettings

ROOT = Path(__file__).parents[2]
TARGETS: dict[str, Any] = tomllib.loads((ROOT / "probes/targets.toml").read_text(encoding="utf-8"))
"""The shipped target file, parsed."""
MONEY: dict[str, Any] = tomllib.loads((ROOT / "gates/money.toml").read_text(encoding="utf-8"))
"""The shipped money policy, parsed."""

MOCK_ENVIRONMENT = {
    "BILLING_CANARY_MOCK_BACKEND_URL": "http://127.0.0.1:8001",
    "BILLING_CANARY_MOCK_PROVIDER_URL": "http://127.0.0.1:8002",
    "BILLING_CANARY_MOCK_PROVIDER_KEY": "sk_test_environment",
    "BILLING_CANARY_MOCK_WEBHOOK_SECRET": "whsec_environment",
    "BILLING_CANARY_MOCK_ADMIN_KEY": "admin_environment",
    "BILLING_CANARY_MOCK_BUILD_ID": "build-7",
}

STAGING_ENVIRONMENT = {
    "BILLING_CANARY_STAGING_URL": "http://127.0.0.1:8001",
    "BILLING_CANARY_STAGING_PROVIDER_KEY": "sk_test_environment",
    "BILLING_CANARY_STAGING_WEBHOOK_SECRET": "whsec_environment",
    "BILLING_CANARY_STAGING_ADMIN_KEY": "admin_environment",
    "BILLING_CANARY_STAGING_BUILD_ID": "build-7",
}


def text_of(data: str | Mapping[str, Any]) -> str:
    return data if isinstance(data, str) else dump(data)


def make_project(
    root: Path,
    *,
    targets: str | Mapping[str, Any] = TARGETS,
    money: str | Mapping[str, Any] = MONEY,
    probes: Mapping[str, str] | None = None,
) -> Project:
    """A project under `root` with these files; the shipped target file and policy by default."""
    (root / "probes").mkdir(parents=True, exist_ok=True)
    (root / "gates").mkdir(exist_ok=True)
    (root / "probes/targets.toml").write_text(text_of(targets), encoding="utf-8")
    (root / "gates/money.toml").write_text(text_of(money), encoding="utf-8")
    for name, source in (probes or {}).items():
        (root / "probes" / f"{name}.py").write_text(source, encoding="utf-8")
    return Project(root, "test")


def load(root: Path, targets: Any = TARGETS, name: str = "mock", **changes: str) -> TargetSettings:
    """A target as a project under `root` names it, with the mock target's variables set."""
    return load_target(make_project(root, targets=targets), name, MOCK_ENVIRONMENT | changes)


def keys(error: ProjectError) -> set[str]:
    """The keys that an error complains about."""
    return {problem.key for problem in error.problems}
