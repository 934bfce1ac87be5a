"""A staging system for the command line: a reference service of its own, and a project that knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

URL = "BILLING_CANARY_STAGING_URL"
ADMIN_KEY = "BILLING_CANARY_STAGING_ADMIN_KEY"
WEBHOOK_SECRET = "BILLING_CANARY_STAGING_WEBHOOK_SECRET"
PROVIDER_KEY = "BILLING_CANARY_STAGING_PROVIDER_KEY"
BUILD_ID = "BILLING_CANARY_STAGING_BUILD_ID"
REQUIRED = (URL, ADMIN_KEY, WEBHOOK_SECRET, PROVIDER_KEY)

_PATIENCE = (
    "patience = { eventually_ms = 2000, holds_ms = 160, poll_ms = 80, probe_ms = 20000, answer_ms = 5000 }"
)

OPENS = """
from billing_canary import Operation, ProbeContext, Severity, billing_probe

@billing_probe(
    title="A new wallet is empty", severity=Severity.CRITICAL, owner="tests",
    needs=(Operation.OPEN_ACCOUNT, Operation.READ_WALLET),
)
def new_wallet_is_empty(run: ProbeContext) -> None:
    run.expect("A new wallet is empty", run.balance(run.open_account()).minor, equals=0)
"""
_QUOTA = """
from billing_canary import Operation, ProbeContext, Severity, billing_probe

@billing_probe(
    title="An empty wallet is blocked", severity=Severity.CRITICAL, owner="tests",
    needs=(Operation.OPEN_ACCOUNT, Operation.CONSUME),
)
def empty_wallet_is_blocked(run: ProbeContext) -> None:
    answer = run.consume(run.open_account(), 1)
    run.expect("An empty wallet is blocked", answer.outcome.value, equals="BLOCKED_WORD")
"""
BLOCKED = _QUOTA.replace("BLOCKED_WORD", "blocked")
WRONG = _QUOTA.replace("BLOCKED_WORD", "never this")


def host(url: str) -> str:
    """Host and port of a URL, as a policy names them."""
    return url.removeprefix("http://").partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Staging:
    """What `billing-canary mock --json` told about the system, and the project in `home` that knows it."""

    told: Mapping[str, Any]
    home: Path

    @property
    def env(self) -> dict[str, str]:
        """The variables that the project's `[staging]` table needs."""
        return {
            URL: self.told["backend_url"],
            ADMIN_KEY: self.told["admin_key"],
            WEBHOOK_SECRET: self.told["webhook_secret"],
            PROVIDER_KEY: self.told["provider_key"],
        }

    @property
    def secrets(self) -> list[str]:
        """The values that nobody may see."""
        return [self.told[name] for name in ("admin_key", "webhook_secret", "provider_key")]

    def know(self, *, provider_url: str | None = None, backend_url: str | None = None) -> None:
        """Make the project impatient, and let it connect to this system or to what stands in its place."""
        provider = provider_url or self.told["provider_url"]
        targets = self.home / "probes/targets.toml"
        text = targets.read_text(encoding="utf-8")
        table = text.index("[staging]")
        after = re.sub(r'base_url = "[^"]+"', f'base_url = "{provider}"', text[table:], count=1)
        if _PATIENCE not in after:
            after = after.replace("[staging]\n", f"[staging]\n{_PATIENCE}\n", 1)
        targets.write_text(text[:table] + after, encoding="utf-8")
        self.allow(host(backend_url or self.told["backend_url"]), host(provider))

    def allow(self, *hosts: str) -> None:
        """Let the project connect to `hosts` and nowhere else."""
        policy = self.home / "gates/money.toml"
        line = f"allow = {json.dumps(hosts)}"
        policy.write_text(re.sub(r"(?m)^allow = .*$", line, policy.read_text(encoding="utf-8")))

    def add(self, lines: str) -> None:
        """Add keys to the `[staging]` table."""
        targets = self.home / "probes/targets.toml"
        text = targets.read_text(encoding="utf-8")
        targets.write_text(text.replace("[staging]\n", f"[staging]\n{lines}\n", 1), encoding="utf-8")

    def probes(self, **files: str) -> None:
        """Replace the project's probes."""
        for file in (self.home / "probes").glob("*.py"):
            file.unlink()
        for name, text in files.items():
            (self.home / "probes" / f"{name}.py").write_text(text, encoding="utf-8")


def probe(canary: Canary, staging: Staging, *words: str, **env: str) -> Outcome:
    """Run the canary against the system; `env` overrides what the project's table needs."""
    return canary("probe", "--mode", "staging", *words, env=staging.env | env)
