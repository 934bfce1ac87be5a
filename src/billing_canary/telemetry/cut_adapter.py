"""An HTTP adapter whose connections another thread can cut.

Timeouts of `requests` start anew with every byte, so a server that drips could hold a run for days;
a deadline for the whole has to end the connection itself.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Sockets:
    """Second descriptors of open connections: they survive the change to TLS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._over = False

    def add(self, new: socket.socket) -> None:
        with self._lock:
            self._held.append(new.dup())
            if self._over:
                self._end()

    def cut(self) -> None:
        with self._lock:
            self._over = True
            self._end()

    def _end(self) -> None:
        for held in self._held:
            with suppress(OSError):  # the other side was faster
                held.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        with self._lock:
            for held in self._held:
                held.close()
            self._held.clear()


class CutAdapter(HTTPAdapter):
    """No retries, no pool beyond one connection; `cut` ends every connection at once."""

    def __init__(self) -> None:
        self._sockets = _Sockets()
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools with connections that are remembered."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._sockets)

    def cut(self) -> None:
        """End every connection, and each that is still made; whoever waits for one gets an error."""
        self._sockets.cut()

    def forget(self) -> None:
        """Let go of everything."""
        self._sockets.forget()


def _pools(sockets: _Sockets) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            sockets.add(made)
            return made

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            sockets.add(made)
            return made

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}
