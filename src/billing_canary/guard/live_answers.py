"""Answers that speak of live money, however they write it."""

from __future__ import annotations

import re

from billing_canary.errors import RefusedError

LIVE_RULE = "never-live"

_QUOTE = rb"(?:\\*[\"']|&quot;|&#34;|%22)?"
_SAYS_LIVE = re.compile(
    rb"live[ _-]?mode"
    + _QUOTE
    + rb"\s*(?:[:=]>?|>|%3a|%3d)(?:[\s+]|%20)*"
    + _QUOTE
    + rb"\s*(?:true|1|yes|on|live)\b"
)
_ESCAPED = re.compile(rb"\\+u00([0-7][0-9a-f])")


def check_answer(body: bytes) -> None:
    """End the run when an answer says `livemode: true`.

    Other spellings of the key, text instead of a JSON truth value, JSON within a JSON string, escaped
    letters, a second key after a first one and UTF-16 are read as well.

    Raises:
        RefusedError: it does.
    """
    if b"\0" in body:
        body = body.replace(b"\0", b"")
    lower = body.lower()
    if b"\\u00" in lower:
        lower = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), lower).lower()
    if b"mode" in lower and b"live" in lower and _SAYS_LIVE.search(lower):
        raise RefusedError(LIVE_RULE, "an answer says livemode=true", ends_run=True)
