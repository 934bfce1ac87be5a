"""`decide`: what people say, and a log that cannot be trusted, make a release NO-GO."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.fakes.released import (
    ALL_LOG_ITEMS,
    DEFECTS,
    LOG,
    blocked,
    decide,
    entry_of,
    git,
    incident,
    newest,
    say,
    withdraw,
)

from billing_canary.audit.chain import line_of, next_entry, read_log
from billing_canary.audit.log import AuditLog, EntryKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary as Command


def _close_risk(release: Command) -> None:
    say(release, EntryKind.RISK_CLOSED, {"of": entry_of(release, "risk"), "reason": "mended"})


def _defect(release: Command) -> None:
    row = {"id": "B-1", "title": "Paid twice", "billing": True, "open": True}
    (release.home / DEFECTS).write_text(json.dumps({"defects": [row]}))


def _no_defect_file(release: Command) -> None:
    (release.home / DEFECTS).unlink()


def _worse_plan(release: Command) -> None:
    head = git(release.home, "rev-parse", "HEAD")
    fields: dict[str, str | int] = {
        "item": "rollback",
        "commit": head,
        "reason": "it failed",
        "expires": "2099-01-01T00:00:00.000Z",
        "state": "none",
    }
    say(
        release,
        EntryKind.ATTESTATION,
        {**fields, "expires": read_log((release.home / LOG).read_bytes()).entries[1].fields["expires"]},
    )


def _void_run(release: Command) -> None:
    run = newest(release, "billing-canary").name
    say(release, EntryKind.RUN_INVALIDATED, {"kind": "billing-canary", "run_id": run, "reason": "wrong host"})


@pytest.mark.parametrize(
    ("deed", "item", "words"),
    [
        (withdraw("approval"), "approvals", "no approval by lead"),
        (_close_risk, "risks", "nobody attests known-risks"),
        (incident, "defects", "an open incident touches billing"),
        (_defect, "defects", "B-1: Paid twice"),
        (_no_defect_file, "defects", "cannot be read"),
        (_worse_plan, "rollback", "the plan is attested as none"),
        (_void_run, "probe", "was declared void: wrong host"),
        (withdraw("attestation"), "finance", "nobody attested it"),
    ],
)
def test_what_people_say_can_block_a_release(
    release: Command, deed: Callable[[Command], None], item: str, words: str
) -> None:
    deed(release)

    red = blocked(release)

    assert set(red) == {item}
    assert words in red[item]


@pytest.mark.parametrize("by", ["Dev Example", "dev@example.com", "Robin Example", "Mallory"])
def test_nobody_approves_their_own_release(release: Command, by: str) -> None:
    withdraw("approval")(release)
    assert release("approve", "--commit", "HEAD", "--role", "lead", "--by", by).code == 0

    assert set(blocked(release)) == {"approvals"}


def test_an_edited_log_is_believed_in_nothing(release: Command) -> None:
    release.edit(LOG, "Slow", "Fast")

    red = blocked(release)

    assert set(red) == ALL_LOG_ITEMS
    assert all("the audit log is damaged: line 1: " in reason for reason in red.values())


def test_a_log_that_was_chained_anew_is_believed_in_nothing(release: Command) -> None:
    """The chain is whole, but an entry that an earlier decision was made with is gone."""
    incident(release)
    assert decide(release)[0] == 1
    entries = read_log((release.home / LOG).read_bytes()).entries[:-1]
    again, lines = AuditLog(), b""
    for entry in entries:
        made = next_entry(again, entry.kind, entry.by, {**entry.fields}, entry.at)
        again = AuditLog(entries=(*again.entries, made), head=made.digest)
        lines += line_of(made)
    (release.home / LOG).write_bytes(lines)

    red = blocked(release)

    assert set(red) == ALL_LOG_ITEMS
    assert all("the audit log may have been rewritten: " in reason for reason in red.values())


def _flipped_decision(folder: Path) -> None:
    data = (folder / "decision.json").read_bytes()
    (folder / "decision.json").write_bytes(data.replace(b"GO", b"NO", 1))


def _unfinished_decision(folder: Path) -> None:
    (folder / "decision.json").unlink()


def _lost_decision(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize("deed", [_flipped_decision, _unfinished_decision, _lost_decision])
def test_a_decision_that_is_lost_takes_the_trust_in_the_log_with_it(
    release: Command, deed: Callable[[Path], None]
) -> None:
    assert decide(release, "--run-id", "rc1")[0] == 0
    deed(release.artifacts / "billing-decisions/rc1")

    red = blocked(release)

    assert set(red) == ALL_LOG_ITEMS
    assert all("since billing-decisions/rc1, which was made with it" in reason for reason in red.values())
    say(
        release,
        EntryKind.RUN_INVALIDATED,
        {"kind": "billing-decisions", "run_id": "rc1", "reason": "disk broke"},
    )
    assert decide(release)[0] == 0
