"""The seal of a final file: a hash of the file itself, so that a flipped bit in it is noticed.

The hash is taken over the file's bytes with the seal's own digits set to zero. It guards against
damage, not against somebody who rewrites the file and its seal; for that, sign the bundle.
"""

from __future__ import annotations

import hashlib
from typing import Any

from billing_canary.artifact.json_text import to_json

FIELD = "document_sha256"
_BLANK = "0" * 64


def sealed(document: dict[str, Any]) -> bytes:
    """`document` as JSON bytes with its seal as the first field."""
    blank = to_json({FIELD: _BLANK, **document})
    return _fill(blank, _BLANK, hashlib.sha256(blank).hexdigest())


def seal_holds(data: bytes, document: dict[str, Any]) -> bool:
    """Whether the bytes of a final file, read as `document`, are the ones that were sealed."""
    seal = document.get(FIELD)
    if not isinstance(seal, str) or len(seal) != len(_BLANK):
        return False
    return hashlib.sha256(_fill(data, seal, _BLANK)).hexdigest() == seal


def _fill(data: bytes, old: str, new: str) -> bytes:
    return data.replace(f'"{FIELD}": "{old}"'.encode(), f'"{FIELD}": "{new}"'.encode(), 1)
