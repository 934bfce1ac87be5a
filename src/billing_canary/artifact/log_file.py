"""The log of a run while it is written: redacted line by line, on disk at once, and capped."""

from __future__ import annotations

import os
from pathlib import Path

from billing_canary.artifact.atomic import refusal, writing
from billing_canary.artifact.capped_log import LOG_LIMIT, CappedLog, LogSize
from billing_canary.redact import Redactor


class LogFile:
    """A text stream for `logging.StreamHandler` and for direct use.

    `write` never raises: a run must not die of its log. The first failure is kept, and `close` raises
    it, so that the bundle is not completed as if the log were whole.
    """

    def __init__(self, file: Path, redact: Redactor, limit: int = LOG_LIMIT) -> None:
        self._file = file
        self._redact = redact
        self._failure: OSError | None = None
        self._size: LogSize | None = None
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._stream = file.open("xb")
        self._log = CappedLog(self._stream, limit)

    def write(self, text: str) -> int:
        """Add `text`, one whole line or more: a secret cut in two calls could not be recognised."""
        if self._failure is None and self._size is None:
            try:
                self._log.write(self._redact(text).encode("utf-8", "backslashreplace"))
                self._stream.flush()
            except OSError as error:
                self._failure = error
        return len(text)

    def flush(self) -> None:
        """Nothing waits: every write goes to the file at once."""

    def close(self) -> LogSize:
        """Finish the file; a second call answers the same.

        Raises:
            EvidenceError: a line could not be written.
        """
        if not self._stream.closed:
            self._finish()
        if self._failure is not None:
            raise refusal(self._file, self._failure)
        assert self._size is not None  # noqa: S101 - it is set where there was no failure
        return self._size

    def _finish(self) -> None:
        try:
            with self._stream:
                self._size = self._log.close()
                os.fsync(self._stream.fileno())
        except OSError as error:
            self._failure = self._failure or error
