"""What can be done to the audit log: edited, shortened, forged, chained anew, replaced."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.battery import forgery
from tests.battery.forgery import entry, with_fields
from tests.battery.released import DECISIONS, LOG, Release, final_of
from tests.battery.tampering import Act

from billing_canary.audit.chain import digest
from billing_canary.audit.log import AuditEntry

RISK, FINANCE, PLAN, LEAD, QA = range(5)
"""Where each entry stands; the first three are committed."""

Entries = list[AuditEntry]
LATER, LONG_AGO = "2099-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"


def lines(change: Callable[[list[bytes]], object]) -> Act:
    """Change the lines of the file, each with its end, as text."""

    def act(release: Release) -> None:
        lines = release.log.read_bytes().splitlines(keepends=True)
        change(lines)
        release.log.write_bytes(b"".join(lines))

    return act


def text(at: int, old: bytes, new: bytes) -> Act:
    """Replace a text in one line, and nothing else."""

    def change(lines: list[bytes]) -> None:
        assert old in lines[at], lines[at]
        lines[at] = lines[at].replace(old, new, 1)

    return lines(change)


def fixed(at: int, change: Callable[[AuditEntry], AuditEntry]) -> Act:
    """Change one entry and recompute its own digest only."""

    def act(release: Release) -> None:
        entries = forgery.entries_of(release.log)
        changed = change(entries[at])
        entries[at] = replace(changed, digest=digest(changed))
        forgery.write_entries(release.log, entries)

    return act


def anew(change: Callable[[Entries, Release], object], *, decided: bool = False) -> Act:
    """Change the entries and chain all of them anew; with `decided` after a decision was made."""

    def act(release: Release) -> None:
        if decided:
            assert release.decide().code == 0
        entries = forgery.entries_of(release.log)
        change(entries, release)
        forgery.chain(release.log, entries)

    return act


def put(at: int, change: Callable[[AuditEntry], AuditEntry]) -> Callable[[Entries, Release], object]:
    return lambda entries, _: entries.__setitem__(at, change(entries[at]))


def drop(at: int) -> Callable[[Entries, Release], object]:
    return lambda entries, _: entries.pop(at)


def append(kind: str, by: str, /, **fields: str | int) -> Callable[[Entries, Release], object]:
    return lambda entries, _: entries.append(entry(kind, by, entries[-1].at, fields))


def approve(by: str, role: str, commit: str = "") -> Callable[[Entries, Release], object]:
    def change(entries: Entries, release: Release) -> None:
        fields = {"commit": commit or release.candidate, "role": role}
        entries.append(entry("approval", by, entries[-1].at, fields))

    return change


def instead(at: int, *changes: Callable[[Entries, Release], object]) -> Callable[[Entries, Release], object]:
    """Drop the entry, then do these."""

    def change(entries: Entries, release: Release) -> None:
        entries.pop(at)
        for each in changes:
            each(entries, release)

    return change


def said(*words: str) -> Act:
    """Something that a person says by a real command."""
    return lambda release: release.succeed(*(word.format(commit=release.candidate) for word in words))


def place(make: Callable[[Path], object]) -> Act:
    def act(release: Release) -> None:
        release.log.unlink()
        make(release.log)

    return act


def linked(release: Release) -> None:
    shutil.move(release.log, release.home / "log")
    release.log.symlink_to(release.home / "log")


def linked_folder(release: Release) -> None:
    (release.home / "gates").rename(release.home / "elsewhere")
    (release.home / "gates").symlink_to("elsewhere")


def committed_as_link(release: Release) -> None:
    """What Git has is a link, so that nothing would be compared with it."""
    linked(release)
    release.git("add", "-A")
    release.git("commit", "-qm", "moved")
    release.log.unlink()
    shutil.copy(release.home / "log", release.log)


def decided_and_committed(release: Release) -> None:
    """The log is written anew and committed, but an earlier decision was made with the old one."""
    anew(put(LEAD, lambda e: replace(e, by="taylor@example.com")), decided=True)(release)
    release.git("commit", "-qam", "the log, tidied")


def withdrawal_taken_back(release: Release) -> None:
    release.succeed("approve", "--withdraw", "4", "--by", "Taylor Example", "--reason", "a mistake")
    assert release.decide().code == 1
    forgery.chain(release.log, forgery.entries_of(release.log)[:-1])


def closed_incident_forged(release: Release) -> None:
    INCIDENT(release)
    text(-1, b'"billing":"yes"', b'"billing":"no"')(release)


def decision_hidden(deed: Callable[[Path], object]) -> Act:
    """An incident was open when it was decided; the log forgets it, and the decision is got rid of."""

    def act(release: Release) -> None:
        INCIDENT(release)
        assert release.decide().code == 1
        forgery.chain(release.log, forgery.entries_of(release.log)[:-1])
        (folder,) = (release.artifacts / DECISIONS).iterdir()
        deed(folder)

    return act


def buried(release: Release) -> None:
    """Copies of an older decision stand before the one that knows of the incident."""
    assert release.decide().code == 0
    (older,) = (release.artifacts / DECISIONS).iterdir()
    INCIDENT(release)
    assert release.decide().code == 1
    forgery.chain(release.log, forgery.entries_of(release.log)[:-1])
    for number in range(250):
        copy = older.with_name(f"2098{number:04}T000000.000Z-0000")
        copy.mkdir()
        shutil.copy(final_of(older), copy)


def other_attester(release: Release) -> None:
    release.succeed("attest", "--withdraw", "2", "--by", "Kim Sample", "--reason", "wrong")
    about = ("--commit", release.candidate, "--reason", "ok", "--expires", "9d")
    release.succeed("attest", "finance", *about, "--by", "Taylor Example")


INCIDENT = said(
    *("incident", "open", "--title", "Top-ups fail", "--severity", "sev-3", "--billing", "yes"),
    *("--impact", "some", "--owner", "Kim", "--by", "Kim Sample"),
)


def expired(at: int, kind: str) -> Act:
    """An old entry whose time is over, in a log that was never committed."""

    def act(release: Release) -> None:
        release.git("update-ref", "refs/heads/other", "HEAD")
        release.git("symbolic-ref", "HEAD", "refs/heads/other")
        release.git("rm", "-q", "--cached", LOG)
        release.git("commit", "-qm", "the log is not kept")
        entries = forgery.entries_of(release.log)
        assert str(entries[at].kind) == kind
        for number in range(at + 1):
            entries[number] = with_fields(
                replace(entries[number], at="2026-01-01T00:00:00.000Z"), expires="2026-01-02T00:00:00.000Z"
            )
            entries[number].fields.pop("rehearsed_on", None)  # type: ignore[attr-defined]  # a dict, made above
        forgery.chain(release.log, entries)

    return act
