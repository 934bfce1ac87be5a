"""Listing the runs below an artifacts folder, newest first, reading no more than what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.reader import read_json, read_run
from billing_canary.artifact.run_id import check_run_id, start_in
from billing_canary.errors import EvidenceError, wrong_call
from billing_canary.model import Status

INTERRUPTED = "interrupted"
DAMAGED = "damaged"


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run as a list shows it.

    Attributes:
        status: its overall status, or "interrupted" without a final file, or "damaged" when the final
            file cannot be read.
        started_at: RFC 3339 UTC, or "" when neither file tells.
        reason: the worst reason of the verdict, or why the run cannot be read.
        shard: "k/n" when it is one of several, else "".
    """

    kind: str
    run_id: str
    status: str
    mode: str
    started_at: str
    reason: str
    folder: Path
    shard: str = ""

    @property
    def severity(self) -> Status:
        """The status whose colour it gets: a run that ended without a verdict tells nothing."""
        return Status(self.status) if self.status in set(Status) else Status.INCONCLUSIVE


def list_runs(root: Path, kinds: Iterable[str] = ()) -> Iterator[RunRow]:
    """The runs of `kinds` (all, when none is named) below `root`, newest first, each read when asked for.

    The order comes from the start that a generated run id tells; only for other names is `run.json` read
    beforehand. File times are not used, since copying changes them.
    """
    for folder in newest_first(root, kinds):
        yield _row(folder)


def newest_first(root: Path, kinds: Iterable[str] = ()) -> list[Path]:
    """The folders of the runs that `list_runs` reads, in its order."""
    folders = [folder for kind in (tuple(kinds) or KINDS) for folder in _runs(root / kind)]
    return sorted(folders, key=_start, reverse=True)


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


def _runs(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if _is_folder(entry)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be listed: {error.strerror}") from error


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _start(folder: Path) -> tuple[str, str]:
    told = start_in(folder.name)
    return (told or _digits(_started_at(folder)), folder.name)


def _digits(instant: str) -> str:
    return instant.replace("-", "").replace(":", "")


def _started_at(folder: Path) -> str:
    try:
        return str(read_run(folder)["started_at"])
    except EvidenceError:
        return ""


def _row(folder: Path) -> RunRow:
    final = KINDS[folder.parent.name].final
    if not (folder / final).exists():
        return _unreadable(folder, INTERRUPTED, _interruption(folder))
    try:
        return _finished(folder, read_json(folder, final).document)
    except (EvidenceError, KeyError, IndexError, TypeError) as error:
        return _unreadable(folder, DAMAGED, str(error))


def _finished(folder: Path, document: dict[str, Any]) -> RunRow:
    """Reads only what it shows; the schema is for those who judge (it costs more than the reading)."""
    return RunRow(
        kind=folder.parent.name,
        run_id=folder.name,
        status=str(document["overall_status"]),
        mode=str(document["mode"]),
        started_at=str(document["started_at"]),
        reason=str(document["reasons"][0]),
        folder=folder,
        shard=_shard(document.get("shard")),
    )


def _shard(told: Mapping[str, Any] | None) -> str:
    return "" if told is None else f"{told['index']}/{told['of']}"


def _interruption(folder: Path) -> str:
    try:
        run = read_run(folder)
    except EvidenceError as error:
        return str(error)
    return str(run.get("reason", "the final file was never written"))


def _unreadable(folder: Path, status: str, reason: str) -> RunRow:
    return RunRow(
        kind=folder.parent.name,
        run_id=folder.name,
        status=status,
        mode="",
        started_at=_started_at(folder),
        reason=reason,
        folder=folder,
    )
