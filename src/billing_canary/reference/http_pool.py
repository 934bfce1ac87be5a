"""Keep-alive connections to one HTTP server, shared by threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

_TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Response:
    """One answer, read whole."""

    status: int
    body: bytes


class HttpPool:
    """Idle connections to `base_url`, the latest used first."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{base_url!r} is no http(s) address")
        self._factory = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        """Send one request and read its answer.

        Raises:
            OSError: no connection, or it broke.
            http.client.HTTPException: the answer is no HTTP.
        """
        connection = self._take()
        try:
            connection.request(method, self._prefix + path, body, dict(headers))
            raw = connection.getresponse()
            response = Response(status=raw.status, body=raw.read())
        except (OSError, HTTPException):
            connection.close()
            raise
        self._give_back(connection)
        return response

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._factory(self._host, self._port, timeout=_TIMEOUT_S)

    def _give_back(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._idle.append(connection)
