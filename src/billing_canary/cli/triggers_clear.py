"""`billing-canary triggers --clear`: a person says that a trigger that fired was dealt with."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from billing_canary.audit.log import EntryKind
from billing_canary.audit.log_file import append
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import ExitCode, wrong_call
from billing_canary.project import find_project
from billing_canary.telemetry.rollback_policy import ROLLBACK_FILE, load_rollback_policy


def clear_trigger(project: Path | None, trigger: str, by: str, reason: str, *, as_json: bool) -> int:
    """Append the entry to the project's audit log; the exit code.

    Raises:
        ProjectError: there is no such trigger, or the entry would be wrong.
        EvidenceError: the log is broken or cannot be written.
    """
    found = find_project(project, Path.cwd())
    known = [one.id for one in load_rollback_policy(found).policy.triggers]
    if trigger not in known:
        named = ", ".join(known) or "none"
        raise wrong_call("--clear", f"{ROLLBACK_FILE} has no trigger {trigger!r}", f"use one of {named}")
    fields = {"trigger": trigger, "reason": reason}
    now = utc_text(SystemClock().now())
    entry = append(found.root, EntryKind.TRIGGER_CLEARED, by, fields, now)
    told = (
        f"cleared {trigger}, entry {entry.sequence}; it is re-armed once its numbers have recovered as well"
    )
    click.echo(told, err=as_json)
    if as_json:
        click.echo(json.dumps({**asdict(entry), "fields": dict(entry.fields)}))
    return int(ExitCode.YES)
