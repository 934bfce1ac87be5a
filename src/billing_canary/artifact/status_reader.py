"""What runs came to, looked up as cheaply as it is sure: a file's head, the index, the whole bundle."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.run_head import Glance, read_head

if TYPE_CHECKING:
    from billing_canary.artifact.run_index import IndexRow, RunIndex
    from billing_canary.artifact.run_row import RunRow

QUICK = 500
"""Runs whose heads are read before the index is: reading that as a whole takes as long."""


class StatusReader:
    """Looks at the runs below `root`, and remembers what the index ought to learn.

    Args:
        root: the artifacts folder.
        quick: how many heads are read before the index is used; None for all, and no index.
    """

    def __init__(self, root: Path, *, quick: int | None) -> None:
        self._root = root
        self._left = quick
        self._index: RunIndex | None = None
        self._news: list[IndexRow] = []

    def glance(self, kind: str, run_id: str) -> Glance | None:
        """What a quick look tells of a run; None when its bundle has to be read."""
        if self._left is None:
            return read_head(f"{self._root}/{kind}/{run_id}/{KINDS[kind].final}")
        if self._left > 0:
            self._left -= 1
            return read_head(f"{self._root}/{kind}/{run_id}/{KINDS[kind].final}")
        return self._known(kind, run_id)

    def read(self, kind: str, run_id: str) -> RunRow:
        """The run from its bundle."""
        from billing_canary.artifact.run_row import read_row, read_with_content  # noqa: PLC0415 - as below

        folder = self._root / kind / run_id
        if self._index is None:
            return read_row(folder)
        row, document, data = read_with_content(folder)
        if document:
            from billing_canary.artifact.run_index import index_row  # noqa: PLC0415 - see `_known`

            with suppress(FileNotFoundError):  # pruned meanwhile
                line = index_row(folder, document, data)
                if self._index.row(kind, run_id) != line:
                    self._news.append(line)
        return row

    def status(self, kind: str, run_id: str) -> str:
        """What the run came to; "" when it is not there any more."""
        seen = self.glance(kind, run_id)
        if seen is not None:
            return seen.overall_status
        from billing_canary.artifact.run_row import is_gone  # noqa: PLC0415 - as below

        row = self.read(kind, run_id)
        return "" if is_gone(row) else row.status

    def note(self) -> None:
        """Write to the index what it did not know, as well as the system allows."""
        if self._index is not None and (self._news or self._index.damaged):
            from billing_canary.artifact.run_index import note_rows  # noqa: PLC0415 - see `_known`

            note_rows(self._root, self._news, heal=self._index.damaged)
            self._news = []

    def _known(self, kind: str, run_id: str) -> Glance | None:
        """What the index tells, where the final file has the size and the time that it tells."""
        if self._index is None:
            from billing_canary.artifact.run_index import RunIndex  # noqa: PLC0415 - most lists need none

            self._index = RunIndex.of(self._root)
        row = self._index.row(kind, run_id)
        if row is None or not row.is_fresh(self._root):
            return None
        return Glance(overall_status=row.overall_status, commit=row.commit, tier=row.tier)


def note_present(root: Path, runs: Iterable[str]) -> None:
    """Tell the index that `runs` ("kind/run-id") are there after all."""
    from billing_canary.artifact.run_index import index_row, note_rows  # noqa: PLC0415 - as above
    from billing_canary.artifact.run_row import read_with_content  # noqa: PLC0415 - as above

    rows = []
    for folder in (root / run for run in runs):
        _, document, data = read_with_content(folder)
        if document:
            with suppress(FileNotFoundError):  # pruned meanwhile
                rows.append(index_row(folder, document, data))
    note_rows(root, rows, heal=False)
