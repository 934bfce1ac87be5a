"""The commands of the audit log: approve, attest, risk, incident, baseline."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.audit import APPROVE, COMMIT

from billing_canary.audit.log import AUDIT_LOG, AuditLog
from billing_canary.audit.log_file import load_log

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

RISK = ("risk", "add", "--title", "Slow", "--owner", "Ada", "--mitigation", "watch", "--by", "Ada")
INCIDENT = (
    *("incident", "open", "--title", "Top-ups fail", "--severity", "sev-1", "--billing", "yes"),
    *("--impact", "nobody can pay", "--owner", "Ada", "--by", "Ada"),
)
ATTEST = ("attest", "sign-off", "--commit", COMMIT, "--reason", "checked", "--expires", "14d", "--by", "Ada")


def _log(home: Canary) -> AuditLog:
    return load_log(home.home)


def _file(home: Canary) -> Path:
    return home.home / AUDIT_LOG


def _fields(home: Canary) -> dict[str, Any]:
    return dict(_log(home).entries[-1].fields)


def test_an_approval_is_written_listed_and_withdrawn(home: Canary) -> None:
    done = home(*APPROVE, "--reason", "read it all")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == (
        f"approved as entry 1: aaaaaaaaaaaa as lead\n    by Ada Byron; commit {AUDIT_LOG} to make it last\n"
    )
    assert _fields(home) == {"commit": COMMIT, "role": "lead", "reason": "read it all"}

    (listed,) = home("approve", "--list", "--json").document["approvals"]
    assert (listed["sequence"], listed["by"], listed["role"]) == (1, "Ada Byron", "lead")
    assert "lead: Ada Byron" in home("approve", "--list", "--commit", COMMIT).stdout
    assert home("approve", "--list", "--commit", "b" * 40, "--json").document == {"approvals": []}

    done = home("approve", "--withdraw", "1", "--reason", "changed", "--by", "Ada")
    assert (done.code, done.stdout.splitlines()[0]) == (0, "approval 1 is withdrawn")
    done = home("approve", "--list")
    assert (done.code, done.stdout, done.stderr) == (0, "", "no approval is in force\n")
    assert home("approve", "--withdraw", "1", "--reason", "again", "--by", "Ada").code == 2
    assert len(_log(home).entries) == 2


def test_json_is_one_document_and_people_read_stderr(home: Canary) -> None:
    done = home(*APPROVE, "--json")
    assert done.code == 0
    entry = done.document["entry"]
    assert json.loads(_file(home).read_text()) == entry
    assert done.stderr.startswith("approved as entry 1")


def test_quiet_says_nothing(home: Canary) -> None:
    done = home(*APPROVE, "--quiet")
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    assert len(_log(home).entries) == 1


def test_a_risk_is_added_listed_and_closed(home: Canary) -> None:
    assert home(*RISK, "--expires", "2h").code == 0
    (listed,) = home("risk", "list", "--json").document["risks"]
    assert (listed["title"], listed["owner"], listed["mitigation"]) == ("Slow", "Ada", "watch")
    assert home("risk", "list").stdout.startswith("   1  Slow\n      mitigation: watch\n      until 20")
    assert home("risk", "close", "1", "--reason", "gone", "--by", "Bo").code == 0
    assert home("risk", "list", "--json").document == {"risks": []}
    for number in ("1", "2", "7"):
        done = home("risk", "close", number, "--reason", "gone", "--by", "Bo")
        assert (done.code, done.stdout) == (2, "")
        assert f"of is {number}, which is no open entry of kind risk" in done.stderr


def test_an_attestation_is_written_listed_and_withdrawn(home: Canary) -> None:
    done = home(*ATTEST, "--state", "partial", "--rehearsed-on", "2026-01-02")
    assert done.code == 0
    assert {**_fields(home), "expires": ""} == {
        "item": "sign-off",
        "commit": COMMIT,
        "reason": "checked",
        "expires": "",
        "state": "partial",
        "rehearsed_on": "2026-01-02",
    }
    (listed,) = home("attest", "--list", "--json").document["attestations"]
    assert (listed["item"], listed["state"], listed["by"]) == ("sign-off", "partial", "Ada")
    assert "sign-off partial for aaaaaaaaaaaa" in home("attest", "--list").stdout
    assert home("attest", "--withdraw", "1", "--reason", "wrong", "--by", "Ada").code == 0
    assert home("attest", "--list", "--json").document == {"attestations": []}
    assert home("attest", "--withdraw", "1", "--reason", "wrong", "--by", "Ada").code == 2


def test_an_incident_is_opened_updated_and_closed(home: Canary) -> None:
    assert home(*INCIDENT).code == 0
    update = ("incident", "update", "incident-1", "--note", "cards work", "--severity", "sev-3", "--by", "Bo")
    assert home(*update).code == 0
    (listed,) = home("incident", "list", "--json").document["incidents"]
    assert (listed["id"], listed["severity"], listed["billing"]) == ("incident-1", 3, True)
    assert (listed["impact"], listed["owner"], listed["open"]) == ("nobody can pay", "Ada", True)
    assert "Top-ups fail (sev-3, billing)" in home("incident", "list").stdout
    assert home("incident", "close", "1", "--reason", "fixed", "--by", "Bo").code == 0
    assert home("incident", "list", "--json").document == {"incidents": []}
    assert home("incident", "list", "--all", "--json").document["incidents"][0]["open"] is False
    for again in (
        ("close", "1", "--reason", "x"),
        ("update", "1", "--note", "x"),
        ("close", "9", "--reason", "x"),
    ):
        assert home("incident", *again, "--by", "Bo").code == 2
    assert len(_log(home).entries) == 3


def test_the_latest_baseline_of_a_metric_is_listed(home: Canary) -> None:
    declared = ("baseline", "set", "top-up", "--rate", "0.97", "--owner", "Ada", "--by", "Ada")
    measured = ("baseline", "set", "top-up", "--good", "9712", "--total", "9990", "--period", "October")
    assert home(*declared).code == 0
    assert home("baseline", "list").stdout.startswith("top-up: 0.97 declared, owner Ada, since 20")
    assert home(*measured, "--owner", "Ada", "--by", "Ada").code == 0
    (listed,) = home("baseline", "list", "--json").document["baselines"]
    assert (listed["declared"], listed["good"], listed["total"]) == ("", 9712, 9990)
    assert home("baseline", "list").stdout.startswith("top-up: 9712/9990 in October, owner Ada")


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "short commit": (("approve", "--commit", "abc", "--role", "lead", "--by", "A"), "git rev-parse HEAD"),
    "nobody": (("approve", "--commit", COMMIT, "--role", "lead"), 'say who: --by "Taylor Ng"'),
    "control character": ((*APPROVE, "--reason", "a\x1b[31mb"), "reason holds the control character U+001B"),
    "line end": ((*APPROVE, "--reason", "a\nb"), "reason holds the control character U+000A"),
    "not UTF-8": ((*APPROVE, "--reason", "a\udcffb"), "reason holds the control character U+DCFF"),
    "too long": ((*APPROVE, "--reason", "x" * 1001), "reason has 1001 characters; at most 1000 are allowed"),
    "empty": ((*APPROVE, "--reason", ""), "reason must be text, not ''"),
    "role": ((*APPROVE, "--role", "le\tad"), "role must be a name"),
    "expired": ((*RISK, "--expires", "2020-01-01"), "is not within the next 366 days"),
    "too far": ((*RISK, "--expires", "367d"), "is not within the next 366 days"),
    "severity": ((*INCIDENT, "--severity", "sev-0"), "'sev-0' is not one of 'sev-1'"),
    "billing": ((*INCIDENT, "--billing", "maybe"), "'maybe' is not one of 'yes', 'no'"),
    "rehearsed": ((*ATTEST, "--rehearsed-on", "2999-01-01"), "rehearsed_on is in the future"),
    "rate": (("baseline", "set", "m", "--rate", "97", "--owner", "A", "--by", "A"), "must be a rate above 0"),
    "more than all": (
        ("baseline", "set", "m", "--good", "3", "--total", "2", "--period", "p", "--owner", "A", "--by", "A"),
        "good is 3, which is more than total, 2",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_entry_is_exit_2_and_nothing_is_written(home: Canary, case: str) -> None:
    words, told = WRONG[case]
    done = home(*words, env={"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"})
    assert (done.code, done.stdout) == (2, "")
    assert told in done.stderr
    assert not _file(home).exists()


def test_all_problems_of_an_entry_come_at_once(home: Canary) -> None:
    done = home(
        "risk", "add", "--title", "a\tb", "--owner", "", "--mitigation", " x", "--expires", "1h", "--by", "A"
    )
    assert done.code == 2
    assert done.stderr.startswith("3 problems; nothing was run:\n")


def test_a_live_key_is_refused_and_other_secrets_are_masked(home: Canary) -> None:
    live = "sk_" + "live_abcdefghijklmnop"
    done = home(*APPROVE, "--reason", f"works with {live}")
    assert done.code == 4
    assert live not in done.stdout + done.stderr
    assert not _file(home).exists()

    test_key = "sk_" + "test_abcdefghijklmnop"
    done = home(*APPROVE, "--reason", f"{test_key}, token-of-mine", env={"MY_TOKEN": "token-of-mine"})
    assert done.code == 0
    assert _fields(home)["reason"] == "[redacted], [redacted]"


def test_a_live_key_in_git_s_name_is_refused(home: Canary, tool: Callable[[str], str]) -> None:
    subprocess.run([tool("git"), "init", "-q"], cwd=home.home, check=True)
    live = "rk_" + "live_abcdefghijklmnop"
    subprocess.run([tool("git"), "config", "user.name", live], cwd=home.home, check=True)
    done = home(*RISK[:-2], "--expires", "1h")
    assert done.code == 4
    assert live not in done.stdout + done.stderr
    assert not _file(home).exists()


def test_in_a_repository_git_says_who_and_which_commit(home: Canary, tool: Callable[[str], str]) -> None:
    def git(*words: str) -> str:
        argv = [tool("git"), *words]
        return subprocess.run(argv, cwd=home.home, check=True, capture_output=True, text=True).stdout.strip()

    git("init")
    git("config", "user.name", "Ada Byron")
    git("config", "user.email", "ada@example.invalid")
    git("commit", "--allow-empty", "-m", "first")
    assert home("approve", "--commit", "HEAD", "--role", "lead").code == 0
    (entry,) = _log(home).entries
    assert entry.by == "Ada Byron <ada@example.invalid>"
    assert entry.fields["commit"] == git("rev-parse", "HEAD")
    assert home("approve", "--commit", "b" * 40, "--role", "lead").code == 2


def test_the_bundled_project_is_nobody_s(canary: Canary) -> None:
    done = canary(*APPROVE)
    assert (done.code, done.stdout) == (2, "")
    assert "fix: make a project of your own: billing-canary init FOLDER" in done.stderr
    assert canary("risk", "list").code == 0
