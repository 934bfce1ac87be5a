"""The lists that the commands of the audit log print: what is in force now."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.render.text import minute, plain, wrapped
from billing_canary.audit.views import (
    Incident,
    approvals,
    attestations,
    baselines,
    incident_details,
    open_risks,
)
from billing_canary.cli.log_entry import Desk, full_commit, show, sound_log
from billing_canary.rollback import Baseline

_WIDTH = 80
_INDENT = "      "


def list_approvals(desk: Desk, commit: str | None) -> int:
    """Approvals that were not withdrawn, of all commits or one; the exit code."""
    full = full_commit(desk, commit) if commit is not None else None
    rows = approvals(sound_log(desk), full)
    lines = (
        _listed(row.sequence, f"{row.commit[:12]} {row.role}: {row.by}", row.reason, _since(row.at))
        for row in rows
    )
    return show(desk, "approvals", rows, lines, "no approval is in force")


def list_risks(desk: Desk) -> int:
    """Known risks that were not closed, also those that expired; the exit code."""
    rows = open_risks(sound_log(desk))
    lines = (
        _listed(
            row.sequence, row.title, f"mitigation: {row.mitigation}", _until(row.expires, row.owner, desk)
        )
        for row in rows
    )
    return show(desk, "risks", rows, lines, "no risk is open")


def list_attestations(desk: Desk, commit: str | None) -> int:
    """Attestations that were not withdrawn, also those that expired; the exit code."""
    full = full_commit(desk, commit) if commit is not None else None
    rows = attestations(sound_log(desk), full)
    lines = (
        _listed(
            row.sequence,
            f"{row.item} {row.state}".rstrip() + f" for {row.commit[:12]}",
            row.reason,
            _until(row.expires, row.by, desk),
        )
        for row in rows
    )
    return show(desk, "attestations", rows, lines, "no attestation is in force")


def list_incidents(desk: Desk, *, every: bool) -> int:
    """Open incidents, or with `every` the closed ones, too; the exit code."""
    rows = [row for row in incident_details(sound_log(desk)) if every or row.open]
    lines = (_listed(row.sequence, _incident(row), row.impact, _since(row.at, row.owner)) for row in rows)
    return show(desk, "incidents", rows, lines, "no incident is open")


def list_baselines(desk: Desk) -> int:
    """The latest baseline of each metric; the exit code."""
    rows = baselines(sound_log(desk))
    lines = (plain(f"{row.metric}: {_rate(row)}, owner {row.owner}, {_since(row.set_at)}") for row in rows)
    return show(desk, "baselines", rows, lines, "no baseline is set")


def _listed(number: int, title: str, more: str, last: str) -> str:
    """An entry: its number and title, and below what else is to know."""
    text = "\n".join(wrapped(f"{number:>4}  {plain(title)}", _WIDTH, _INDENT))
    below = (f"{_INDENT}{line}" for part in (more, last) if part for line in _wrapped(part))
    return "\n".join((text, *below))


def _wrapped(text: str) -> Iterator[str]:
    yield from wrapped(plain(text, 1_100), _WIDTH - len(_INDENT))


def _since(at: str, owner: str = "") -> str:
    return f"since {minute(at)}" + (f", owner {owner}" if owner else "")


def _until(expires: str, owner: str, desk: Desk) -> str:
    word = "EXPIRED" if expires <= desk.now else "until"
    return f"{word} {minute(expires)}, owner {owner}"


def _incident(row: Incident) -> str:
    words = [f"sev-{row.severity}", "billing" if row.billing else "no billing"]
    return f"{row.title} ({', '.join(words if row.open else [*words, 'closed'])})"


def _rate(row: Baseline) -> str:
    return f"{row.declared} declared" if row.declared else f"{row.good}/{row.total} in {row.period}"
