"""One HTTP request read from a bare socket, for servers that answer what no HTTP library would."""

from __future__ import annotations

import re
import socket

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def take_request(connection: socket.socket) -> bytes:
    """Everything of it: closing a socket with unread data resets it, and the answer may be lost."""
    taken = b""
    while b"\r\n\r\n" not in taken:
        taken += _more(connection)
    head, _, body = taken.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    while found is not None and len(body) < int(found[1]):
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65_536)
    if not piece:
        raise ConnectionResetError("the client is gone")
    return piece
