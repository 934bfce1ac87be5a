"""What the commands of the audit log share: who signs, which commit, until when, and writing the entry."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from billing_canary.artifact.render.text import plain
from billing_canary.audit.fields import LONGEST_EXPIRY
from billing_canary.audit.log import AUDIT_LOG, AuditEntry, AuditLog, EntryKind
from billing_canary.audit.log_file import append, bundled_refusal, load_log
from billing_canary.cli.recording import environment_secrets
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import EvidenceError, ExitCode, RefusedError, wrong_call
from billing_canary.git_command import ask_git, in_repository
from billing_canary.guard.keys import KEYS_RULE, holds_live_key
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor

_FULL_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./@^~{}+-]{0,199}", re.ASCII)
_SPAN = re.compile(r"([1-9]\d{0,4})([dh])", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where an entry is written, and how that is told."""

    project: Project
    as_json: bool
    quiet: bool = False

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.project.root

    @property
    def now(self) -> str:
        """The present time as entries hold it."""
        return utc_text(SystemClock().now())


def open_desk(project: str | None, *, as_json: bool, quiet: bool = False, writing: bool = True) -> Desk:
    """The project that `--project` or the working directory leads to.

    Raises:
        ProjectError: there is none of that name, or an entry is to be written to the bundled one.
    """
    found = find_project(Path(project) if project is not None else None, Path.cwd())
    if writing and found.bundled:
        raise bundled_refusal()
    return Desk(project=found, as_json=as_json, quiet=quiet)


def signer(desk: Desk, by: str | None) -> str:
    """Who signs: `--by`, else who Git says works in the project.

    Raises:
        ProjectError: nobody is named, or Git knows no name.
    """
    if by is not None:
        return by
    known = [ask_git(desk.root, "config", "--get", f"user.{key}") for key in ("name", "email")]
    name, email = (answer.text if answer.code == 0 else "" for answer in known)
    if not name and not email:
        raise wrong_call("--by", "is missing, and Git knows no user.name here", 'say who: --by "Taylor Ng"')
    return f"{name} <{email}>".strip() if name and email else name or email


def full_commit(desk: Desk, commit: str) -> str:
    """The full hash of `commit`, which may be anything that Git resolves; without Git it must be one.

    Raises:
        ProjectError: there is no such commit.
    """
    if not in_repository(desk.root):
        if _FULL_HASH.fullmatch(commit):
            return commit
        fix = "give the full hash of 40 hexadecimal digits: git rev-parse HEAD"
        raise wrong_call("--commit", f"{commit[:80]!r} cannot be looked up: this is no Git repository", fix)
    if not _REVISION.fullmatch(commit):
        raise wrong_call("--commit", f"{commit[:80]!r} is no commit", "give a hash, a tag or HEAD")
    answer = ask_git(desk.root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if answer.code not in {0, 1}:
        raise EvidenceError(f"--commit cannot be looked up: {answer.problem}")
    if not _FULL_HASH.fullmatch(answer.text):
        raise wrong_call("--commit", f"{commit[:80]!r} is no commit here", "git fetch it, or give its hash")
    return answer.text


def expiry(text: str, now: str) -> str:
    """When "14d", "12h" or "2026-12-31" (that day is included, UTC) ends, as entries hold it.

    Raises:
        ProjectError: it is none of these, over, or further away than a year.
    """
    start = datetime.fromisoformat(now)
    end = _end(text, start)
    if end is None or not timedelta(0) < end - start <= LONGEST_EXPIRY:
        message = f"{text[:40]!r} is not within the next {LONGEST_EXPIRY.days} days"
        raise wrong_call("--expires", message, "write 14d, 12h, or the last day, such as 2026-12-31")
    return utc_text(end.timestamp())


def _end(text: str, start: datetime) -> datetime | None:
    if span := _SPAN.fullmatch(text):
        hours = int(span[1]) * (24 if span[2] == "d" else 1)
        return start + timedelta(hours=hours)
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def write_entry(
    desk: Desk, kind: EntryKind, by: str | None, fields: Mapping[str, str | int | None], said: str
) -> int:
    """Append an entry, leaving out fields that are None, and tell it; the exit code.

    `said` is what a person reads about it; "{n}" in it becomes the entry's number.

    Raises:
        RefusedError: a text holds a live key.
        ProjectError, EvidenceError: as `log_file.append`.
    """
    held = {name: value for name, value in fields.items() if value is not None}
    author = signer(desk, by)
    _refuse_live_keys({"by": author, **held})
    redact = Redactor(environment_secrets(os.environ))
    entry = append(desk.root, kind, author, held, desk.now, redact=redact)
    if not desk.quiet:
        click.echo(plain(redact(said.replace("{n}", str(entry.sequence)))), err=desk.as_json)
        shown = desk.project.shown(AUDIT_LOG)
        click.echo(f"    by {plain(entry.by)}; commit {shown} to make it last", err=desk.as_json)
    if desk.as_json:
        click.echo(json.dumps({"entry": entry_document(entry)}))
    return int(ExitCode.YES)


def _refuse_live_keys(texts: Mapping[str, str | int]) -> None:
    for name, value in texts.items():
        if isinstance(value, str) and holds_live_key(value):
            reason = f"{name} holds a live key, which is not shown here; replace that key at the provider"
            raise RefusedError(KEYS_RULE, reason, ends_run=True)


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    """An entry as JSON."""
    return {**asdict(entry), "fields": dict(entry.fields)}


def sound_log(desk: Desk) -> AuditLog:
    """The project's log for a list.

    Raises:
        EvidenceError: it has problems; a list of what is left would hide what is not.
    """
    log = load_log(desk.root)
    if log.problems:
        problems = "".join(f"\n    {plain(problem)}" for problem in log.problems)
        raise EvidenceError(f"{desk.project.shown(AUDIT_LOG)} is broken:{problems}")
    return log


def show(desk: Desk, name: str, rows: Sequence[Any], lines: Iterable[str], nothing: str) -> int:
    """Print the rows of a list (dataclasses), as lines or as one document with them under `name`."""
    if desk.as_json:
        click.echo(json.dumps({name: [asdict(row) for row in rows]}))
        return int(ExitCode.YES)
    for line in lines:
        click.echo(line)
    if not rows:
        click.echo(nothing, err=True)
    return int(ExitCode.YES)
