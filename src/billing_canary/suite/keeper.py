"""The keeper: a small child process that starts suites and outlives nothing.

Every process of a suite, daemons included, stays below the keeper, because it adopts orphans. When
the run goes away, in whatever way, the connection to it ends, and the keeper kills all that is left.
So `kill -9` of a run leaves nobody behind, at the price of one fork for the whole run.

Requests and events are lines of JSON over a socket; the output descriptor comes with the request.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from select import select
from typing import Any

from billing_canary.suite.process_tree import adopt_orphans, belongs, descendants, kill, signal_group

MARK = "BILLING_CANARY_SUITE"
"""The variable that everything which a suite starts carries; its value is of one attempt alone."""

_CHUNK = 1 << 16
_SWEEPS = 200
_PAUSE_S = 0.005


@dataclass(frozen=True, kw_only=True)
class _Leader:
    """A suite's first process; its mark is in the environment of everything that it starts."""

    process: subprocess.Popen[bytes]
    mark: bytes


class Keeper:
    """The child's side. `serve` returns when the run has gone and nobody is left."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._wake, wake_end = os.pipe()
        os.set_blocking(wake_end, False)
        self._wake_end = wake_end
        self._leaders: dict[int, _Leader] = {}
        self._pending = b""
        self._outputs: list[int] = []
        self._orders: dict[str, Callable[[dict[str, Any]], None]] = {
            "start": self._start,
            "stop": lambda order: signal_group(order["pid"], signal.SIGTERM),
            "kill": self._kill,
        }

    def serve(self) -> None:
        """Obey until the connection ends."""
        adopt_orphans()
        self._prepare_signals()
        try:
            while self._connected():
                self._reap()
        finally:
            self._end_everybody()

    def _prepare_signals(self) -> None:
        """Handlers, not SIG_IGN: what is ignored would stay ignored in every suite."""
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.set_wakeup_fd(self._wake_end, warn_on_full_buffer=False)

    def _connected(self) -> bool:
        """Wait for an order or the end of a child; False when the run has gone."""
        link = self._link.fileno()
        ready, _, _ = select([link, self._wake], [], [])
        if self._wake in ready:
            os.read(self._wake, _CHUNK)
        if link not in ready:
            return True
        data, outputs, _, _ = socket.recv_fds(self._link, _CHUNK, 16)
        self._outputs += outputs
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            self._orders[order["do"]](order)
        return bool(data)

    def _start(self, order: dict[str, Any]) -> None:
        output = self._outputs.pop(0)
        try:
            process = subprocess.Popen(
                order["argv"],
                cwd=order["cwd"],
                env={**os.environ, **order["env"], MARK: order["mark"]},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            told = getattr(error, "strerror", None) or str(error)
            self._say({"event": "failed", "error": f"{order['argv'][0]}: {told}"})
        else:
            self._leaders[process.pid] = _Leader(process=process, mark=f"{MARK}={order['mark']}\0".encode())
            self._say({"event": "started", "pid": process.pid})
        finally:
            os.close(output)

    def _kill(self, order: dict[str, Any]) -> None:
        leader = self._leaders.get(order["pid"])
        if leader is not None:
            self._sweep(order["pid"], leader.mark)

    def _reap(self) -> None:
        """Take in every child that ended; a suite's end takes with it whatever it left behind."""
        while (ended := _ended_child()) is not None:
            pid, status = ended
            leader = self._leaders.pop(pid, None)
            if leader is not None:
                code = leader.process.returncode = os.waitstatus_to_exitcode(status)
                left = self._sweep(pid, leader.mark)
                self._say({"event": "ended", "pid": pid, "code": code, "left": left})

    def _sweep(self, leader: int, mark: bytes) -> int:
        """Kill all that is left of the suite that `leader` began; how many processes that were."""
        swept = set(self._left_of(leader, mark))  # before the first signal: the dead are not counted
        signal_group(leader, signal.SIGKILL)
        for _ in range(_SWEEPS):
            left = self._left_of(leader, mark)
            if not left:
                break
            swept.update(left)
            for pid in left:
                kill(pid)
            time.sleep(_PAUSE_S)
        return len(swept)

    def _left_of(self, leader: int, mark: bytes) -> list[int]:
        """What is alive of the suite, its leader apart."""
        below = (pid for pid in descendants(os.getpid()) if pid not in self._leaders)
        return [pid for pid in below if belongs(pid, leader, mark) and not _is_dead(pid)]

    def _end_everybody(self) -> None:
        for pid in self._leaders:
            signal_group(pid, signal.SIGKILL)
        for _ in range(_SWEEPS):
            for pid in descendants(os.getpid()):
                kill(pid)
            if not _reap_all():
                return
            time.sleep(_PAUSE_S)

    def _say(self, event: dict[str, Any]) -> None:
        with suppress(OSError):  # the run has gone; the next look at the connection says so
            self._link.sendall(json.dumps(event).encode() + b"\n")


def _ended_child() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _reap_all() -> bool:
    """Take in what ended; whether anybody is left."""
    while True:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                return True
        except ChildProcessError:
            return False


def _is_dead(pid: int) -> bool:
    """Whether it only waits to be taken in: it can be killed no more."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - a hot path
            return stat.read().rpartition(b")")[2].split()[0] in {b"Z", b"X"}
    except OSError:
        return True
