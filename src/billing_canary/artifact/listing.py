"""Listing the runs below an artifacts folder, newest first, reading no more than what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.run_id import check_run_id
from billing_canary.artifact.run_order import names_newest_first
from billing_canary.artifact.run_row import RunRow, is_gone, read_row
from billing_canary.artifact.status import DAMAGED, INTERRUPTED
from billing_canary.errors import wrong_call

__all__ = ["DAMAGED", "INTERRUPTED", "RunRow", "find_runs", "list_runs", "newest_first"]


def list_runs(root: Path, kinds: Iterable[str] = ()) -> Iterator[RunRow]:
    """The runs of `kinds` (all, when none is named) below `root`, newest first, each read when asked for.

    The order comes from the start that a generated run id tells; only for other names is `run.json` read
    beforehand. File times are not used, since copying changes them.
    """
    for folder in newest_first(root, kinds):
        row = read_row(folder)
        if not is_gone(row):
            yield row


def newest_first(root: Path, kinds: Iterable[str] = ()) -> Iterator[Path]:
    """The folders of the runs that `list_runs` reads, in its order.

    Raises:
        EvidenceError: a folder of runs cannot be listed. All are before the first is answered.
    """
    return (root / kind / name for kind, name in names_newest_first(root, kinds))


def find_runs(root: Path, run_id: str) -> tuple[Path, ...]:
    """The folders of the runs called `run_id`, one for each kind that has it.

    Raises:
        ProjectError: there is none.
    """
    check_run_id(run_id)
    found = tuple(root / kind / run_id for kind in KINDS if _is_folder(root / kind / run_id))
    if not found:
        fix = "see 'billing-canary runs list', or name another folder with --artifacts"
        raise wrong_call("RUN_ID", f"no run {run_id!r} below {root}", fix)
    return found


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
