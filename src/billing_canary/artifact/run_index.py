"""The index of finished runs, `index.jsonl`: what was there and what it came to, without opening bundles.

One line for each finished run and one for each that was pruned; the last line about a run counts. It can
be deleted at any time: commands that have to read a bundle write its line anew. Nothing is judged by it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact.index_file import append_lines, keep_lines, read_index
from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.run_id import is_run_id
from billing_canary.artifact.status import overall_status

_FINISHED, _PRUNED = "finished", "pruned"
_EVENT = b',"event":"'
_ENDS = {_FINISHED: b'finished"', _PRUNED: b'pruned"'}


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """One finished run as its line tells.

    Attributes:
        commit: full hash, or "" when the run knew none.
        sha256: hash of the final file.
        size: of the final file, in bytes.
        mtime_ns: when the final file was written, as the file system keeps it.
    """

    kind: str
    run_id: str
    overall_status: str
    mode: str
    tier: str
    commit: str
    started_at: str
    finished_at: str
    sha256: str
    size: int
    mtime_ns: int

    def is_fresh(self, root: Path) -> bool:
        """Whether the final file is still the one of this line, as far as size and time tell."""
        try:
            found = os.lstat(f"{root}/{self.kind}/{self.run_id}/{KINDS[self.kind].final}")
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns) and stat.S_ISREG(
            found.st_mode
        )


class RunIndex:
    """The index as it was when it was read.

    Attributes:
        damaged: whether a line in it is no line of an index.
    """

    def __init__(self, data: bytes) -> None:
        self._lines: dict[bytes, bytes] = {}
        self.damaged = False
        for line in data.split(b"\n"):
            if not line:
                continue
            end = line.find(_EVENT)
            if end > 0 and line[-1:] == b"}":
                self._lines[line[:end]] = line
            else:
                self.damaged = True

    @classmethod
    def of(cls, root: Path) -> RunIndex:
        """The index below `root`; an empty one when there is none."""
        return cls(read_index(root))

    def row(self, kind: str, run_id: str) -> IndexRow | None:
        """What the index says about a run; None when it knows no such run, or knows that it was pruned."""
        line = self._lines.get(_prefix(kind, run_id))
        return None if line is None else _read(line)

    def finished(self) -> set[tuple[str, str]]:
        """Kind and run id of each run that finished and was not pruned since."""
        rows = (_read(line) for line in self._lines.values() if _is(line, _FINISHED))
        return {(row.kind, row.run_id) for row in rows if row is not None}


def missing_runs(root: Path) -> tuple[str, ...]:
    """`kind/run-id` of each run below `root` that finished, that nobody pruned, and whose folder is gone.

    What is no longer in the index is not missed: deleting the index hides a deletion.
    """
    known = RunIndex.of(root).finished()
    gone = {run for run in known if not _is_there(root, run)}
    if gone:  # a prune may have been at work between the two looks
        gone &= RunIndex.of(root).finished()
    return tuple(sorted(f"{kind}/{run_id}" for kind, run_id in gone))


def note_finished(folder: Path, document: Mapping[str, Any], data: bytes) -> None:
    """Append the line of the run whose final file was just written; a run never fails by it."""
    with suppress(OSError, KeyError, TypeError, ValueError):
        append_lines(folder.parent.parent, [finished_line(index_row(folder, document, data))])


def note_rows(root: Path, rows: Iterable[IndexRow], *, heal: bool) -> None:
    """Append lines for runs that had to be read since they had none; drop what is no line, if `heal`."""
    with suppress(OSError):
        if heal:
            keep_lines(root, _is_sound)
        # Looked for under the lock: a prune tells the index once more after it removed a run.
        there = (row for row in rows if _is_there(root, (row.kind, row.run_id)))
        append_lines(root, map(finished_line, there))


def note_pruned(root: Path, runs: Iterable[tuple[str, str]], at: str) -> None:
    """Append, for good, that `runs` (kind, run id) were pruned at `at`: before they are, and again after.

    Before, since a prune may be killed; after, since somebody may have read one meanwhile and noted it.

    Raises:
        OSError: the system refused; then nothing may be removed.
    """
    append_lines(root, (_line(kind, run_id, _PRUNED, {"at": at}) for kind, run_id in runs), lasting=True)


def index_row(folder: Path, document: Mapping[str, Any], data: bytes) -> IndexRow:
    """The row of the bundle in `folder`, whose final file is `data`, read as `document`.

    Raises:
        KeyError: it is no final document.
        OSError: the final file is not there.
    """
    kind = folder.parent.name
    return IndexRow(
        kind=kind,
        run_id=folder.name,
        overall_status=overall_status(document),
        mode=str(document.get("mode") or ""),
        tier=str(document.get("tier") or ""),
        commit=str(document.get("commit") or ""),
        started_at=str(document["started_at"]),
        finished_at=str(document["finished_at"]),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        mtime_ns=os.lstat(folder / KINDS[kind].final).st_mtime_ns,
    )


def finished_line(row: IndexRow) -> bytes:
    """`row` as its line."""
    rest = asdict(row)
    return _line(rest.pop("kind"), rest.pop("run_id"), _FINISHED, rest)


def _line(kind: str, run_id: str, event: str, rest: Mapping[str, Any]) -> bytes:
    told = json.dumps({"event": event, **rest}, separators=(",", ":"))
    return _prefix(kind, run_id) + b"," + told[1:].encode()


def _prefix(kind: str, run_id: str) -> bytes:
    return f'{{"kind":"{kind}","run_id":"{run_id}"'.encode()


def _is(line: bytes, event: str) -> bool:
    return line.startswith(_ENDS[event], line.find(_EVENT) + len(_EVENT))


def _is_sound(line: bytes) -> bool:
    return _read(line) is not None or _parsed(line).get("event") == _PRUNED


def _read(line: bytes) -> IndexRow | None:
    found = _parsed(line)
    if found.pop("event", None) != _FINISHED:
        return None
    try:
        row = IndexRow(**found)
    except TypeError:
        return None
    texts = [value for name, value in found.items() if name not in {"size", "mtime_ns"}]
    known = row.kind in KINDS and all(isinstance(text, str) for text in texts) and is_run_id(row.run_id)
    return row if known and type(row.size) is int and type(row.mtime_ns) is int else None


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_there(root: Path, run: tuple[str, str]) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(f"{root}/{run[0]}/{run[1]}").st_mode)
    except OSError:
        return False
