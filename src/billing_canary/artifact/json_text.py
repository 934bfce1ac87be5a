"""How this program writes JSON: stable, readable, and without numbers that JSON does not have."""

from __future__ import annotations

import json
import re
from typing import Any

_HALF_PAIR = re.compile("[\ud800-\udfff]")


def to_json(document: Any) -> bytes:
    r"""`document` as UTF-8 with two spaces of indent and a final newline.

    Half of a surrogate pair is no character; it is written as the text \udXXX, since no strict reader
    takes it otherwise.

    Raises:
        ValueError: it holds NaN or an infinity.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{_HALF_PAIR.sub(_spelt, text)}\n".encode()


def _spelt(found: re.Match[str]) -> str:
    return rf"\\u{ord(found.group()):04x}"
