"""Masking secrets in bytes that come in pieces, in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Callable

_LONGEST_LINE = 1 << 16
"""Characters; what is longer without an end of line is passed on in parts."""

_OVERLAP = 4_096
"""Characters that wait for what follows, so that a secret cut in two is still recognised."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class MaskedBytes:
    """Bytes in, masked bytes out: whole lines as they come, the rest at the end.

    UTF-16 is known by its byte order mark in the first piece; everything else is taken for UTF-8, and
    bytes that are none come out as they went in.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._waiting = ""
        self._skipped = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._encoder: codecs.IncrementalEncoder | None = None

    def feed(self, data: bytes) -> bytes:
        """What of `data`, and of what waited, is complete."""
        self._waiting += self._decode(data)
        end = self._waiting.rfind("\n") + 1
        if not end and len(self._waiting) <= _LONGEST_LINE:
            return b""
        if not end:
            self._waiting = self._redact(self._waiting)
            end = max(0, len(self._waiting) - _OVERLAP)
            whole, self._waiting = self._waiting[:end], self._waiting[end:]
            return self._encode(whole)
        whole, self._waiting = self._waiting[:end], self._waiting[end:]
        return self._encode(self._redact(whole))

    def finish(self) -> bytes:
        """The rest."""
        rest, self._waiting = self._redact(self._waiting), ""
        return self._encode(rest)

    def skip_cut_start(self) -> None:
        """What comes next starts anywhere: leave out as much of it as may be half a secret."""
        self._skipped = _OVERLAP

    def cut(self) -> bytes:
        """The rest of something that goes on where nobody reads it: without what may be half a secret."""
        rest, self._waiting = self._redact(self._waiting)[:-_OVERLAP], ""
        return self._encode(rest)

    def _decode(self, data: bytes) -> str:
        if self._decoder is None:
            wide = data.startswith(_UTF16)
            name, errors = ("utf-16", "replace") if wide else ("utf-8", "surrogateescape")
            self._decoder = codecs.getincrementaldecoder(name)(errors)
            self._encoder = codecs.getincrementalencoder(name)(errors)
        return self._decoder.decode(data)

    def _encode(self, text: str) -> bytes:
        if self._skipped:
            left_out = min(self._skipped, len(text))
            text, self._skipped = text[left_out:], self._skipped - left_out
        return self._encoder.encode(text) if self._encoder is not None and text else b""
