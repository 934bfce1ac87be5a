"""`logs/created.jsonl`: which accounts a run opened and closed, on disk before the next step is taken.

It outlives a kill of the run. Ids only: an account's key never gets here. An account whose id the
run never learned, because the answer was lost or the run was killed before it came, is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from billing_canary import strict_json
from billing_canary.artifact.log_file import LogFile
from billing_canary.artifact.regular_file import read_bytes
from billing_canary.clock import Clock, utc_text
from billing_canary.errors import EvidenceError
from billing_canary.redact import MASK

JOURNAL_FILE = "logs/created.jsonl"
OPENED, CLOSED = "opened", "closed"

_LIMIT = 32_000_000
"""Bytes; above the ceiling of every log of a bundle."""

_NO_SEGMENT = frozenset({"", ".", ".."})


class Journal:
    """The journal of a run while it is written, by the threads of all probes."""

    def __init__(self, log: LogFile, run_id: str, clock: Clock) -> None:
        self._log = log
        self._run_id = run_id
        self._clock = clock
        self._lock = Lock()

    def opened(self, account: str) -> None:
        """Note that `account` was opened."""
        self._note(OPENED, account)

    def closed(self, account: str) -> None:
        """Note that `account` was closed."""
        self._note(CLOSED, account)

    def _note(self, change: str, account: str) -> None:
        line = {"at": utc_text(self._clock.now()), "change": change, "account": account}
        text = json.dumps({**line, "run_id": self._run_id})
        with self._lock:
            self._log.write(f"{text}\n")


@dataclass(frozen=True, kw_only=True)
class Journaled:
    """What a journal tells.

    Attributes:
        open: ids of the accounts that were opened and not closed, in the order of their opening.
        unreadable: lines that tell nothing: cut short, or an id that was masked because it looks like a
            secret. An account may be hidden in each.
    """

    open: tuple[str, ...]
    unreadable: int = 0


def read_journal(folder: Path, run_id: str) -> Journaled | None:
    """The journal of the bundle in `folder`, or None when it has none.

    Raises:
        EvidenceError: it cannot be read safely, or a line is of another run than `run_id`.
    """
    if not (folder / JOURNAL_FILE).exists():
        return None
    lines = read_bytes(folder, JOURNAL_FILE, _LIMIT).splitlines()
    entries = [_entry(line) for line in lines if line.strip()]
    accounts: dict[str, bool] = {}
    for entry in filter(None, entries):
        if entry["run_id"] != run_id:
            raise EvidenceError(f"{folder / JOURNAL_FILE}: a line is of run {entry['run_id'][:120]!r}")
        accounts[entry["account"]] = entry["change"] == OPENED
    still = tuple(account for account, is_open in accounts.items() if is_open)
    return Journaled(open=still, unreadable=entries.count(None))


def _entry(line: bytes) -> dict[str, str] | None:
    try:
        entry = strict_json.parse(line, JOURNAL_FILE)
    except EvidenceError:
        return None
    return entry if isinstance(entry, dict) and all(_sound(entry)) else None


def _sound(entry: dict[str, Any]) -> Iterator[bool]:
    yield entry.get("change") in {OPENED, CLOSED}
    for name in ("account", "run_id"):
        value = entry.get(name)
        yield isinstance(value, str) and value not in _NO_SEGMENT and MASK not in value
