"""The log of a suite's output: masked, on disk at once, and capped; size and hash are of all of it.

Only what is kept is masked: a suite that writes a gigabyte costs little more than hashing it.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from pathlib import Path

from billing_canary.artifact.atomic import refusal, writing
from billing_canary.artifact.capped_log import LOG_LIMIT, LogSize
from billing_canary.artifact.masking import MaskedBytes
from billing_canary.redact import Redactor

_BLOCK = 1 << 18


class OutputLog:
    """Takes bytes as they come. `write` never raises; `close` raises the first failure."""

    def __init__(self, file: Path, redact: Redactor, limit: int = LOG_LIMIT) -> None:
        self._file = file
        self._masked = MaskedBytes(redact)
        self._half = limit // 2
        self._room = self._half
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._true_bytes = 0
        self._digest = hashlib.sha256()
        self._failure: OSError | None = None
        self._size: LogSize | None = None
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._stream = file.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Add `data`."""
        if self._size is not None:
            return
        self._true_bytes += len(data)
        self._digest.update(data)
        head, rest = data[: self._room], data[self._room :]
        if head:
            self._room -= len(head)
            self._put(self._masked.feed(head))
        if rest:
            self._remember(rest)

    def close(self) -> LogSize:
        """Finish the file; a second call answers the same.

        Raises:
            EvidenceError: something could not be written.
        """
        if self._size is None:
            self._finish()
            self._size = LogSize(true_bytes=self._true_bytes, true_sha256=self._digest.hexdigest())
        if self._failure is not None:
            raise refusal(self._file, self._failure)
        return self._size

    def _remember(self, data: bytes) -> None:
        data = data[-self._half :]
        self._tail.append(data)
        self._tail_bytes += len(data)
        while self._tail_bytes - len(self._tail[0]) >= self._half:
            self._tail_bytes -= len(self._tail.popleft())

    def _finish(self) -> None:
        if self._true_bytes > (self._half - self._room) + self._tail_bytes:
            self._put(self._masked.cut())
            left_out = self._true_bytes - 2 * self._half
            self._put(f"\n[... about {left_out} bytes left out ...]\n".encode())
            self._tail[0] = self._tail[0][max(0, self._tail_bytes - self._half) :]
            self._masked.skip_cut_start()
        while self._tail:
            piece = self._tail.popleft()
            for start in range(0, len(piece), _BLOCK):
                self._put(self._masked.feed(piece[start : start + _BLOCK]))
        self._put(self._masked.finish())
        self._sync()

    def _put(self, data: bytes) -> None:
        if data and self._failure is None:
            try:
                self._stream.write(data)
            except OSError as error:
                self._failure = error

    def _sync(self) -> None:
        try:
            with self._stream:
                os.fsync(self._stream.fileno())
        except OSError as error:
            self._failure = self._failure or error
