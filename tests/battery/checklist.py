"""The files of a small project with a checklist that has an item of every kind."""

from __future__ import annotations

LATER_FILE = "app/later.txt"
"""What the commits after the last release change."""

_SUITE = """
title = "Quick"
coverage_gate = true

[[suite]]
name = "topup"
title = "Top-ups"
command = ["{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider", "check_billing.py"]
environment = { PYTHONDONTWRITEBYTECODE = "1" }
coverage = true
min_tests = 1
"""

_COVERAGE = """
[[module]]
role = "billing"
path = "app/billing.py"
line = "50"
branch = "50"
"""

_BILLING = """
def charge(amount, wallet):
    if wallet >= amount:
        return wallet - amount
    return wallet
"""

_CHECK = """
from pathlib import Path

from app.billing import charge


def test_charges():
    assert charge(1, 3) == 2
    assert charge(3, 1) == 1
    assert not Path("fails.flag").exists()
"""

_PROBE = """
from pathlib import Path

from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="Two and two are four", severity=Severity.CRITICAL, owner="tests")
def adds_up(run: ProbeContext) -> None:
    run.expect("Two and two are four", 2 + 2 + Path("fails.flag").exists(), equals=4)
"""

RELEASE = """
title = "Small checklist"
environment = "production"
release_owner = "robin"

[people.robin]
names = ["Robin Example"]
emails = ["robin@example.com"]
roles = ["release-owner", "lead"]

[people.taylor]
names = ["Taylor Example"]
emails = ["taylor@example.com"]
roles = ["lead", "qa"]

[people.sam]
names = ["Sam Probe"]
emails = ["sam@example.com"]
roles = ["qa"]

[people.dev]
names = ["Dev Example"]
emails = ["dev@example.com"]
roles = ["lead"]

[people.kim]
names = ["Kim Sample"]
emails = ["kim@example.com"]
roles = ["finance"]

[[item]]
id = "quick"
title = "Tier quick passed"
kind = "tier"
tier = "quick"
max_age_h = 24

[[item]]
id = "probe"
title = "Probes passed"
kind = "probe"
mode = "mock"
max_age_h = 24

[[item]]
id = "critical"
title = "Critical suites"
kind = "suites"
tier = "quick"
suites = ["topup"]
max_age_h = 24

[[item]]
id = "coverage"
title = "Coverage"
kind = "coverage"
tier = "quick"
max_age_h = 24

[[item]]
id = "artifacts"
title = "Complete evidence"
kind = "artifacts"

[[item]]
id = "defects"
title = "No defect"
kind = "defects"
file = "gates/defects.json"

[[item]]
id = "risks"
title = "Known risks"
kind = "risks"

[[item]]
id = "finance"
title = "Finance sign-off"
kind = "sign-off"
roles = ["finance"]

[[item]]
id = "rollback"
title = "Rollback rehearsed"
kind = "rollback-plan"
states = ["verified"]
max_age_days = 90

[[item]]
id = "approvals"
title = "Approved"
kind = "approvals"
roles = ["lead", "qa"]
"""

_DEFECTS = """
{"defects": [{"id": "B-1", "title": "Paid twice", "billing": true, "open": false}]}
"""

FILES = {
    "suites/quick.toml": _SUITE,
    "gates/coverage.toml": _COVERAGE,
    "gates/release.toml": RELEASE,
    "gates/defects.json": _DEFECTS,
    "app/__init__.py": "",
    "app/billing.py": _BILLING,
    "check_billing.py": _CHECK,
    "probes/quick.py": _PROBE,
    LATER_FILE: "",
    ".gitignore": "artifacts/\n__pycache__/\nfails.flag\n",
}
