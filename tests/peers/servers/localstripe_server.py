"""Serves localstripe on loopback, in localstripe's own environment; argument: the port.

Its own command listens on every interface and writes its store into one file of the machine.
"""

from __future__ import annotations

import os
import sys
import threading

from aiohttp import web  # type: ignore[import-not-found]  # it lives in the peer's environment only
from localstripe import resources, server  # type: ignore[import-not-found]  # the same


def _keep_in_memory(_store: object) -> None:
    return None


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    resources.Store.dump_to_disk = _keep_in_memory
    threading.Thread(target=_end_with_parent, daemon=True).start()
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
