"""Standard output and error that cannot change a verdict: nobody may be there to read them."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, TextIO, cast


class Output:
    """A standard stream that keeps its first failure to itself; from then on it goes nowhere.

    Attributes:
        failure: why it could not be written, or None.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write `text` as far as the system allows."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Flush as far as the system allows."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError) -> None:
        self.failure = self.failure or error
        # What is still buffered goes there too, so that Python does not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def use_forgiving_streams() -> Output:
    """Put an `Output` in the place of stdout and of stderr; the one for stdout.

    A stream that the caller closed is opened on the null device: otherwise the next file or socket would
    get its number, and what is printed would end there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - stays open
    output = Output(sys.stdout)
    sys.stdout = cast("TextIO", output)
    sys.stderr = cast("TextIO", Output(sys.stderr))
    return output


def settled(output: Output, code: int) -> int:
    """The exit code once stdout is flushed.

    A reader that went away wanted no more, and `code` stands. A full disk lost what was asked for, so a
    yes becomes "can't tell".
    """
    output.flush()
    if output.failure is None or output.failure.errno == errno.EPIPE:
        return code
    sys.stderr.write(f"stdout cannot be written: {output.failure.strerror}\n")
    return code or 3
