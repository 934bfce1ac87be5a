"""Which runs are below an artifacts folder, newest first, by their names alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.run_id import all_timed, start_in
from billing_canary.errors import EvidenceError

_HIDDEN = "."
"""What begins so is no run: no run id does."""


def names_newest_first(root: Path, kinds: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Kind and run id of each run of `kinds` (all, when none is named) below `root`, newest first.

    No paths: making ten thousand of them would take longer than listing them.

    Raises:
        EvidenceError: a folder of runs cannot be listed. All are before the first is answered.
    """
    found = [(kind, in_order(root / kind, scan(root / kind).runs)) for kind in (tuple(kinds) or KINDS)]
    filled = [(kind, names) for kind, names in found if names]
    if len(filled) == 1:
        kind, names = filled[0]
        return ((kind, name) for name in names)
    keyed = [(_key(root / kind, name), name, kind) for kind, names in filled for name in names]
    return ((kind, name) for _, name, kind in sorted(keyed, reverse=True))


def in_order(folder: Path, names: list[str]) -> list[str]:
    """The runs of one kind, which are in `folder`, newest first."""
    if all_timed(names):
        return sorted(names, reverse=True)
    return [name for _, name in sorted(((_key(folder, name), name) for name in names), reverse=True)]


def _key(folder: Path, name: str) -> str:
    """What a run is sorted by: its own name where that begins with its start."""
    if start_in(name):
        return name
    from billing_canary.artifact.run_row import started_at  # noqa: PLC0415 - most names tell their start

    return _digits(started_at(folder / name))


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """The folders of one kind, in no order; links are none.

    Attributes:
        runs: the names that may be runs.
        hidden: the others: what a prune is removing.
    """

    runs: list[str]
    hidden: list[str]


def scan(folder: Path) -> Scanned:
    """What is in the folder of one kind.

    Raises:
        EvidenceError: it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be listed: {error.strerror}") from error
    hidden = [name for name in names if name[0] == _HIDDEN]
    return Scanned(runs=[name for name in names if name[0] != _HIDDEN] if hidden else names, hidden=hidden)


def _digits(instant: str) -> str:
    return instant.replace("-", "").replace(":", "")
