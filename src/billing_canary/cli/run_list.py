"""`runs list`: the newest runs that match, each read from its bundle; the index saves opening others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_canary.artifact.render.text import fit, minute, plain
from billing_canary.artifact.run_id import start_in
from billing_canary.artifact.run_order import names_newest_first
from billing_canary.artifact.run_row import RunRow, is_gone
from billing_canary.artifact.status_reader import QUICK, StatusReader
from billing_canary.cli.log_near import log_is_near
from billing_canary.cli.paint import painter
from billing_canary.errors import ExitCode

if TYPE_CHECKING:
    from billing_canary.artifact.run_head import Glance
    from billing_canary.cli.void_runs import Void

VOID = "invalidated"
_SECOND = len("20261121T103716")
_LAST = "~"
"""Sorts after every time."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a listed run must be; None for anything."""

    kind: str | None = None
    status: str | None = None
    commit: str | None = None
    tier: str | None = None
    since_s: int | None = None
    older_than_s: int | None = None


class _Filter:
    """`Wanted` at one point in time."""

    def __init__(self, wanted: Wanted, void: Mapping[str, Void]) -> None:
        self._wanted = wanted
        self._void = void
        self._commit = (wanted.commit or "").lower()
        self._since = _ago(wanted.since_s) if wanted.since_s is not None else ""
        self._until = _ago(wanted.older_than_s) if wanted.older_than_s is not None else _LAST

    def by_name(self, run_id: str) -> bool:
        """Whether a run with this id may match; a generated id tells its start."""
        told = start_in(run_id)
        return told is None or _compact(self._since) <= told <= _compact(self._until)

    def may_match(self, kind: str, run_id: str, seen: Glance) -> bool:
        """Whether a run may match, as far as a quick look tells."""
        tier = self._wanted.tier if seen.tier is None else seen.tier
        return self._fits(f"{kind}/{run_id}", seen.overall_status, seen.commit, tier)

    def matches(self, row: RunRow) -> bool:
        """Whether a run matches as its bundle tells."""
        in_time = self._since <= row.started_at <= self._until
        return in_time and self._fits(f"{row.kind}/{row.run_id}", row.status, row.commit, row.tier)

    @property
    def is_open(self) -> bool:
        """Whether every run matches that a name does not rule out."""
        return not any((self._wanted.status, self._commit, self._wanted.tier))

    def _fits(self, run: str, status: str, commit: str, tier: str | None) -> bool:
        status = VOID if run in self._void else status
        wanted = self._wanted
        return (
            wanted.status in {None, status}
            and wanted.tier in {None, tier}
            and commit.startswith(self._commit)
        )


def list_recorded(root: Path, wanted: Wanted, *, limit: int, project: str | None, as_json: bool) -> int:
    """Print the newest runs that match; 0 even when there is none.

    Raises:
        ProjectError: `project` names none.
        EvidenceError: the runs cannot be listed.
    """
    void = _void(project)
    chosen = _Filter(wanted, void)
    reader = StatusReader(root, quick=0 if wanted.tier else QUICK)
    names = names_newest_first(root, (wanted.kind,) if wanted.kind else ())
    rows = list(islice(_matching(names, chosen, reader), limit))
    reader.note()
    if as_json:
        click.echo(json.dumps({"runs": [_document(row, void) for row in rows]}))
    elif rows:
        click.echo("\n".join(line for row in rows for line in _lines(row, void)))
    else:
        click.echo(f"no such run below {root}", err=True)
    return int(ExitCode.YES)


def _void(project: str | None) -> Mapping[str, Void]:
    if project is None and not log_is_near():
        return {}
    from billing_canary.cli.void_runs import void_near

    return void_near(project)


def _matching(names: Iterable[tuple[str, str]], chosen: _Filter, reader: StatusReader) -> Iterator[RunRow]:
    for kind, run_id in names:
        if not chosen.by_name(run_id):
            continue
        seen = None if chosen.is_open else reader.glance(kind, run_id)
        if seen is not None and not chosen.may_match(kind, run_id, seen):
            continue
        row = reader.read(kind, run_id)
        if chosen.matches(row) and not is_gone(row):
            yield row


def _ago(seconds: int) -> str:
    from billing_canary.clock import SystemClock, utc_text

    return utc_text(SystemClock().now() - seconds)


def _compact(instant: str) -> str:
    return instant.replace("-", "").replace(":", "")[:_SECOND]


def _document(row: RunRow, void: Mapping[str, Void]) -> dict[str, object]:
    said = void.get(f"{row.kind}/{row.run_id}")
    return {**asdict(row), "folder": str(row.folder), VOID: None if said is None else asdict(said)}


def _lines(row: RunRow, void: Mapping[str, Void]) -> Iterator[str]:
    said, paint = void.get(f"{row.kind}/{row.run_id}"), painter(err=False)
    started = minute(row.started_at) if row.started_at else "start unknown"
    status = fit(VOID if said else row.status, 12)
    run = f"{plain(row.run_id)} shard {plain(row.shard)}" if row.shard else plain(row.run_id)
    yield f"{paint(status, row.severity)} {fit(started, 20)} {fit(row.kind, 18)} {run}"
    reason = f"was {row.status}; {said.by}: {said.reason}" if said else row.reason
    yield f"    {fit(plain(reason), 76).rstrip()}"
