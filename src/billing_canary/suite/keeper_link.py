"""The run's side of the keeper: start suites, stop them, and hear of their ends."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

from billing_canary.errors import EvidenceError
from billing_canary.suite.keeper import MARK, Keeper
from billing_canary.suite.process_tree import adopt_orphans, belongs, descendants, kill

_CHUNK = 1 << 16


class CannotStartError(Exception):
    """A command could not be started; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A suite's first process ended.

    Attributes:
        code: exit code; negative is the signal.
        left: how many processes it had left behind, which were killed.
    """

    pid: int
    code: int
    left: int


class KeeperLink:
    """A running keeper. Leaving the block ends it and every process below it."""

    def __init__(self, link: socket.socket, pid: int, mark: str) -> None:
        self._link = link
        self._pid = pid
        self._mark = mark
        self._pending = b""
        self._events: list[dict[str, Any]] = []

    @classmethod
    def start(cls, mark: str) -> Self:
        """Fork the keeper; `mark` begins the mark of every suite of this run."""
        ours, theirs = socket.socketpair()
        # If the keeper itself is killed, its suites come to this process, which then ends them.
        adopt_orphans()
        pid = os.fork()
        if pid == 0:
            _become_keeper(theirs)
        theirs.close()
        return cls(ours, pid, mark)

    def fileno(self) -> int:
        """For `select`: there is something to hear."""
        return self._link.fileno()

    def launch(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], mark: str, output: int
    ) -> int:
        """Start a command in a session of its own, its output going to `output`; its process id.

        Raises:
            CannotStartError: the system refused.
            EvidenceError: the keeper has gone.
        """
        order = {
            "do": "start",
            "argv": list(argv),
            "cwd": str(cwd),
            "env": dict(env),
            "mark": f"{self._mark}/{mark}",
        }
        data = json.dumps(order).encode() + b"\n"
        try:
            sent = socket.send_fds(self._link, [data], [output])
            self._link.sendall(data[sent:])
        except OSError:
            self._lost()
        return self._started()

    def stop(self, pid: int) -> None:
        """Ask the group of `pid` to end (SIGTERM)."""
        self._order("stop", pid)

    def kill(self, pid: int) -> None:
        """End everything that `pid` started."""
        self._order("kill", pid)

    @property
    def has_news(self) -> bool:
        """Whether something was heard beside the answer to an order, so that `select` tells it no more."""
        return bool(self._events)

    def ended(self) -> list[Ended]:
        """The ends that have been heard of; waits for none."""
        self._hear(wait=False)
        told, self._events = self._events, []
        return [Ended(pid=event["pid"], code=event["code"], left=event["left"]) for event in told]

    def close(self) -> None:
        """End the keeper and all that is below it; a second call does nothing."""
        if self._link.fileno() < 0:
            return
        self._link.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _order(self, what: str, pid: int) -> None:
        try:
            self._link.sendall(json.dumps({"do": what, "pid": pid}).encode() + b"\n")
        except OSError:
            self._lost()

    def _started(self) -> int:
        while True:
            for event in self._events:
                if event["event"] == "ended":
                    continue
                self._events.remove(event)
                if event["event"] == "failed":
                    raise CannotStartError(event["error"])
                return int(event["pid"])
            self._hear(wait=True)

    def _hear(self, *, wait: bool) -> None:
        try:
            data = self._link.recv(_CHUNK, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
        *lines, self._pending = (self._pending + data).split(b"\n")
        self._events += map(json.loads, lines)

    def _lost(self) -> NoReturn:
        """The keeper was killed: what it kept has come to this process, and ends here."""
        mark = f"{MARK}={self._mark}/".encode()
        for _ in range(3):  # killing a parent hands its children on
            for pid in descendants(os.getpid()):
                if belongs(pid, -1, mark):
                    kill(pid)
        raise EvidenceError("the process that starts the suites was killed, so their results are lost")


def _become_keeper(link: socket.socket) -> NoReturn:
    """In the child: nothing of the run may be kept open or run to its end here."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        handle = link.detach()
        os.dup2(handle, 3, inheritable=False)
        os.closerange(4, _first_unused())
        Keeper(socket.socket(fileno=3)).serve()
    finally:
        os._exit(0)  # no clean-up of the run's own objects


def _first_unused() -> int:
    """One above the highest descriptor that is open here."""
    with suppress(OSError):
        return max(map(int, os.listdir("/proc/self/fd"))) + 1  # noqa: PTH208 - names are all that is needed
    return 4096
