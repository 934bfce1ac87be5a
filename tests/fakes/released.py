"""A small repository whose HEAD is GO, made by the real commands, and what breaks it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_canary.audit.chain import line_of, next_entry, read_log
from billing_canary.audit.log import EntryKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary as Command

SUITE = """
title = "Quick"

[[suite]]
name = "topup"
title = "Top-ups"
command = ["sh", "check.sh", "{junit}"]
"""
CHECK = """printf '<testsuite><testcase classname="shop" name="pays"/></testsuite>' > "$1"
"""
FAILS = """printf '<testsuite><testcase classname="shop" name="pays"><failure/></testcase></testsuite>' > "$1"
exit 1
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
roles = ["lead"]

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
roles = ["lead"]
"""
LOG = "gates/audit-log.jsonl"
DEFECTS = "gates/defects.json"


def git(home: Path, *words: str) -> str:
    named = ["-c", "user.name=Dev Example", "-c", "user.email=dev@example.com"]
    done = subprocess.run(
        ["git", *named, *words],  # noqa: S607 - found as users find it
        cwd=home,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def commit(home: Path, message: str) -> str:
    git(home, "add", "-A")
    git(home, "commit", "-qm", message)
    return git(home, "rev-parse", "HEAD")


ALL_LOG_ITEMS = {"defects", "risks", "finance", "rollback", "approvals"}


def make_released(made: Command, quick: str) -> None:
    """A repository whose HEAD is GO, everything made by the real commands."""
    home = made.home
    made.project(quick=quick)
    (home / LOG).unlink(missing_ok=True)
    (home / "suites").mkdir()
    for path, text in {
        "suites/quick.toml": SUITE,
        "check.sh": CHECK,
        "gates/release.toml": RELEASE,
        DEFECTS: '{"defects": []}',
        ".gitignore": "artifacts/\n__pycache__/\n",
    }.items():
        (home / path).write_text(text, encoding="utf-8")
    git(home, "init", "-q")
    commit(home, "a shop")
    for words in (
        ("confidence", "quick"),
        ("probe",),
        (
            "risk",
            "add",
            "--title",
            "Slow",
            "--owner",
            "Kim Sample",
            "--mitigation",
            "watch",
            "--expires",
            "9d",
            "--by",
            "Kim Sample",
        ),
        ("attest", "finance", "--commit", "HEAD", "--by", "Kim Sample", "--reason", "ok", "--expires", "9d"),
        (
            "attest",
            "rollback",
            "--commit",
            "HEAD",
            "--by",
            "Kim Sample",
            "--reason",
            "ok",
            "--expires",
            "9d",
            "--state",
            "verified",
            "--rehearsed-on",
            git(home, "show", "-s", "--format=%cs"),
        ),
        ("approve", "--commit", "HEAD", "--role", "lead", "--by", "Taylor Example"),
    ):
        done = made(*words)
        assert done.code == 0, (words, done)


def decide(release: Command, *words: str) -> tuple[int, Any]:
    done = release("decide", "--json", *words)
    assert done.code in {0, 1}, done.stderr
    return done.code, done.document


def blocked(release: Command, *words: str) -> dict[str, str]:
    """The items that block, with their reasons."""
    code, document = decide(release, *words)
    assert (code, document["verdict"], document["overall_status"]) == (1, "NO-GO", "fail")
    red = {item["id"]: item["reason"] for item in document["items"] if item["status"] != "pass"}
    assert document["blockers"] == [f"{name}: {reason}" for name, reason in red.items()]
    assert all(item["fix"] for item in document["items"] if item["status"] != "pass")
    return red


def say(release: Command, kind: EntryKind, fields: dict[str, str | int], by: str = "Kim Sample") -> None:
    """Append an entry as the commands do."""
    file = release.home / LOG
    log = read_log(file.read_bytes())
    entry = next_entry(log, kind, by, fields, log.entries[-1].at)
    file.write_bytes(file.read_bytes() + line_of(entry))


def entry_of(release: Command, kind: str) -> int:
    entries = read_log((release.home / LOG).read_bytes()).entries
    return next(entry.sequence for entry in entries if entry.kind == kind)


def withdraw(kind: str) -> Callable[[Command], None]:
    def deed(release: Command) -> None:
        fields: dict[str, str | int] = {"of": entry_of(release, kind), "reason": "changed"}
        say(release, EntryKind(f"{kind}-withdrawn"), fields)

    return deed


def incident(release: Command) -> None:
    fields: dict[str, str | int] = {
        "title": "Down",
        "severity": 3,
        "billing": "yes",
        "impact": "x",
        "owner": "Kim",
    }
    say(release, EntryKind.INCIDENT_OPENED, fields)


def newest(release: Command, kind: str) -> Path:
    return release.bundles(kind)[-1].folder
