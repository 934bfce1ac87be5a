"""Logs with a ceiling: the head and the tail are kept, the true size and hash are recorded."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import BinaryIO

LOG_LIMIT = 20_000_000
"""Bytes of a log that a bundle keeps: half from its start, half from its end."""


@dataclass(frozen=True, kw_only=True)
class LogSize:
    """What the whole log was before it was shortened: its bytes and their SHA-256."""

    true_bytes: int
    true_sha256: str


class CappedLog:
    """Passes bytes on to a stream until half of `limit` is reached, then remembers only the end."""

    def __init__(self, sink: BinaryIO, limit: int = LOG_LIMIT) -> None:
        self._sink = sink
        self._half = limit // 2
        self._room = self._half
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._true_bytes = 0
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Add `data` to the log."""
        self._true_bytes += len(data)
        self._digest.update(data)
        head, rest = data[: self._room], data[self._room :]
        if head:
            self._sink.write(head)
            self._room -= len(head)
        if rest:
            self._remember(rest)

    def close(self) -> LogSize:
        """Write the remembered end behind a line that says what was left out."""
        tail = b"".join(self._tail)[-self._half :]
        left_out = self._true_bytes - (self._half - self._room) - len(tail)
        if left_out:
            self._sink.write(f"\n[... {left_out} bytes left out ...]\n".encode())
        self._sink.write(tail)
        self._sink.flush()
        return LogSize(true_bytes=self._true_bytes, true_sha256=self._digest.hexdigest())

    def _remember(self, data: bytes) -> None:
        self._tail.append(data)
        self._tail_bytes += len(data)
        while self._tail_bytes - len(self._tail[0]) >= self._half:
            self._tail_bytes -= len(self._tail.popleft())
