"""One WSGI application on a loopback port, in threads of its own."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

import waitress
from waitress import wasyncore

from billing_canary.reference.web import BODY_LIMIT

_THREADS = 32
_BACKLOG = 256
_STOP_LIMIT_S = 2.0


class Server:
    """A listening server. It accepts connections from construction on and answers after `start`.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, app: Any, port: int = 0) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is load, not news
        self._server = waitress.create_server(
            app,
            # Bound here: waitress would start its threads before it finds out that a port is taken.
            sockets=[socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)],
            threads=_THREADS,
            ident="",
            clear_untrusted_proxy_headers=False,
            # Above our own limit, so that we answer in our own words; far above it waitress hangs up.
            max_request_body_size=4 * BODY_LIMIT,
            connection_limit=1000,
        )
        self._thread = threading.Thread(target=self._server.run, name="reference-http", daemon=True)

    @property
    def url(self) -> str:
        """Base URL without a trailing slash."""
        return f"http://127.0.0.1:{self._server.effective_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the running requests, then close every connection and end the threads."""
        self._server.task_dispatcher.shutdown(timeout=_STOP_LIMIT_S)
        with suppress(OSError):  # an earlier wake-up may run the order, and close the pipe, before ours
            self._server.trigger.pull_trigger(self._close_sockets)
        if self._thread.ident is not None:
            self._thread.join(_STOP_LIMIT_S)

    def _close_sockets(self) -> None:
        """Runs in the thread that polls the sockets: its loop ends when none is left."""
        wasyncore.close_all(self._server._map, ignore_all=True)  # noqa: SLF001 - waitress offers no other way
