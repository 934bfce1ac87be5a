"""A suite's output on its way into the log: one pipe, read as fast as it comes."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from select import select

from billing_canary.suite.attempt import LogSink

_PIPE_BYTES = 1 << 20
"""A large pipe means fewer turns for a suite that writes much."""

_DRAIN_S = 0.5


class Output:
    """The reading end of a suite's standard output and error, with the log that they go to."""

    def __init__(self, sink: LogSink) -> None:
        self.sink = sink
        self._read_end, self.write_end = os.pipe()
        self._is_ended = False
        with suppress(OSError, AttributeError):
            fcntl.fcntl(self._read_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def is_open(self) -> bool:
        """Whether somebody may still write."""
        return not self._is_ended

    def fileno(self) -> int:
        """For `select`."""
        return self._read_end

    def close_write_end(self) -> None:
        """Leave writing to the suite."""
        os.close(self.write_end)
        self.write_end = -1

    def read(self) -> bool:
        """Take in what is there, waiting for it if need be; False when nobody can write any more."""
        data = os.read(self._read_end, _PIPE_BYTES)
        self.sink.write(data)
        self._is_ended = not data
        return bool(data)

    def drain(self) -> None:
        """Take in the rest and close; who still writes has escaped, and is not listened to for long."""
        if self.write_end >= 0:
            self.close_write_end()
        deadline = time.monotonic() + _DRAIN_S
        while not self._is_ended and time.monotonic() < deadline:
            if not select([self._read_end], [], [], _DRAIN_S)[0]:
                break
            self.read()
        os.close(self._read_end)
